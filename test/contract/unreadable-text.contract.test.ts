import { describe, expect, it, onTestFinished } from 'vitest';
import { insidesOf } from '../../src/connect/create-world.ts';
import { smallExecution } from '../../src/flow/testing/contract/sample-execution.ts';
import { WorldStateStore } from '../../src/flow/world/world-state-store.ts';
import { createWorld } from '../../src/index.ts';
import { newRunId } from '../../src/testing/ids.ts';
import { anyRun } from '../support/any-run.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';

// JSON can say them, and a database that reads the JSON cannot keep what it reads.
const unreadable = { 'a NUL': 'a\u0000b', 'half an emoji': 'ab\ud83d' };

describe.each(storeNames)('on %s', (store) => {
  it.each(Object.entries(unreadable))('a flow that waits with %s in its fields is listed and found as one that waits', async (_, text) => {
    const world = createWorld({ env: await scratchDatabase(store), apart: true });
    onTestFinished(() => world.close());
    const { flows } = insidesOf(world);
    const [id, other] = [newRunId(), newRunId()];
    const attempt = { stepId: 'first', visit: 1, attempt: 1, deliveries: 1, status: 'waiting', startedAt: 1 } as const;
    const executions = new WorldStateStore(flows);
    const waitMetadata = { wakeAt: Date.now() + 3 * 86_400_000, reason: text };
    await executions.save(smallExecution({ id, status: 'waiting', waitMetadata, attempt: { ...attempt, input: text } }));
    await executions.save(smallExecution({ id: other, status: 'running', attempt: { ...attempt, status: 'started', input: text } }));

    const { operator } = await flows.open();
    const waiting = { runId: id, status: 'running', waiting: true };
    const running = { runId: other, status: 'running', waiting: false };
    const byId = (rows: readonly { readonly runId: string }[]) => rows.toSorted((a) => (a.runId === id ? -1 : 1));
    expect(byId(await operator.searchRuns(anyRun))).toMatchObject([waiting, running]);
    expect(byId((await operator.listChangedRuns({ since: 0, limit: 10, watched: 10 })).runs)).toMatchObject([waiting, running]);
    expect(await operator.searchRuns({ ...anyRun, status: 'waiting' })).toMatchObject([waiting]);
    expect(await operator.searchRuns({ ...anyRun, status: 'running' })).toMatchObject([running]);
    expect(await operator.findRun(id)).toMatchObject(waiting);
    expect((await executions.load(id))?.attempt?.input).toBe(text);
  });
});
