import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

// The examples import the package as its users do; here that is the sources.
vi.mock('pawl', () => import('../../src/index.ts'));
vi.mock('pawl/testing', () => import('../../src/flow/testing/harness.ts'));

const examples = {
  approval: () => import('./approval.js'),
  order: () => import('./order.js'),
  'fan-out': () => import('./fan-out.js'),
  nightly: () => import('./nightly.js'),
  webhook: () => import('./webhook.js'),
};
async function run(name: keyof typeof examples): Promise<unknown> {
  const { main } = (await examples[name]()) as { main(options: object): Promise<unknown> };
  const folder = await mkdtemp(join(tmpdir(), 'pawl-example-'));
  try {
    return await main({ log: () => {}, url: `sqlite:${join(folder, 'pawl.db')}` });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('the flow examples', () => {
  it('approval: a token, a refusal and a time limit', async () => {
    const result = await run('approval');
    expect(result).toEqual(['granted by Grace', 'refused by Grace', 'nobody answered']);
  });

  it('order: what was done is undone, whether the payment fails or the customer cancels', async () => {
    const result = await run('order');
    const { statuses, ledger } = result as { statuses: string[]; ledger: string[] };
    expect(statuses).toEqual(['completed', 'completed', 'cancelled']);
    const of = (order: string) => ledger.filter((line) => line.startsWith(order)).map((line) => line.slice(2));
    expect(of('A')).toEqual(['reserve', 'charge', 'ship']);
    expect(of('B')).toEqual(['reserve', 'release']);
    expect(of('C')).toEqual(['reserve', 'charge', 'refund', 'release']);
  });

  it('fan-out: a thousand items, each ended once', async () => {
    const result = await run('fan-out');
    expect(result).toEqual({ status: 'completed', output: { count: 1_000, bytes: 4_995_000 }, calls: 1_010 });
  });

  it('nightly: every night once, also when the clocks change', async () => {
    const result = await run('nightly');
    expect(result).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
      '2026-03-31T00:30:00.000Z',
    ]);
  });

  it('webhook: a signed request starts one execution, however often it arrives', async () => {
    const result = await run('webhook');
    expect(result).toEqual({ statuses: [202, 200, 401], output: 'booked 1250 EUR' });
  });
});
