import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { openStore } from '../../src/connect/open-store.ts';
import { readSettings } from '../../src/connect/settings.ts';
import { smallExecution } from '../../src/flow/testing/contract/sample-execution.ts';
import { WorldStateStore } from '../../src/flow/world/world-state-store.ts';
import type { FlowAct, ValueChange } from '../../src/world/flow-port.ts';
import type { Store } from '../../src/world/port.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';
import { flowWorld } from '../support/flow-world.ts';

it.each(storeNames)('keeps what is below a value on %s though the commit that added that one added thousands', async (name) => {
  const store = await openStore(readSettings(await scratchDatabase(name)), systemClock, silentLogger);
  onTestFinished(() => store.close());
  const many = Object.fromEntries(Array.from({ length: 2_500 }, (_, index) => [`key_${index}`, { index }]));
  const executions = new WorldStateStore(flowWorld(store, systemClock));
  await executions.save(smallExecution({ id: 'many', context: many }));
  const saved = await executions.load('many');

  const below = { kind: 'context', key: 'key_2400', path: 'later', value: 'true' } as const;
  const later = { ...saved?.context, key_2400: { index: 2_400, later: true } };
  const tail = new WorldStateStore(flowWorld(writingOnly(below, store), systemClock));
  await tail.save({ ...saved, context: later } as never);
  // As another process reads it, which has seen nothing of it yet.
  const found = await new WorldStateStore(flowWorld(store, systemClock)).load('many');
  expect(found?.context).toEqual(later);
});

/** A save writes everything anew; an Engine only what has changed, as this store does with one value. */
function writingOnly(value: ValueChange, store: Store): Store {
  const commit = (act: FlowAct) => {
    if (act.kind !== 'flowCommit') return store.flows.commit(act);
    const writes = act.writes.map((write) => ({
      ...write,
      replace: false,
      values: [value],
      history: [],
    }));
    return store.flows.commit({ ...act, writes });
  };
  return { ...store, flows: { ...store.flows, commit: commit as Store['flows']['commit'] } };
}
