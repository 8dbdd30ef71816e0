import { expect } from 'vitest';
import type { App } from '../support/app.ts';
import { until } from '../support/until.ts';
import type { Scenario } from './scenario.ts';

type Chunk = { readonly index: number; readonly text: string };

export function streamScenarios(scenario: Scenario): void {
  scenario('gives 500 chunks in order to a reader that is there from the start', async (app) => {
    const runId = await app.start('streams//writeChunks', 500);
    const live = app.worker.api.readStream(runId);
    await app.finish(runId);

    expect(await live).toEqual(chunks(0, 500));
  });

  scenario('gives all chunks to a reader that comes late', async (app) => {
    const { runId, value } = await app.complete('streams//writeChunks', 500);

    expect(value).toBe(500);
    expect(await app.worker.api.readStream(runId)).toEqual(chunks(0, 500));
    expect(await app.worker.api.streamTail(runId)).toBe(499);
  });

  scenario('reads a stream from any position, from its end too', async (app) => {
    const { runId } = await app.complete('streams//writeChunks', 100);
    const read = async (startIndex: number) => await app.worker.api.readStream(runId, { startIndex });

    expect(await read(0)).toEqual(chunks(0, 100));
    expect(await read(60)).toEqual(chunks(60, 100));
    expect(await read(99)).toEqual(chunks(99, 100));
    expect(await read(-10)).toEqual(chunks(90, 100));
    expect(await read(-1_000)).toEqual(chunks(0, 100));
    expect(await read(100)).toEqual([]);
  });

  scenario('gives a reader in another process every chunk, live', async (app) => {
    const gate = app.stage.newGate();
    const runId = await app.start('streams//writeInHalves', 200, gate);
    const reader = await app.producer.api.stream(runId);
    const first = await take(reader, 100);
    await app.stage.openGate(gate);
    const second = await take(reader, 100);

    expect(first).toEqual(chunks(0, 100));
    expect(second).toEqual(chunks(100, 200));
    expect((await reader.next()).done).toBe(true);
    await app.finish(runId);
  });

  scenario('gives a reader that starts beyond the tail what comes after', async (app) => {
    const gate = app.stage.newGate();
    const runId = await app.start('streams//writeInHalves', 20, gate);
    await untilAtGate(app, runId, gate);
    const beyond = app.worker.api.readStream(runId, { startIndex: 15 });
    const fromTheEnd = await app.worker.api.stream(runId, { startIndex: -3 });
    const tail = await take(fromTheEnd, 3);
    await app.stage.openGate(gate);
    await app.finish(runId);

    expect(tail).toEqual(chunks(7, 10));
    expect(await take(fromTheEnd, 10)).toEqual(chunks(10, 20));
    expect(await beyond).toEqual(chunks(15, 20));
  });

  scenario('keeps the chunks of steps that write at the same time, each in its own order', async (app) => {
    const runId = await app.start('streams//writeTogether', 5, 20);
    const readers = [app.worker, app.producer].map(async ({ api }) => await api.readStream(runId));
    await app.finish(runId);

    const [here, there] = (await Promise.all(readers)) as Chunk[][];
    expect(here).toHaveLength(100);
    expect(there).toEqual(here);
    for (let writer = 0; writer < 5; writer += 1) {
      const own = here?.filter(({ index }) => Math.floor(index / 20) === writer);
      expect(own).toEqual(chunks(writer * 20, writer * 20 + 20));
    }
  });

  scenario('keeps named streams of one run apart', async (app) => {
    const { runId } = await app.complete('streams//writeNamed');

    expect(await app.worker.api.readStream(runId, { namespace: 'log' })).toEqual(['one', 'two']);
    expect(await app.worker.api.readStream(runId, { namespace: 'audit' })).toEqual(['three']);
    expect(await app.worker.api.streams(runId)).toHaveLength(2);
  });

  scenario('keeps the bytes and the borders of binary chunks', async (app) => {
    const { runId } = await app.complete('streams//writeBytes');

    expect(await app.worker.api.readStream(runId)).toEqual([Uint8Array.of(0, 1, 255), Uint8Array.of(0)]);
  });
}

function chunks(from: number, to: number): Chunk[] {
  return Array.from({ length: to - from }, (_, offset) => ({
    index: from + offset,
    text: `chunk ${from + offset}`,
  }));
}

async function take(reader: AsyncGenerator, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  while (taken.length < count) {
    const { done, value } = await reader.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

async function untilAtGate(app: App, runId: string, gate: string): Promise<void> {
  await until('the step at the gate', async () => (await app.executions(runId)).find(({ note }) => note === gate));
}
