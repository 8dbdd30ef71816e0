import { describe, expect } from 'vitest';
import type { World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { runningRun } from '../arrange.ts';
import { deferred } from '../deferred.ts';
import { newRunId, newStreamName } from '../ids.ts';
import { countingBytes } from '../payload.ts';
import { readChunks, texts } from '../stream-reading.ts';
import type { Contract } from './contract.ts';

export function streamWrites(contract: Contract): void {
  describe('writing streams', () => {
    describe('chunks', () => {
      chunkPolicies(contract);
    });
    describe('the end of a stream', () => {
      closePolicies(contract);
    });
    describe('several at once', () => {
      batchPolicies(contract);
    });
    describe('whose stream it is', () => {
      ownerPolicies(contract);
    });
  });
}

function chunkPolicies({ policy }: Contract): void {
  policy('texts are stored as UTF-8', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    await world.writeToStream(name, runId, 'größe 日本 🪝');
    await world.closeStream(name, runId);
    expect(await readWhole(world, name)).toEqual([new TextEncoder().encode('größe 日本 🪝')]);
  });

  policy('chunks are neither split nor merged', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const chunks = [1, 2, 255, 65_537, 1_048_576, 3].map((length, index) => countingBytes(length, index));
    for (const chunk of chunks) await world.writeToStream(name, runId, chunk);
    await world.closeStream(name, runId);
    const read = await readWhole(world, name);
    expect(read.map((chunk) => chunk.length)).toEqual(chunks.map((chunk) => chunk.length));
    for (const [index, chunk] of read.entries()) expect(Buffer.compare(chunk, chunks[index] as Uint8Array)).toBe(0);
  });

  policy('a chunk that is a window on a larger buffer is stored as the window', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    await world.writeToStream(name, runId, countingBytes(1_000).subarray(500, 510));
    await world.closeStream(name, runId);
    expect(await readWhole(world, name)).toEqual([countingBytes(10, 500)]);
  });

  policy('what the writer does to its buffer afterwards does not change the chunk', async ({ world }) => {
    const [name, runId, buffer] = [newStreamName(), newRunId(), countingBytes(10)];
    const live = readChunks(await world.readFromStream(name));
    await world.writeToStream(name, runId, buffer);
    buffer.fill(0);
    expect(await live.take(1)).toEqual([countingBytes(10)]);
    await world.closeStream(name, runId);
    expect(await readWhole(world, name)).toEqual([countingBytes(10)]);
  });

  policy('an empty chunk has an index but is not delivered', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    for (const text of ['a', '', 'b']) await world.writeToStream(name, runId, text);
    await world.closeStream(name, runId);
    expect(texts(await readWhole(world, name))).toEqual(['a', 'b']);
    expect(texts(await readWhole(world, name, 2))).toEqual(['b']);
    expect((await world.getStreamInfo(name, runId)).tailIndex).toBe(2);
    const { data } = await world.getStreamChunks(name, runId);
    expect(data.map((chunk) => [chunk.index, chunk.data.length])).toEqual([
      [0, 1],
      [1, 0],
      [2, 1],
    ]);
  });

  policy('writes of one writer that does not wait keep their order', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const expected = Array.from({ length: 50 }, (_, index) => `chunk ${index}`);
    await Promise.all(expected.map((text) => world.writeToStream(name, runId, text)));
    await world.closeStream(name, runId);
    expect(texts(await readWhole(world, name))).toEqual(expected);
  });

  policy('a stream may have any name', async ({ world }) => {
    const runId = newRunId();
    const names = [
      'größe/日本 🪝',
      `${newStreamName()}_bmFtZXNwYWNl`,
      '__health_check__abc',
      '__proto__',
      `'; drop table streams; --`,
      'x'.repeat(500),
    ];
    for (const name of names) {
      await world.writeToStream(name, runId, name);
      await world.closeStream(name, runId);
    }
    for (const name of names) expect(texts(await readWhole(world, name))).toEqual([name]);
    expect((await world.listStreamsByRunId(runId)).toSorted()).toEqual(names.toSorted());
  });
}

function closePolicies({ policy }: Contract): void {
  policy('a write after the end is ignored', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    await world.writeToStream(name, runId, 'a');
    await world.closeStream(name, runId);
    await world.writeToStream(name, runId, 'late');
    await world.writeToStreamMulti?.(name, runId, ['late', 'too']);
    expect(texts(await readWhole(world, name))).toEqual(['a']);
    expect(await world.getStreamInfo(name, runId)).toEqual({ tailIndex: 0, done: true });
    expect((await world.getStreamChunks(name, runId)).data).toHaveLength(1);
  });

  policy('a stream may be closed twice', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    await world.writeToStream(name, runId, 'a');
    await world.closeStream(name, runId);
    await world.closeStream(name, runId);
    expect(texts(await readWhole(world, name))).toEqual(['a']);
  });

  policy('a stream that was closed without a chunk is empty, closed and listed', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    await world.closeStream(name, runId);
    expect(await readWhole(world, name)).toEqual([]);
    expect(await world.getStreamInfo(name, runId)).toEqual({ tailIndex: -1, done: true });
    expect(await world.getStreamChunks(name, runId)).toEqual({ data: [], cursor: null, hasMore: false, done: true });
    expect(await world.listStreamsByRunId(runId)).toEqual([name]);
  });

  // The last writes of a step may be flushed after its run has completed.
  policy('a stream stays open when its run ends', async ({ world }) => {
    const [name, runId] = [newStreamName(), await runningRun(world)];
    await world.writeToStream(name, runId, 'before');
    await world.events.create(runId, build.runCompleted());
    expect((await world.getStreamInfo(name, runId)).done).toBe(false);
    await world.writeToStream(name, runId, 'after');
    await world.closeStream(name, runId);
    expect(texts(await readWhole(world, name))).toEqual(['before', 'after']);
  });
}

function batchPolicies({ policy }: Contract): void {
  policy('several chunks may be written at once, in order and next to each other', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const batches = Array.from({ length: 20 }, (_, batch) => Array.from({ length: 5 }, (__, index) => `${batch}.${index}`));
    await Promise.all(batches.map((batch) => writeMany(world, name, runId, batch)));
    await world.closeStream(name, runId);
    const read = texts(await readWhole(world, name));
    const inTheOrderTheyCame = Array.from({ length: 20 }, (_, place) => read.slice(place * 5, place * 5 + 5));
    const firstFirst = (one: string[], other: string[]) => String(one[0]).localeCompare(String(other[0]));
    expect(inTheOrderTheyCame.toSorted(firstFirst)).toEqual(batches.toSorted(firstFirst));
  });

  policy('writing no chunks at once changes nothing', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    await writeMany(world, name, runId, []);
    expect(await world.getStreamInfo(name, runId)).toEqual({ tailIndex: -1, done: false });
  });

  policy('texts and bytes may be mixed in one write', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    await writeMany(world, name, runId, ['a', countingBytes(2), 'b']);
    await world.closeStream(name, runId);
    expect(await readWhole(world, name)).toEqual([new TextEncoder().encode('a'), countingBytes(2), new TextEncoder().encode('b')]);
  });

  policy('of two hundred writers at once every chunk arrives, once and in the stored order', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const live = readChunks(await world.readFromStream(name));
    const writers = Array.from({ length: 200 }, async (_, writer) => {
      for (const turn of [0, 1, 2]) await world.writeToStream(name, runId, `${writer}:${turn}`);
    });
    await Promise.all(writers);
    await world.closeStream(name, runId);
    const [arrived, stored] = [texts(await live.rest()), texts(await readWhole(world, name))];
    expect(arrived).toHaveLength(600);
    expect(arrived).toEqual(stored);
    for (let writer = 0; writer < 200; writer += 1) {
      const own = arrived.filter((text) => text.startsWith(`${writer}:`));
      expect(own).toEqual([`${writer}:0`, `${writer}:1`, `${writer}:2`]);
    }
  });
}

function ownerPolicies({ policy }: Contract): void {
  policy('the run of a stream need not exist nor have an id of the usual form', async ({ world }) => {
    const [name, runId] = [newStreamName(), 'no-such-run'];
    await world.writeToStream(name, runId, 'x');
    expect(await world.listStreamsByRunId(runId)).toEqual([name]);
  });

  policy('a stream is one and the same for whoever names it', async ({ world }) => {
    const [name, first, second] = [newStreamName(), newRunId(), newRunId()];
    await world.writeToStream(name, first, 'a');
    await world.writeToStream(name, second, 'b');
    await world.closeStream(name, second);
    expect(texts(await readWhole(world, name))).toEqual(['a', 'b']);
    expect((await world.getStreamInfo(name, second)).tailIndex).toBe(1);
    expect((await world.getStreamInfo(name, first)).done).toBe(true);
  });

  policy('the run id may still be on its way', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const onItsWay = Promise.resolve(runId) as unknown as string;
    await world.writeToStream(name, onItsWay, 'a');
    await world.writeToStreamMulti?.(name, onItsWay, ['b']);
    await world.closeStream(name, onItsWay);
    expect(await readWhole(world, name)).toHaveLength(world.writeToStreamMulti ? 2 : 1);
    expect(await world.listStreamsByRunId(runId)).toEqual([name]);
  });

  policy('a chunk keeps its place while its run id is on its way', async ({ world }) => {
    const [name, runId, late] = [newStreamName(), newRunId(), deferred<string>()];
    const first = world.writeToStream(name, late.promise as unknown as string, 'first');
    const second = world.writeToStream(name, runId, 'second');
    const closing = world.closeStream(name, runId);
    late.resolve(runId);
    await Promise.all([first, second, closing]);
    expect(texts(await readWhole(world, name))).toEqual(['first', 'second']);
  });

  policy('a run id that fails to come fails the write and writes nothing', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const failing = Promise.reject(new Error('no run'));
    await expect(world.writeToStream(name, failing as unknown as string, 'x')).rejects.toThrow('no run');
    await world.writeToStream(name, runId, 'y');
    await world.closeStream(name, runId);
    expect(texts(await readWhole(world, name))).toEqual(['y']);
  });
}

async function readWhole(world: World, name: string, startIndex?: number): Promise<Uint8Array[]> {
  return readChunks(await world.readFromStream(name, startIndex)).rest();
}

async function writeMany(world: World, name: string, runId: string, chunks: (string | Uint8Array)[]): Promise<void> {
  if (world.writeToStreamMulti) return world.writeToStreamMulti(name, runId, chunks);
  for (const chunk of chunks) await world.writeToStream(name, runId, chunk);
}
