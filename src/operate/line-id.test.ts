import { expect, it } from 'vitest';
import { newLineId } from './line-id.ts';

it('lines of one millisecond sort as they were left, before those of the next', () => {
  const ids = [...Array.from({ length: 200 }, () => newLineId(1_700_000_000_000)), newLineId(1_700_000_000_001)];
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(201);
});
