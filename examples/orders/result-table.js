/** Renders rows of text as a table; numbers stand to the right. */
export function renderTable(columns, rows) {
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => row[at].length)));
  const cell = (text, at) => (columns[at].right ? text.padStart(widths[at]) : text.padEnd(widths[at]));
  const line = (cells) => `  ${cells.map(cell).join('  ')}`.trimEnd();
  const rule = `  ${widths.map((width) => '─'.repeat(width)).join('  ')}`;
  return [line(columns.map(({ title }) => title)), rule, ...rows.map(line)].join('\n');
}

/** What became of each order, as the World and the payment provider's ledger tell it. */
export function resultTable(results) {
  const columns = [
    { title: 'order' },
    { title: 'customer' },
    { title: 'total', right: true },
    { title: 'state' },
    { title: 'charged' },
    { title: 'attempts', right: true },
    { title: 'packed by' },
    { title: 'took', right: true },
  ];
  return renderTable(columns, results.map(resultRow));
}

function resultRow({ order, run, receipt, charges }) {
  const totalCents = order.lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0);
  return [
    order.id,
    order.customer,
    `${order.currency} ${(totalCents / 100).toFixed(2)}`,
    run.status,
    timesCharged(charges.length),
    String(receipt?.paymentAttempts ?? '–'),
    receipt?.packedBy ?? '–',
    run.completedAt ? `${((run.completedAt - run.createdAt) / 1000).toFixed(1)} s` : '–',
  ];
}

function timesCharged(count) {
  if (count === 0) return 'no';
  return count === 1 ? 'once' : `${count} times`;
}
