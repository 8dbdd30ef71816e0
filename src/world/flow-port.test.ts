import { expect, it } from 'vitest';
import { valuePosition } from './flow-port.ts';

it('puts what a commit adds after all that came before it, however much that was', () => {
  expect(valuePosition(1, 999_999)).toBeLessThan(valuePosition(2, 0));
  expect(Number.isSafeInteger(valuePosition(1_000_000_000, 999_999))).toBe(true);
});
