import { FatalError } from 'workflow';
import { collectPayment } from './collect-payment.ts';
import { formatMoney, type Order, type Receipt } from './order.ts';
import { report } from './progress.ts';
import { shipParcel } from './ship-parcel.ts';
import { reserveStock } from './stock.ts';

const creditLimitCents = 1_000_000;

/** Takes one order from the desk to the carrier. */
export async function fulfilOrder(order: Order): Promise<Receipt> {
  'use workflow';
  const totalCents = await checkOrder(order);
  await reserveStock(order);
  const payment = await collectPayment(order, totalCents);
  const { packedBy } = await shipParcel(order);
  return {
    orderId: order.id,
    totalCents,
    currency: order.currency,
    chargeId: payment.chargeId,
    paymentAttempts: payment.attempts,
    packedBy,
  };
}

async function checkOrder(order: Order): Promise<number> {
  'use step';
  const totalCents = order.lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0);
  if (totalCents > creditLimitCents) {
    const limit = formatMoney(creditLimitCents, order.currency);
    throw new FatalError(`Order ${order.id}: ${formatMoney(totalCents, order.currency)} is above the limit of ${limit}`);
  }
  await report('checked', `${order.customer}, ${formatMoney(totalCents, order.currency)}`);
  return totalCents;
}
