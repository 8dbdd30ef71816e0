import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBody, decodeLease, decodeName, encodeBody, encodeLease, encodeName, type WireLease } from './wire.ts';

describe('the body of a delivery', () => {
  it("keeps bytes wherever they are, in the form of the SDK's own queues", () => {
    const payload = { runInput: { input: new Uint8Array([0, 255]) }, list: [new Uint8Array()], text: 'a' };
    expect(JSON.parse(encodeBody(payload))).toMatchObject({ runInput: { input: { __type: 'Uint8Array', data: 'AP8=' } } });
    expect(decodeBody(encodeBody(payload))).toEqual(payload);
  });

  it('keeps the bytes of a Buffer', () => {
    expect(decodeBody(encodeBody({ input: Buffer.from([1, 2]) }))).toEqual({ input: new Uint8Array([1, 2]) });
  });

  it('writes instants as text, which the SDK reads as instants', () => {
    expect(decodeBody(encodeBody({ requestedAt: new Date(0) }))).toEqual({ requestedAt: '1970-01-01T00:00:00.000Z' });
  });

  it('takes no other object for bytes', () => {
    for (const value of [{ __type: 'Uint8Array' }, { __type: 'Uint8Array', data: 7 }, { __type: 'Map', data: 'AA==' }, null]) {
      expect(decodeBody(encodeBody({ value }))).toEqual({ value });
    }
  });
});

describe('the lease of a delivery', () => {
  it('fits into a header and comes back', () => {
    const wire: WireLease = {
      of: 'step',
      shard: 5,
      runId: 'größe 🎉',
      id: 'step_1',
      lease: { owner: 'wkr_1', epoch: 7 },
      inbox: ['msg_1'],
    };
    expect(encodeLease(wire)).toMatch(/^[\w-]+$/);
    expect(decodeLease(encodeLease(wire))).toEqual(wire);
  });
});

describe('a name in a header', () => {
  it('is ASCII, and comes back', () => {
    const names = string({ unit: 'grapheme' });
    assert(property(names, (name) => /^[\x20-\x7e]*$/.test(encodeName(name)) && decodeName(encodeName(name)) === name));
  });

  it('that another tool left as it is, is read as it is', () => {
    expect(decodeName('__wkf_step_a//b')).toBe('__wkf_step_a//b');
    expect(decodeName('100%')).toBe('100%');
  });
});
