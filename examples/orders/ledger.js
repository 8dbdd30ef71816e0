import { readFileSync } from 'node:fs';

/** The charges the payment provider has made, by order: what really happened to people's money. */
export function readCharges(file) {
  const byOrder = new Map();
  for (const line of readLines(file)) {
    const charge = JSON.parse(line);
    byOrder.set(charge.orderId, [...(byOrder.get(charge.orderId) ?? []), charge]);
  }
  return byOrder;
}

function readLines(file) {
  try {
    // A line without its end is being written at this moment.
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
