import { describe, expect, it } from 'vitest';
import { checkName } from './names.ts';

describe('a name', () => {
  it.each(['a', 'größe 🎉', 'step//./workflows/w//run', ' ', '../../etc/passwd', "'; drop table runs; --", 'x'.repeat(2_048)])(
    'may be %j',
    (name) => {
      expect(checkName('stepName', name, 'step_created')).toBe(name);
    },
  );

  it.each([
    ['missing', undefined, /stepName is required for "step_created"/],
    ['null', null, /required/],
    ['a number', 7, /required/],
    ['empty', '', /required/],
    ['an object', { toString: () => 'a' }, /required/],
    ['too long', 'x'.repeat(2_049), /stepName of "step_created" has 2049 characters; at most 2048/],
    ['with a NUL in it', 'a\0b', /NUL/],
    ['with half a letter in it', 'a\uD83C', /surrogate/],
  ])('that is %s is a 400 that says which and why', (_, name, message) => {
    expect(() => checkName('stepName', name, 'step_created')).toThrow(
      expect.objectContaining({ name: 'WorkflowWorldError', status: 400, message: expect.stringMatching(message) }),
    );
  });
});
