import { createHook, sleep } from 'workflow';
import type { Order } from './order.ts';
import { report, reportLast } from './progress.ts';

/** What the warehouse says when a parcel is packed. */
export interface Packed {
  readonly packedBy: string;
  readonly weightGrams: number;
}

/** Has an order packed, waits for the warehouse however long it takes, and gives it to the carrier. */
export async function shipParcel(order: Order): Promise<Packed> {
  'use workflow';
  using parcel = createHook<Packed>({ token: `parcel:${order.id}` });
  await askWarehouse();
  const packed = await parcel;
  // The van comes a moment later.
  await sleep('1s');
  await handToCarrier(packed);
  return packed;
}

async function askWarehouse(): Promise<void> {
  'use step';
  await report('packing', 'waiting for the warehouse');
}

async function handToCarrier(packed: Packed): Promise<void> {
  'use step';
  await reportLast('shipped', `packed by ${packed.packedBy}, ${packed.weightGrams} g, on its way`);
}
