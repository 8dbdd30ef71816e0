import { expect, it } from 'vitest';
import { smallExecution } from '../testing/contract/sample-execution.ts';
import { decodeExecution } from './decode-execution.ts';
import { encodeState } from './encode-execution.ts';

const context = (key: string, path: string, value: unknown) => ({ kind: 'context' as const, key, path, value: JSON.stringify(value) });
const decode = (...values: ReturnType<typeof context>[]) =>
  decodeExecution({ ...encodeState(smallExecution({ id: 'one' })), runId: 'one', cancelRequest: null, history: [], values }).context;

it('puts a value below the one it belongs into, also where that one comes later', () => {
  const whole = { order: { id: 1, items: [{ sku: 'a' }, { sku: 'b', sold: true }], payment: { paid: true } } };
  const rows = [
    context('order', 'items.1.sold', true),
    context('order', 'payment.paid', true),
    context('order', 'items.1', { sku: 'b' }),
    context('order', '', { id: 1, items: [{ sku: 'a' }] }),
  ];
  expect(decode(...rows)).toEqual(whole);
  expect(decode(...rows.toReversed())).toEqual(whole);
});

it('keeps keys in the order of their values', () => {
  expect(Object.keys(decode(context('a', 'b', 1), context('c', '', 2), context('b', 'x.y', 3)))).toEqual(['a', 'c', 'b']);
});
