import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { defineFlow, defineHandler, openEngine, Result } from '../../src/index.ts';
import { onCitus } from '../support/citus.ts';
import { asAdmin, dropSchema, newSchemaName } from '../support/postgres-schema.ts';

const length = 5;
const count = 100;
const width = 20;
const work = defineHandler({ type: 'work', execute: () => Result.success(1) });
const chain = defineFlow({
  id: 'chain',
  version: '1.0.0',
  initialStepId: 's0',
  steps: Object.fromEntries(
    Array.from({ length }, (_, at) => [
      `s${at}`,
      {
        type: 'work',
        input: { type: 'static', value: null } as const,
        outputKey: 'last',
        transitions: { onSuccess: at + 1 < length ? `s${at + 1}` : null },
      },
    ]),
  ),
});

// A server of a cluster counts for itself, and what a process of it keeps in a plan is its own affair.
it.skipIf(onCitus)('PostgreSQL finds what commits of flows change by key, however many rows there are', { timeout: 60_000 }, async () => {
  const url = inject('postgresUrl');
  // Made at the first call, of an empty table, and kept: what a server may come to by itself, or not.
  const generic = new URL(url);
  generic.searchParams.set('options', '-c plan_cache_mode=force_generic_plan');
  const schema = newSchemaName();
  onTestFinished(() => dropSchema(url, schema));
  const engine = await openEngine({
    handlers: [work],
    flows: [chain],
    env: { WORKFLOW_PAWL_URL: generic.href, WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' },
  });
  await engine.start();
  const inLane = async () => {
    for (let i = 0; i < count / width; i++) await engine.waitFor((await engine.create('chain', {})).execution.id);
  };
  await Promise.all(Array.from({ length: width }, inLane));
  // What a connection read is counted when it ends.
  await engine.close();

  const steps = count * length;
  await vi.waitUntil(async () => (await counted('steps')).written >= 2 * steps, { timeout: 20_000, interval: 200 });
  for (const table of ['steps', 'executions', 'execution_values']) {
    const { read, written } = await counted(table);
    console.log(`${table}: ${(read / written).toFixed(1)} rows read for each of ${written} written`);
    expect(read / written, table).toBeLessThan(6);
  }

  async function counted(table: string): Promise<{ readonly read: number; readonly written: number }> {
    const [row] = await asAdmin<{ read: number; written: number }>(
      url,
      `select (select sum(idx_tup_read)::int from pg_stat_user_indexes i where i.relid = t.relid) + coalesce(seq_tup_read, 0)::int as read,
         (n_tup_ins + n_tup_upd + n_tup_del)::int as written
       from pg_stat_user_tables t
       where schemaname = '${schema}' and relname = '${table}'`,
    );
    return row ?? { read: 0, written: 0 };
  }
});
