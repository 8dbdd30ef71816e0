import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSandbox } from './sandbox.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

const sandbox = createSandbox({ timeLimitMs: 3_000, memoryLimitMb: 64 });
afterAll(() => sandbox.close());
const now = Date.UTC(2026, 0, 1);

describe('expressions', () => {
  it('evaluates JSONata over JSON data', async () => {
    expect(await sandbox.evaluate('$sum(items.price)', { items: [{ price: 2 }, { price: 3 }] }, now)).toBe(5);
    expect(await sandbox.evaluate('nothing', {}, now)).toBeUndefined();
  });

  it('sees the time of the clock it is given', async () => {
    expect(await sandbox.evaluate('$now()', {}, now)).toBe('2026-01-01T00:00:00.000Z');
  });

  it.each([
    ['an endless recursion', '($f := function($n) { $f($n + 1) + 1 }; $f(1))'],
    ['an endless tail call', '($f := function($n) { $f($n + 1) }; $f(1))'],
    ['a catastrophic pattern', '$contains(text, /^(a+)+$/)'],
    ['a result that explodes', '($f := function($s) { $f($s & $s) }; $f("aaaaaaaa"))'],
    ['a branch without end beside one that fails', '{ "a": $error("no"), "b": ($f := function($n) { $f($n + 1) }; $f(1)) }'],
    ['an unknown function', '$readFile("/etc/passwd")'],
    ['broken syntax', 'items['],
  ])('ends %s with an error of its own', async (_name, expression) => {
    const data = { text: `${'a'.repeat(40)}!` };
    await expect(sandbox.evaluate(expression, data, now)).rejects.toMatchObject({ code: 'INPUT_RESOLUTION_ERROR' });
    expect(await sandbox.evaluate('1 + 1', {}, now)).toBe(2);
  });

  it('serves many callers with a few workers', async () => {
    const sums = Array.from({ length: 50 }, (_, n) => sandbox.evaluate('n + 1', { n }, now));
    expect(await Promise.all(sums)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });

  it('goes on with another worker when an idle one has died', async () => {
    const started: Worker[] = [];
    const note = (worker: Worker) => started.push(worker);
    process.on('worker', note);
    const mortal = createSandbox({ timeLimitMs: 3_000, workers: 1 });
    onTestFinished(async () => {
      process.off('worker', note);
      await mortal.close();
    });
    await mortal.evaluate('1', {}, now);
    await started[0]?.terminate();
    expect(await mortal.evaluate('1 + 1', {}, now)).toBe(2);
    expect(started).toHaveLength(2);
  });
});

describe('schemas', () => {
  const schema = { type: 'object', required: ['email'], properties: { email: { type: 'string', format: 'email' } } };

  it('says what does not fit, and where', async () => {
    expect(await sandbox.validate(schema, { email: 'ada@example.com' })).toEqual([]);
    expect(await sandbox.validate(schema, { email: 'ada' })).toMatchObject([{ pointer: '/email' }]);
  });

  it('refuses one that would answer later, and harms nothing else', async () => {
    const later = { $async: true, type: 'object', required: ['amount'] };
    await expect(sandbox.validate(later, {})).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(/\$async/) });
    expect(await sandbox.validate(schema, { email: 'ada@example.com' })).toEqual([]);
  });

  it('gives up on a catastrophic pattern', async () => {
    const hostile = { type: 'string', pattern: '^(a+)+$' };
    await expect(sandbox.validate(hostile, `${'a'.repeat(40)}!`)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
