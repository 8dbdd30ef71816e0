import { describe, expect } from 'vitest';
import type { World } from '@workflow/world';
import { badRequest, expectError } from '../expect-error.ts';
import { newRunId, newStreamName } from '../ids.ts';
import { readChunks, texts } from '../stream-reading.ts';
import type { Contract } from './contract.ts';

export function streamReads(contract: Contract): void {
  describe('reading streams', () => {
    describe('live', () => {
      livePolicies(contract);
    });
    describe('where to begin', () => {
      startIndexPolicies(contract);
    });
    describe('readers', () => {
      readerPolicies(contract);
    });
    describe('getStreamChunks', () => {
      chunkPagePolicies(contract);
    });
    describe('getStreamInfo and listStreamsByRunId', () => {
      infoPolicies(contract);
    });
  });
}

function livePolicies({ policy }: Contract): void {
  policy('a reader gets what is there and then what comes, up to the end', async ({ world }) => {
    const [name, runId] = await streamOf(world, 2);
    const reader = readChunks(await world.readFromStream(name));
    expect(texts(await reader.take(2))).toEqual(['0', '1']);
    await world.writeToStream(name, runId, '2');
    expect(texts(await reader.take(1))).toEqual(['2']);
    await world.writeToStream(name, runId, '3');
    await world.closeStream(name, runId);
    expect(texts(await reader.rest())).toEqual(['3']);
  });

  policy('a reader may come before the first chunk', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const reader = readChunks(await world.readFromStream(name));
    const first = reader.take(1);
    await world.writeToStream(name, runId, 'at last');
    expect(texts(await first)).toEqual(['at last']);
  });

  policy('a reader may come before a stream that is closed without a chunk', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const all = readChunks(await world.readFromStream(name)).rest();
    await world.closeStream(name, runId);
    expect(await all).toEqual([]);
  });

  policy('every reader gets everything', async ({ world }) => {
    const [name, runId] = await streamOf(world, 1);
    const readers = await Promise.all([0, 1, 2].map(async () => readChunks(await world.readFromStream(name))));
    await world.writeToStream(name, runId, '1');
    await world.closeStream(name, runId);
    for (const reader of readers) expect(texts(await reader.rest())).toEqual(['0', '1']);
  });

  policy('a slow reader misses nothing', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const reader = readChunks(await world.readFromStream(name));
    const expected = Array.from({ length: 500 }, (_, index) => `chunk ${index}`);
    for (const text of expected.slice(0, 250)) await world.writeToStream(name, runId, text);
    expect(texts(await reader.take(100))).toEqual(expected.slice(0, 100));
    for (const text of expected.slice(250)) await world.writeToStream(name, runId, text);
    await world.closeStream(name, runId);
    expect(texts(await reader.rest())).toEqual(expected.slice(100));
  });

  policy('a reader that comes in the middle of the writing misses and repeats nothing', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const expected = Array.from({ length: 200 }, (_, index) => String(index));
    const writing = (async () => {
      for (const text of expected) await world.writeToStream(name, runId, text);
      await world.closeStream(name, runId);
    })();
    const readers: Promise<Uint8Array[]>[] = [];
    for (let index = 0; index < 10; index += 1) readers.push(readChunks(await world.readFromStream(name)).rest());
    await writing;
    for (const all of await Promise.all(readers)) expect(texts(all)).toEqual(expected);
  });

  policy('streams do not mix', async ({ world }) => {
    const [first, second] = [newStreamName(), newStreamName()];
    const readers = [readChunks(await world.readFromStream(first)), readChunks(await world.readFromStream(second))];
    const runId = newRunId();
    for (const name of [first, second, first]) await world.writeToStream(name, runId, name);
    for (const name of [first, second]) await world.closeStream(name, runId);
    expect(await Promise.all(readers.map(async (reader) => texts(await reader.rest())))).toEqual([[first, first], [second]]);
  });
}

function startIndexPolicies({ policy }: Contract): void {
  for (const [startIndex, expected] of [
    [undefined, ['0', '1', '2', '3', '4']],
    [0, ['0', '1', '2', '3', '4']],
    [2, ['2', '3', '4']],
    [4, ['4']],
    [5, []],
    [50, []],
    [-1, ['4']],
    [-3, ['2', '3', '4']],
    [-5, ['0', '1', '2', '3', '4']],
    [-50, ['0', '1', '2', '3', '4']],
  ] as const) {
    policy(`a closed stream of five chunks read from ${startIndex} gives ${expected.length}`, async ({ world }) => {
      const [name, runId] = await streamOf(world, 5);
      await world.closeStream(name, runId);
      expect(texts(await readChunks(await world.readFromStream(name, startIndex)).rest())).toEqual(expected);
    });
  }

  policy('a reader that begins behind the tail of an open stream waits for its chunk', async ({ world }) => {
    const [name, runId] = await streamOf(world, 2);
    const reader = readChunks(await world.readFromStream(name, 4));
    for (const text of ['2', '3', '4', '5']) await world.writeToStream(name, runId, text);
    expect(texts(await reader.take(2))).toEqual(['4', '5']);
    await world.closeStream(name, runId);
    expect(await reader.rest()).toEqual([]);
  });

  policy('a reader that begins at the tail of an open stream gets the next chunk', async ({ world }) => {
    const [name, runId] = await streamOf(world, 2);
    const reader = readChunks(await world.readFromStream(name, 2));
    await world.writeToStream(name, runId, '2');
    expect(texts(await reader.take(1))).toEqual(['2']);
  });

  policy('a stream that is closed before the reader has its index ends', async ({ world }) => {
    const [name, runId] = await streamOf(world, 2);
    const all = readChunks(await world.readFromStream(name, 10)).rest();
    await world.writeToStream(name, runId, '2');
    await world.closeStream(name, runId);
    expect(await all).toEqual([]);
  });

  policy('a negative index counts from the tail at that moment and then follows', async ({ world }) => {
    const [name, runId] = await streamOf(world, 5);
    const reader = readChunks(await world.readFromStream(name, -2));
    expect(texts(await reader.take(2))).toEqual(['3', '4']);
    await world.writeToStream(name, runId, '5');
    expect(texts(await reader.take(1))).toEqual(['5']);
  });

  policy('a negative index on a stream without chunks begins at the first', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const reader = readChunks(await world.readFromStream(name, -3));
    for (const text of ['0', '1']) await world.writeToStream(name, runId, text);
    expect(texts(await reader.take(2))).toEqual(['0', '1']);
  });

  policy('a reader may continue where another stopped', async ({ world }) => {
    const [name, runId] = await streamOf(world, 10);
    const first = readChunks(await world.readFromStream(name));
    const delivered = texts(await first.take(4));
    await first.cancel();
    await world.closeStream(name, runId);
    const rest = texts(await readChunks(await world.readFromStream(name, delivered.length)).rest());
    expect([...delivered, ...rest]).toEqual(Array.from({ length: 10 }, (_, index) => String(index)));
  });
}

function readerPolicies({ policy }: Contract): void {
  policy('a reader that is cancelled leaves the others and the writer alone', async ({ world }) => {
    const [name, runId] = await streamOf(world, 1);
    const [leaving, staying] = [readChunks(await world.readFromStream(name)), readChunks(await world.readFromStream(name))];
    await leaving.take(1);
    await leaving.cancel();
    await world.writeToStream(name, runId, '1');
    await world.closeStream(name, runId);
    expect(texts(await staying.rest())).toEqual(['0', '1']);
  });

  policy('a reader may be cancelled while it waits, and a thousand times over', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    for (let turn = 0; turn < 1_000; turn += 1) {
      const reader = (await world.readFromStream(name)).getReader();
      const waiting = reader.read();
      await reader.cancel();
      expect((await waiting).done).toBe(true);
    }
    const last = readChunks(await world.readFromStream(name));
    await world.writeToStream(name, runId, 'still works');
    expect(texts(await last.take(1))).toEqual(['still works']);
  });

  // A byte stream takes the memory of what is put into it.
  policy('a chunk that was read may be transferred without hurting other readers', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const live = await Promise.all([0, 1].map(async () => readChunks(await world.readFromStream(name))));
    await world.writeToStream(name, runId, 'kept');
    await world.closeStream(name, runId);
    const late = readChunks(await world.readFromStream(name));
    for (const reader of [...live, late]) {
      const [chunk] = await reader.take(1);
      expect(texts([chunk as Uint8Array])).toEqual(['kept']);
      const memory = (chunk as Uint8Array).buffer as ArrayBuffer;
      structuredClone(memory, { transfer: [memory] });
    }
    const [stored] = (await world.getStreamChunks(name, runId)).data;
    expect(texts([stored?.data as Uint8Array])).toEqual(['kept']);
  });
}

function chunkPagePolicies({ policy }: Contract): void {
  policy('pages of chunks have a cursor exactly if there is more', async ({ world }) => {
    const [name, runId] = await streamOf(world, 5);
    const first = await world.getStreamChunks(name, runId, { limit: 2 });
    expect(first.data.map((chunk) => chunk.index)).toEqual([0, 1]);
    expect(first).toMatchObject({ hasMore: true, cursor: expect.any(String), done: false });
    const second = await world.getStreamChunks(name, runId, { limit: 2, cursor: String(first.cursor) });
    expect(second.data.map((chunk) => chunk.index)).toEqual([2, 3]);
    const last = await world.getStreamChunks(name, runId, { limit: 2, cursor: String(second.cursor) });
    expect(last.data.map((chunk) => chunk.index)).toEqual([4]);
    expect(last).toMatchObject({ hasMore: false, cursor: null, done: false });
    expect(await world.getStreamChunks(name, runId, { limit: 5 })).toMatchObject({ hasMore: false, cursor: null });
  });

  policy('the last page of a closed stream says that it is done', async ({ world }) => {
    const [name, runId] = await streamOf(world, 3);
    await world.closeStream(name, runId);
    const page = await world.getStreamChunks(name, runId);
    expect(texts(page.data.map((chunk) => chunk.data))).toEqual(['0', '1', '2']);
    expect(page).toMatchObject({ hasMore: false, cursor: null, done: true });
  });

  policy('a page holds a hundred chunks by default and a thousand at most', async ({ world }) => {
    const [name, runId] = await streamOf(world, 1_005);
    expect((await world.getStreamChunks(name, runId)).data).toHaveLength(100);
    const page = await world.getStreamChunks(name, runId, { limit: 5_000 });
    expect([page.data.length, page.hasMore]).toEqual([1_000, true]);
    const rest = await world.getStreamChunks(name, runId, { limit: 1_000, cursor: String(page.cursor) });
    expect(rest.data.map((chunk) => chunk.index)).toEqual([1_000, 1_001, 1_002, 1_003, 1_004]);
  });

  policy('an unknown stream has no chunks and is not done', async ({ world }) => {
    const page = await world.getStreamChunks(newStreamName(), newRunId());
    expect(page).toEqual({ data: [], cursor: null, hasMore: false, done: false });
  });

  policy('an empty cursor is none, and one that was never given is refused', async ({ world }) => {
    const [name, runId] = await streamOf(world, 2);
    expect((await world.getStreamChunks(name, runId, { cursor: '' })).data).toHaveLength(2);
    for (const cursor of ['garbage', '{"a":1}', '-1', 'x'.repeat(5_000)]) {
      await expectError(world.getStreamChunks(name, runId, { cursor }), badRequest(/cursor/i));
    }
  });
}

function infoPolicies({ policy }: Contract): void {
  policy('the tail is the index of the last chunk, and the end shows at once', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    expect(await world.getStreamInfo(name, runId)).toEqual({ tailIndex: -1, done: false });
    for (const index of [0, 1, 2]) {
      await world.writeToStream(name, runId, 'x');
      expect(await world.getStreamInfo(name, runId)).toEqual({ tailIndex: index, done: false });
    }
    await world.closeStream(name, runId);
    expect(await world.getStreamInfo(name, runId)).toEqual({ tailIndex: 2, done: true });
  });

  policy('the tail is never behind what a reader has got', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    const reader = readChunks(await world.readFromStream(name));
    const reading = (async () => {
      for (let read = 0; read < 50; read += 1) {
        await reader.take(1);
        expect((await world.getStreamInfo(name, runId)).tailIndex).toBeGreaterThanOrEqual(read);
      }
    })();
    await Promise.all(Array.from({ length: 50 }, () => world.writeToStream(name, runId, 'x')));
    await reading;
  });

  policy('streams are listed by run, each once', async ({ world }) => {
    const [runId, other] = [newRunId(), newRunId()];
    const names = [newStreamName(), newStreamName(), newStreamName()];
    for (const name of [...names, ...names]) await world.writeToStream(name, runId, 'x');
    await world.writeToStream(newStreamName(), other, 'x');
    expect((await world.listStreamsByRunId(runId)).toSorted()).toEqual(names.toSorted());
    expect(await world.listStreamsByRunId(newRunId())).toEqual([]);
  });

  policy('reading an unknown stream does not make it one of a run', async ({ world }) => {
    const [name, runId] = [newStreamName(), newRunId()];
    await (await world.readFromStream(name)).cancel();
    await world.getStreamChunks(name, runId);
    await world.getStreamInfo(name, runId);
    expect(await world.listStreamsByRunId(runId)).toEqual([]);
  });
}

/** An open stream whose chunks are the texts of their indexes. */
async function streamOf(world: World, count: number): Promise<[name: string, runId: string]> {
  const [name, runId] = [newStreamName(), newRunId()];
  await Promise.all(Array.from({ length: count }, (_, index) => world.writeToStream(name, runId, String(index))));
  return [name, runId];
}
