import { describe, expect, it } from 'vitest';
import type { Firing } from '../api/types.ts';
import { expectStarted } from './expect-started.ts';

const firing: Firing = { firedAt: '2026-11-22T05:00:00.000Z', scheduledFor: null, runId: 'wrun_1', duplicate: false, error: null };

describe('a trigger that is fired by hand', () => {
  it('has started a run', () => {
    expect(() => expectStarted(firing)).not.toThrow();
  });

  it('is a problem when nothing started, in the words of the server', () => {
    const refused = { ...firing, runId: null, error: { code: 'INVALID_INPUT', message: 'The input needs a customer.' } };
    expect(() => expectStarted(refused)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: 'The input needs a customer.' }),
    );
    expect(() => expectStarted({ ...firing, runId: null })).toThrow('The trigger fired, but it started nothing.');
  });
});
