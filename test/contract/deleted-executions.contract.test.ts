import { expect, it, onTestFinished } from 'vitest';
import { insidesOf } from '../../src/connect/create-world.ts';
import { smallExecution } from '../../src/flow/testing/contract/sample-execution.ts';
import { WorldStateStore } from '../../src/flow/world/world-state-store.ts';
import { createWorld } from '../../src/index.ts';
import { newRunId, newStreamName } from '../../src/testing/ids.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';

it.each(storeNames)('an execution that is deleted on %s takes its streams with it, whatever their names', async (name) => {
  const world = createWorld({ env: await scratchDatabase(name), apart: true });
  onTestFinished(() => world.close());
  const { flows } = insidesOf(world);
  const executions = new WorldStateStore(flows);
  const store = await flows.open();
  const [deleted, kept] = [newRunId(), newRunId()];
  const streams = (id: string) => [`strm_${id.replace('wrun_', '')}_progress`, newStreamName(), `log of ${id}`];
  const [ofDeleted, ofKept] = [streams(deleted), streams(kept)];
  for (const id of [deleted, kept]) await executions.save(smallExecution({ id }));
  for (const stream of ofDeleted) await world.writeToStream(stream, deleted, 'half');
  for (const stream of ofKept) await world.writeToStream(stream, kept, 'half');

  await executions.delete(deleted);
  expect(await executions.load(deleted)).toBeNull();
  for (const stream of ofDeleted) {
    expect(await store.getStream(stream)).toBeUndefined();
    expect(await store.readChunks(stream, 0, 10)).toEqual([]);
  }
  for (const stream of ofKept) expect(await store.readChunks(stream, 0, 10)).toHaveLength(1);
});
