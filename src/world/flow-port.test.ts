import { expect, it } from 'vitest';
import { valuePosition } from './flow-port.ts';

it('puts what a commit adds after what came before it, as workers of older releases do on the same database', () => {
  expect(valuePosition(1, 999)).toBeLessThan(valuePosition(2, 0));
  expect(valuePosition(6, 7)).toBe(6_007);
  expect(Number.isSafeInteger(valuePosition(1_000_000_000, 999_999))).toBe(true);
});
