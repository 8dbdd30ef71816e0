import { parse } from 'devalue';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frame, stringifyJson, unframe } from './frame.ts';

it('writes JSON so that devalue, and with it the SDK, reads the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
      const text = JSON.stringify(value);
      // Never in what flows keep, and refused by devalue.
      fc.pre(!text.includes('__proto__'));
      const json: unknown = JSON.parse(text);
      expect(parse(stringifyJson(json))).toEqual(json);
      expect(unframe(frame(json))).toEqual(json);
    }),
  );
});

it('writes what is not there', () => {
  expect(unframe(frame(undefined))).toBeUndefined();
  expect(parse(stringifyJson({ reason: undefined, stepId: 'a' }))).toEqual({ reason: undefined, stepId: 'a' });
});
