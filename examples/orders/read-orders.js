import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

const maxOrders = 1000;

/**
 * Reads a file of orders and answers for every order in it, or throws an OrdersFileError that
 * names each order and the rule it breaks.
 */
export async function readOrders(path) {
  const orders = parse(path, await read(path));
  const problems = [...problemsOfFile(orders), ...orders.flatMap((order, index) => problemsOf(order, index, orders))];
  if (problems.length > 0) throw new OrdersFileError(path, problems);
  return orders;
}

export class OrdersFileError extends Error {
  name = 'OrdersFileError';
  code = 'ORDERS_FILE_INVALID';

  constructor(path, problems, options) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    const shown = problems.slice(0, 20).map((problem) => `  - ${problem}`);
    if (problems.length > shown.length) shown.push(`  … and ${problems.length - shown.length} more`);
    const example = 'See examples/orders/orders.json for a file that works.';
    super(`${basename(path)} cannot be used (${count}):\n${shown.join('\n')}\n${example}`, options);
  }
}

async function read(path) {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new OrdersFileError(path, [`${path}: ${why}`], { cause });
  }
}

function parse(path, text) {
  let content;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new OrdersFileError(path, [`it is not JSON: ${cause.message}`], { cause });
  }
  const orders = Array.isArray(content) ? content : content?.orders;
  if (!Array.isArray(orders)) throw new OrdersFileError(path, ['it must hold a list of orders: [ { "id": … }, … ]']);
  return orders;
}

function problemsOfFile(orders) {
  if (orders.length === 0) return ['it must hold at least one order'];
  if (orders.length > maxOrders) return [`it must hold at most ${maxOrders} orders, not ${orders.length}`];
  return [];
}

function problemsOf(order, index, orders) {
  if (!isRecord(order)) return [`order number ${index + 1}: must be an object, not ${show(order)}`];
  const found = [];
  const rule = (holds, text) => {
    if (!holds) found.push(`order ${show(order.id)} (number ${index + 1}): ${text}`);
  };

  rule(isText(order.id, /^[A-Za-z0-9._-]{1,64}$/), 'id must be 1 to 64 letters, digits, ".", "_" or "-"');
  const first = orders.findIndex((other) => other?.id === order.id);
  rule(first === index, `id must be unique, and order number ${first + 1} has it too`);
  rule(isText(order.customer, /\S/), `customer must be a name, not ${show(order.customer)}`);
  rule(isText(order.currency, /^[A-Z]{3}$/), `currency must be three capital letters like "EUR", not ${show(order.currency)}`);

  const lines = Array.isArray(order.lines) ? order.lines : [];
  rule(lines.length > 0, 'lines must be a list of at least one line');
  for (const [at, line] of lines.entries()) {
    rule(isText(line?.sku, /\S/), `lines[${at}].sku must be the name of an article, not ${show(line?.sku)}`);
    rule(isWhole(line?.quantity, 1, 999), `lines[${at}].quantity must be a whole number from 1 to 999, not ${show(line?.quantity)}`);
    rule(
      isWhole(line?.priceCents, 1, 100_000_000),
      `lines[${at}].priceCents must be a whole number of cents from 1 to 100000000, not ${show(line?.priceCents)}`,
    );
  }
  return found;
}

function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value, pattern) {
  return typeof value === 'string' && pattern.test(value);
}

function isWhole(value, min, max) {
  return Number.isInteger(value) && value >= min && value <= max;
}

function show(value) {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
