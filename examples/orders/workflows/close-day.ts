import { formatMoney, type Receipt } from './order.ts';

type Sum = Pick<Receipt, 'currency' | 'totalCents'>;

/** Called by the flow `close-day`. Adds up the day, one step per currency, all at once. */
export async function closeDay(receipts: readonly Sum[]): Promise<string> {
  'use workflow';
  const currencies = [...new Set(receipts.map((receipt) => receipt.currency))];
  const sums = await Promise.all(
    currencies.map((currency) =>
      sumUp(
        currency,
        receipts.filter((receipt) => receipt.currency === currency),
      ),
    ),
  );
  return sums.join(' + ');
}

async function sumUp(currency: string, receipts: readonly Sum[]): Promise<string> {
  'use step';
  return formatMoney(
    receipts.reduce((sum, receipt) => sum + receipt.totalCents, 0),
    currency,
  );
}
