import { expect, it } from 'vitest';
import { createStamp } from './stamp.ts';

it('notes something on an object that nothing else sees', () => {
  const stamp = createStamp<number>();
  const object = { a: 1 };
  stamp.put(object, 7);
  expect(stamp.of(Object.freeze(object))).toBe(7);
  expect(Reflect.ownKeys(object)).toEqual(['a']);
  expect(stamp.of({ ...object })).toBeUndefined();
  expect(stamp.of(structuredClone(object))).toBeUndefined();
  expect(createStamp<number>().of(object)).toBeUndefined();
});
