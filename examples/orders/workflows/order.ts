/** An order as it stands in the orders file. Money is in whole cents. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
}

export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
  readonly priceCents: number;
}

/** What an order has become when it is done; the run's return value. */
export interface Receipt {
  readonly orderId: string;
  readonly totalCents: number;
  readonly currency: string;
  readonly chargeId: string;
  readonly paymentAttempts: number;
  readonly packedBy: string;
}

export function formatMoney(cents: number, currency: string): string {
  return `${currency} ${(cents / 100).toFixed(2)}`;
}
