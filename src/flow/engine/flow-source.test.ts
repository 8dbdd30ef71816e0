import { expect, it } from 'vitest';
import { createFakeClock } from '../../base/fake-clock.ts';
import { Engine } from '../engine.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { builtinHandlers } from '../handlers/builtin-handlers.ts';
import { driveDue } from '../local-worker.ts';
import { MemoryStateStore } from '../memory/memory-state-store.ts';
import type { FlowRegistry } from '../ports.ts';
import { buildFlow } from '../testing/build-flow.ts';
import type { Flow } from '../types.ts';

const clock = createFakeClock();
const leaf = (version: string) => buildFlow({ a: { type: 'log' } }, { id: 'leaf', version });

/** An engine on a registry of a user's, which has some flows and fetches others. */
function engineOn(flows: readonly Flow[], load: NonNullable<FlowRegistry['load']>): Engine {
  const own = createFlowRegistry(flows);
  return new Engine(new MemoryStateStore({ clock }), createHandlerRegistry(builtinHandlers()), { ...own, load }, { clock });
}

it('starts what a registry has, though it fetches only others', async () => {
  const asked: unknown[] = [];
  const engine = engineOn([leaf('1.0.0')], async (id, version) => {
    asked.push([id, version]);
    return id === 'leaf' ? undefined : buildFlow({ a: { type: 'log' } }, { id });
  });
  expect((await engine.create('leaf')).execution.flowVersion).toBe('1.0.0');
  expect((await engine.create('remote')).execution.flowId).toBe('remote');
  await engine.create('leaf', {}, { version: '1.0.0' });
  expect(asked).toEqual([
    ['leaf', undefined],
    ['remote', undefined],
  ]);
});

it.each([
  ['map', { flowId: 'leaf' }],
  ['parallel', { branches: { a: { flowId: 'leaf' }, b: { flowId: 'leaf' }, c: { flowId: 'leaf' } } }],
])('%s asks once for the flow of the children it starts together, which are of one version', async (type, config) => {
  let asked = 0;
  const parent = buildFlow({ fork: { type, config, input: type === 'map' ? { type: 'static', value: [1, 2, 3] } : { type: 'full' } } });
  const engine = engineOn([parent], async (id) => (id === 'leaf' ? leaf(`1.0.${asked++}`) : undefined));
  const versions: string[] = [];
  engine.on<{ flowId: string; flowVersion: string }>('execution:created', (created) => {
    if (created.flowId === 'leaf') versions.push(created.flowVersion);
  });
  const { execution } = await engine.create('flow');
  await engine.step(execution.id);
  expect([asked, versions]).toEqual([1, ['1.0.0', '1.0.0', '1.0.0']]);
  await driveDue(engine, clock).catch(() => undefined);
});
