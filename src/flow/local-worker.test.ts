import { expect, it, onTestFinished, vi } from 'vitest';
import { Engine } from './engine.ts';
import { createFlowRegistry } from './flow-registry.ts';
import { createHandlerRegistry } from './handler-registry.ts';
import { startLocalWorker } from './local-worker.ts';
import { MemoryStateStore } from './memory/memory-state-store.ts';
import { Result } from './result.ts';
import { buildFlow } from './testing/build-flow.ts';
import { spy } from './testing/handlers.ts';

it('looks again after its store was away', async () => {
  const store = new MemoryStateStore();
  const engine = new Engine(store, createHandlerRegistry([spy('a', Result.success())]), createFlowRegistry([buildFlow({ a: {} })]));
  const away = vi.spyOn(store.index, 'due').mockRejectedValueOnce(new Error('away'));
  const worker = startLocalWorker(engine, { pollMs: 5 });
  onTestFinished(() => worker.stop());
  await vi.waitUntil(() => away.mock.calls.length > 0);
  const { execution } = await engine.create('flow');
  expect(await engine.waitFor(execution.id)).toMatchObject({ status: 'completed' });
});
