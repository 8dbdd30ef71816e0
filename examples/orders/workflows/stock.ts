import { FatalError, getStepMetadata } from 'workflow';
import { entriesOf, recordOnce } from './outside-world.ts';
import type { Order } from './order.ts';
import { report } from './progress.ts';

interface Reservation {
  readonly orderId: string;
  readonly pieces: Readonly<Record<string, number>>;
}

/** What lies on the shelves at the start of the day. What is not listed is made to order. */
const shelves: Readonly<Record<string, number>> = {
  'MUG-BLUE': 60,
  'MUG-WHITE': 60,
  'TEA-EARL': 80,
  'TEA-GREEN': 80,
  'POT-CAST': 12,
  'SPOON-SET': 40,
};

/** Sets the pieces of an order aside; an order that asks for more than there is fails for good. */
export async function reserveStock(order: Order): Promise<void> {
  'use step';
  const { stepId } = getStepMetadata();
  const pieces: Record<string, number> = {};
  for (const { sku, quantity } of order.lines) pieces[sku] = (pieces[sku] ?? 0) + quantity;

  const missing = Object.keys(pieces).find((sku) => (pieces[sku] ?? 0) > onHand(sku, order.id));
  if (missing) throw new FatalError(`Order ${order.id}: not enough of ${missing} in stock`);

  recordOnce<Reservation>('reservations.jsonl', stepId, () => ({ orderId: order.id, pieces }));
  await report(
    'reserved',
    `set aside: ${Object.entries(pieces)
      .map(([sku, count]) => `${count} × ${sku}`)
      .join(', ')}`,
  );
}

function onHand(sku: string, forOrder: string): number {
  const start = shelves[sku];
  if (start === undefined) return Infinity;
  const others = entriesOf<Reservation>('reservations.jsonl').filter((entry) => entry.orderId !== forOrder);
  return others.reduce((left, entry) => left - (entry.pieces[sku] ?? 0), start);
}
