import { getStepMetadata, RetryableError } from 'workflow';
import { formatMoney, type Order } from './order.ts';
import { latency, recordOnce } from './outside-world.ts';
import { report } from './progress.ts';

export interface Payment {
  readonly chargeId: string;
  readonly attempts: number;
}

interface Charge {
  readonly orderId: string;
  readonly amountCents: number;
  readonly currency: string;
}

/** Takes the money for an order, once, however often it has to ask. */
export async function collectPayment(order: Order, totalCents: number): Promise<Payment> {
  'use workflow';
  return await chargeCard(order, totalCents);
}

async function chargeCard(order: Order, totalCents: number): Promise<Payment> {
  'use step';
  const { stepId, attempt } = getStepMetadata();
  await latency(120);
  if (attempt === 1 && isBusyFor(order.id)) {
    await report('retrying', 'the payment provider is busy, trying again');
    throw new RetryableError(`Order ${order.id}: the payment provider is busy`, { retryAfter: 600 });
  }

  // The step id is the same in every attempt, also in another process after a crash: a provider
  // that honours idempotency keys charges once.
  const amount = { orderId: order.id, amountCents: totalCents, currency: order.currency };
  const { known } = recordOnce<Charge>('charges.jsonl', stepId, () => amount);
  // The money has moved and this step does not know it yet: the moment a crash hurts most.
  await latency(180);

  const again = known ? ', which the provider had already done' : '';
  await report('paid', `charged ${formatMoney(totalCents, order.currency)} in attempt ${attempt}${again}`);
  return { chargeId: `ch_${stepId.slice(-10)}`, attempts: attempt };
}

/** About a third of the orders meet a busy provider, always the same ones. */
function isBusyFor(orderId: string): boolean {
  return Array.from(orderId).reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 3 === 0;
}
