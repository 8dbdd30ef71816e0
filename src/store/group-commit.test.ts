import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { deferred } from '../testing/deferred.ts';
import { nextTurn } from '../testing/next-turn.ts';
import { badRequest, unavailable } from '../world/errors.ts';
import type { Act, AppendAct, Outcome, SettleAct } from '../world/port.ts';
import { CommitNotes } from './commit-notes.ts';
import type { Foresight } from './foresight.ts';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';

const append = (name: string, bytes = 0): AppendAct => ({
  kind: 'append',
  shard: 0,
  name,
  runId: 'run',
  chunks: [new Uint8Array(bytes)],
  close: false,
  now: 0,
});
const end = (name: string, result: SettleAct['result'] = { kind: 'done' }) =>
  ({ ...append(name), kind: 'settle', result }) as unknown as SettleAct;
const nameOf = (act: Act) => (act as unknown as AppendAct).name;
const outcome = (act: Act): Outcome => ({ kind: 'appended', chunkCount: Number(nameOf(act)) });

/** A group whose transactions are noted as the names of their acts. */
function openGroup(options: Partial<GroupCommitOptions<Act>> = {}, perform: (acts: readonly Act[]) => Promise<void> = async () => {}) {
  const batches: string[][] = [];
  const group = new GroupCommit({
    transact: async (acts) => {
      batches.push(acts.map(nameOf));
      await perform(acts);
      return acts.map(outcome);
    },
    ...options,
  });
  return { group, batches };
}

const poisoned = (names: readonly string[], error: unknown) => async (acts: readonly Act[]) => {
  if (acts.some((act) => names.includes(nameOf(act)))) throw error;
};

describe('writes of the same turn', () => {
  it('share one transaction, and each gets its own outcome', async () => {
    const { group, batches } = openGroup();
    const outcomes = await Promise.all(['1', '2', '3'].map((name) => group.commit(append(name))));
    expect(batches).toEqual([['1', '2', '3']]);
    expect(outcomes).toEqual([1, 2, 3].map((chunkCount) => ({ kind: 'appended', chunkCount })));
  });

  it('share it also where they come a promise later', async () => {
    const { group, batches } = openGroup();
    const later = async (name: string) => {
      await Promise.resolve();
      return await group.commit(append(name));
    };
    await Promise.all([group.commit(append('1')), later('2')]);
    expect(batches).toEqual([['1', '2']]);
  });

  it('are performed in the order in which they were asked for', async () => {
    const { group, batches } = openGroup();
    const names = Array.from({ length: 100 }, (_, index) => String(index));
    await Promise.all(names.map((name) => group.commit(append(name))));
    expect(batches).toEqual([names]);
  });
});

describe('a listener that throws', () => {
  const boom = new Error('boom');
  const throws = () => {
    throw boom;
  };

  it('fails the write that it belongs to, and no other', async () => {
    const { group } = openGroup();
    const failed = group.commit(append('1'), { onWritten: throws }).catch((error: unknown) => error);
    expect(await Promise.all([failed, group.commit(append('2'))])).toEqual([boom, { kind: 'appended', chunkCount: 2 }]);
    expect(await group.commit(append('3'))).toEqual({ kind: 'appended', chunkCount: 3 });
  });

  it('fails no write where it only watches, and the others that watch hear all the same', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue();
    onTestFinished(() => warning.mockRestore());
    const [notes, heard] = [new CommitNotes(), vi.fn()];
    notes.listen(throws);
    notes.listen(heard);
    const { group } = openGroup({ notes });
    for (const name of ['1', '2']) expect(await group.commit(append(name))).toEqual({ kind: 'appended', chunkCount: Number(name) });
    expect(heard).toHaveBeenCalledTimes(2);
    expect(warning).toHaveBeenCalledWith(expect.stringContaining('boom'));
  });

  it('does not end the writes of the process, however late it throws', async () => {
    const foresight = {
      foresee: () => undefined,
      trusts: () => false,
      learn: vi.fn().mockImplementationOnce(throws).mockReturnValue(false),
    };
    const { group } = openGroup({ foresight: foresight as unknown as Foresight });
    await expect(group.commit(append('1'))).rejects.toBe(boom);
    expect(await group.commit(append('2'))).toEqual({ kind: 'appended', chunkCount: 2 });
    await group.close();
  });
});

describe('writes that come while a transaction is under way', () => {
  it('wait for what its answers lead to, where transactions are to be few', async () => {
    const first = deferred();
    const hold = async (acts: readonly Act[]) => (nameOf(acts[0] as Act) === '1' ? await first.promise : undefined);
    const { group, batches } = openGroup({ gathers: true }, hold);
    const onward = group.commit(append('1')).then(() => group.commit(append('3')));
    await nextTurn();
    const waiting = group.commit(append('2'));
    first.resolve();
    await Promise.all([onward, waiting]);
    expect(batches).toEqual([['1'], ['2', '3']]);
  });

  it('share the next one', async () => {
    const first = deferred();
    const { group, batches } = openGroup({}, async (acts) => (nameOf(acts[0] as Act) === '1' ? await first.promise : undefined));
    const one = group.commit(append('1'));
    await nextTurn();
    const others = [group.commit(append('2')), group.commit(append('3'))];
    await nextTurn();
    others.push(group.commit(append('4')));
    first.resolve();
    await Promise.all([one, ...others]);
    expect(batches).toEqual([['1'], ['2', '3', '4']]);
  });

  it('are not answered before their own is durable', async () => {
    const gate = deferred();
    const { group } = openGroup({}, () => gate.promise);
    let answered = false;
    const write = group.commit(append('1')).then(() => (answered = true));
    await nextTurn();
    await nextTurn();
    expect(answered).toBe(false);
    gate.resolve();
    await write;
  });
});

describe('an outcome that is still on its way', () => {
  it('is heard of when it is there, and holds up no other', async () => {
    const late = deferred<Outcome>();
    const heard: unknown[] = [];
    const group = new GroupCommit({ transact: async (acts) => acts.map((act) => (nameOf(act) === '1' ? late.promise : outcome(act))) });
    const first = group.commit(append('1'), { onWritten: (written) => heard.push(written) > 0 });
    await group.commit(append('2'), { onWritten: (written) => heard.push(written) > 0 });
    expect(heard).toEqual([{ kind: 'appended', chunkCount: 2 }]);
    late.resolve({ kind: 'appended', chunkCount: 7 });
    expect(await first).toEqual({ kind: 'appended', chunkCount: 7 });
  });
});

describe('a store whose commits are not durable by themselves', () => {
  it('answers when they are, and says before that what was written', async () => {
    const gate = deferred();
    const heard: string[] = [];
    const { group } = openGroup({ makeDurable: () => gate.promise.then(() => void heard.push('durable')) });
    const write = group.commit(append('1'), { onWritten: ({ chunkCount }) => heard.push(`written ${chunkCount}`) > 0 });
    void write.then(() => heard.push('answered'));
    await nextTurn();
    await nextTurn();
    expect(heard).toEqual(['written 1']);
    gate.resolve();
    await write;
    expect(heard).toEqual(['written 1', 'durable', 'answered']);
  });

  it('is told whether this process goes on with what was written', async () => {
    const told: boolean[] = [];
    const { group } = openGroup({ makeDurable: (busy) => void told.push(busy) });
    await group.commit(append('1'));
    await group.commit(append('2'), { onWritten: () => false });
    await Promise.all([group.commit(append('3'), { onWritten: () => true }), group.commit(append('4'), { onWritten: () => false })]);
    expect(told).toEqual([false, false, true]);
  });

  it('fails whoever wrote what the disk did not keep, and nobody after', async () => {
    const lost = unavailable('The disk did not keep it.');
    const disk = [lost, undefined];
    const { group, batches } = openGroup({
      makeDurable: () => {
        const failure = disk.shift();
        if (failure) throw failure;
      },
    });
    const results = await Promise.allSettled(['1', '2'].map((name) => group.commit(append(name))));
    expect(results).toEqual([1, 2].map(() => ({ status: 'rejected', reason: lost })));
    await expect(group.commit(append('3'))).resolves.toMatchObject({ chunkCount: 3 });
    // What was written was not written twice.
    expect(batches).toEqual([['1', '2'], ['3']]);
  });
});

describe('the end of a delivery', () => {
  const patienceMs = 60_000;

  it('goes with the next write', async () => {
    const { group, batches } = openGroup({ patienceMs });
    const ended = group.commit(end('1'));
    await nextTurn();
    await nextTurn();
    expect(batches).toEqual([]);
    await Promise.all([ended, group.commit(append('2'))]);
    expect(batches).toEqual([['1', '2']]);
    await group.close();
  });

  it('goes alone where no other write comes', async () => {
    const { group, batches } = openGroup({ patienceMs: 1 });
    await group.commit(end('1'));
    expect(batches).toEqual([['1']]);
  });

  it('that comes while a transaction is under way waits for a write too', async () => {
    const first = deferred();
    const { group, batches } = openGroup({ patienceMs }, async (acts) =>
      nameOf(acts[0] as Act) === '1' ? await first.promise : undefined,
    );
    const one = group.commit(append('1'));
    await nextTurn();
    const ended = group.commit(end('2'));
    first.resolve();
    await one;
    await nextTurn();
    expect(batches).toEqual([['1']]);
    await Promise.all([ended, group.commit(append('3'))]);
    expect(batches).toEqual([['1'], ['2', '3']]);
    await group.close();
  });

  it('is not lost by closing', async () => {
    const { group, batches } = openGroup({ patienceMs });
    const ended = group.commit(end('1'));
    await group.close();
    await ended;
    expect(batches).toEqual([['1']]);
  });

  it('that is to be repeated is urgent', async () => {
    const { group, batches } = openGroup({ patienceMs });
    await group.commit(end('1', { kind: 'again', dueAt: 0 }));
    expect(batches).toEqual([['1']]);
  });
});

describe('a batch', () => {
  it('has no more acts than it may', async () => {
    const { group, batches } = openGroup({ maxActs: 2 });
    await Promise.all(['1', '2', '3', '4', '5'].map((name) => group.commit(append(name))));
    expect(batches).toEqual([['1', '2'], ['3', '4'], ['5']]);
  });

  it('has no more bytes than it may, but always one act', async () => {
    const { group, batches } = openGroup({ maxBytes: 2_500 });
    const writes = [append('1', 1_000), append('2', 1_000), append('3', 1_000), append('4', 9_000), append('5', 10)];
    await Promise.all(writes.map((act) => group.commit(act)));
    expect(batches).toEqual([['1', '2'], ['3'], ['4'], ['5']]);
  });

  it('counts the payloads of a write', async () => {
    const { group, batches } = openGroup({ maxBytes: 5_000 });
    const write = { kind: 'write', name: '1', transition: { events: [{ payload: new Uint8Array(4_800) }, { payload: null }] } } as never;
    await Promise.all([group.commit(write), group.commit(append('2'))]);
    expect(batches).toEqual([['1'], ['2']]);
  });
});

describe('an act that cannot be performed', () => {
  const boom = badRequest('boom');

  it('fails alone', async () => {
    const { group, batches } = openGroup({}, poisoned(['3'], boom));
    const results = await Promise.allSettled(['1', '2', '3', '4', '5'].map((name) => group.commit(append(name))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(results[2]).toMatchObject({ reason: boom });
    expect(batches).toEqual([['1', '2', '3', '4', '5'], ['1', '2'], ['3', '4', '5'], ['3'], ['4', '5']]);
  });

  it('fails alone among many, in a few transactions more', async () => {
    const { group, batches } = openGroup({}, poisoned(['37', '411'], boom));
    const names = Array.from({ length: 512 }, (_, index) => String(index));
    const results = await Promise.allSettled(names.map((name) => group.commit(append(name))));
    expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([37, 411]);
    expect(batches.length).toBeLessThan(50);
  });

  it('leaves what comes after it alone', async () => {
    const { group } = openGroup({}, poisoned(['1'], boom));
    await expect(group.commit(append('1'))).rejects.toBe(boom);
    await expect(group.commit(append('2'))).resolves.toMatchObject({ chunkCount: 2 });
  });
});

describe('a store that is not there', () => {
  it('fails all of the batch at once: trying each alone would help nobody', async () => {
    const down = unavailable('The disk is full.');
    const { group, batches } = openGroup({}, poisoned(['2'], down));
    const results = await Promise.allSettled(['1', '2', '3'].map((name) => group.commit(append(name))));
    expect(results).toEqual([1, 2, 3].map(() => ({ status: 'rejected', reason: down })));
    expect(batches).toEqual([['1', '2', '3']]);
  });

  it('is asked again by the next write', async () => {
    let full = true;
    const { group } = openGroup({}, async () => {
      if (full) throw unavailable('The disk is full.');
    });
    await expect(group.commit(append('1'))).rejects.toThrow('full');
    full = false;
    await expect(group.commit(append('1'))).resolves.toMatchObject({ chunkCount: 1 });
  });
});

describe('closing', () => {
  it('answers everything that was taken before', async () => {
    const { group, batches } = openGroup({ maxActs: 1 });
    const writes = ['1', '2', '3'].map((name) => group.commit(append(name)));
    await group.close();
    expect(batches).toEqual([['1'], ['2'], ['3']]);
    await expect(Promise.all(writes)).resolves.toHaveLength(3);
  });

  it('refuses what comes afterwards, as something that another World can do', async () => {
    const { group, batches } = openGroup();
    await group.close();
    await expect(group.commit(append('1'))).rejects.toMatchObject({ status: 503, message: expect.stringContaining('closed') });
    await group.close();
    expect(batches).toEqual([]);
  });
});

describe('what will probably come of an act', () => {
  const guess = (chunkCount: number) =>
    ({
      foresee: () => ({ kind: 'appended', chunkCount }),
      trusts: () => true,
      learn: (_: Act, foreseen: Outcome, came: Outcome | undefined) => JSON.stringify(foreseen) === JSON.stringify(came),
    }) as unknown as Foresight;
  const listen = (notes: string[]) => ({
    onForeseen({ chunkCount }: { readonly chunkCount: number }) {
      notes.push(`foreseen ${chunkCount}`);
      return (right: boolean) => void notes.push(right ? 'right' : 'wrong');
    },
    onWritten: ({ chunkCount }: { readonly chunkCount: number }) => notes.push(`written ${chunkCount}`) > 0,
  });

  it.each([
    [2, ['foreseen 2', 'right', 'written 2']],
    [9, ['foreseen 9', 'wrong', 'written 2']],
  ])('is heard while the database performs it, and judged before anything is heard of what came: %i', async (foreseen, expected) => {
    const gate = deferred();
    const { group } = openGroup({ foresight: guess(foreseen) }, () => gate.promise);
    const notes: string[] = [];
    const write = group.commit(append('2'), listen(notes));
    await nextTurn();
    await nextTurn();
    await nextTurn();
    expect(notes).toEqual([`foreseen ${foreseen}`]);
    gate.resolve();
    await write;
    expect(notes).toEqual(expected);
  });

  it('was wrong where the transaction fails, also if the act is then done alone', async () => {
    const notes: string[] = [];
    const failing = openGroup({ foresight: guess(1) }, async (acts) => {
      await nextTurn();
      await nextTurn();
      if (acts.length > 1) throw badRequest('one of them');
    });
    await Promise.all([failing.group.commit(append('1'), listen(notes)), failing.group.commit(append('2'))]);
    expect(notes).toEqual(['foreseen 1', 'wrong', 'written 1']);
  });

  it('is not told after the fact', async () => {
    const notes: string[] = [];
    const { group } = openGroup({ foresight: guess(1) });
    await group.commit(append('1'), listen(notes));
    await nextTurn();
    expect(notes).toEqual(['written 1']);
  });
});
