import { describe, expect } from 'vitest';
import type { PaginatedResponse, PaginationOptions, World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { pendingRun, runningRun } from '../arrange.ts';
import { badRequest, expectError } from '../expect-error.ts';
import { newStepId, newWorkflowName } from '../ids.ts';
import { readAllPages, readLog } from '../read-log.ts';
import type { Contract, TimedScene } from './contract.ts';

const howMany = 7;

export function cursors(contract: Contract): void {
  describe('order, limits and cursors', () => {
    for (const listing of listings)
      describe(listing.name, () => {
        listingPolicies(contract, listing);
      });
    describe('large pages', () => {
      largePagePolicies(contract);
    });
    describe('the cursor of events.list', () => {
      eventCursorPolicies(contract);
    });
  });
}

interface Listing {
  readonly name: string;
  readonly defaultOrder: 'asc' | 'desc';
  /** Creates seven things, each at its own instant, and returns how to list them and their ids, oldest first. */
  readonly arrange: (scene: TimedScene) => Promise<Arranged>;
}

interface Arranged {
  readonly ids: readonly string[];
  readonly list: (pagination?: PaginationOptions) => Promise<PaginatedResponse<string>>;
  /** Creates one thing more, younger than all others, and returns its id. */
  readonly addOne: () => Promise<string>;
}

function listingPolicies({ policy, timedPolicy }: Contract, { name, defaultOrder, arrange }: Listing): void {
  timedPolicy(`${name} lists in order of creation, both ways, ${defaultOrder} by default`, async (scene) => {
    const { ids, list } = await arrange(scene);
    const reversed = ids.toReversed();
    expect((await list({ sortOrder: 'asc', limit: 100 })).data).toEqual(ids);
    expect((await list({ sortOrder: 'desc', limit: 100 })).data).toEqual(reversed);
    expect((await list({ limit: 100 })).data).toEqual(defaultOrder === 'asc' ? ids : reversed);
    expect((await list()).data).toEqual(defaultOrder === 'asc' ? ids : reversed);
  });

  for (const sortOrder of ['asc', 'desc'] as const) {
    timedPolicy(`${name} gives every item exactly once over pages of any size, ${sortOrder}`, async (scene) => {
      const { ids, list } = await arrange(scene);
      const expected = sortOrder === 'asc' ? ids : ids.toReversed();
      for (const limit of [1, 2, 3, howMany, 100]) {
        expect(await readAllPages((pagination) => list({ ...pagination, sortOrder }), limit)).toEqual(expected);
      }
    });

    timedPolicy(`${name} loses and repeats nothing when something is added between two pages, ${sortOrder}`, async (scene) => {
      const { ids, list, addOne } = await arrange(scene);
      const first = await list({ limit: 3, sortOrder });
      const added = await addOne();
      const rest = await readAllPages((pagination) => list({ cursor: String(first.cursor), ...pagination, sortOrder }));
      const expected = sortOrder === 'asc' ? [...ids, added] : ids.toReversed();
      expect([...first.data, ...rest]).toEqual(expected);
    });
  }

  timedPolicy(`${name} says exactly whether there is more`, async (scene) => {
    const { ids, list } = await arrange(scene);
    expect(await list({ limit: ids.length - 1 })).toMatchObject({ hasMore: true, cursor: expect.any(String) });
    expect(await list({ limit: ids.length })).toMatchObject({ hasMore: false });
  });

  timedPolicy(`${name} takes an empty cursor for none`, async (scene) => {
    const { list } = await arrange(scene);
    expect(await list({ cursor: '' })).toEqual(await list());
  });

  policy(`${name} refuses a cursor it never gave`, async ({ world }) => {
    const { list } = await arrangeUntimed(world, name);
    for (const cursor of ['garbage', '{"a":1}', 'eyJhIjoxfQ==', '-1', 'x'.repeat(5_000), "' or 1=1 --", 'a\u0000b']) {
      await expectError(list({ cursor }), badRequest(/cursor/i));
    }
  });

  policy(`${name} refuses limits and orders that are none, even such as cannot be shown`, async ({ world }) => {
    const { list } = await arrangeUntimed(world, name);
    for (const nothing of [0, 1.5, Number.NaN, 'many', {}, Object.create(null), { toString: 1 }]) {
      await expectError(list({ limit: nothing as number }), badRequest(/limit/));
      await expectError(list({ sortOrder: nothing as 'asc' }), badRequest(/sortOrder/));
    }
  });
}

function largePagePolicies({ policy }: Contract): void {
  policy('a list by something that is no text is refused', async ({ world }) => {
    for (const nothing of [new Date(), 1, {}, '']) {
      const by = nothing as string;
      await expectError(world.hooks.list({ runId: by }), badRequest(/runId/));
      await expectError(world.listStreamsByRunId(by), badRequest(/runId/));
      await expectError(world.getStreamChunks(by, 'x'), badRequest(/stream name/));
      await expectError(world.getStreamInfo(by, 'x'), badRequest(/stream name/));
      await expectError(world.runs.list({ workflowName: by }), badRequest(/workflowName/));
      await expectError(world.events.listByCorrelationId({ correlationId: 'x', runId: by }), badRequest(/runId/));
    }
  });

  policy('a page holds a thousand items at most, whatever the limit says', async ({ world }) => {
    const runId = await runningRun(world);
    await Promise.all(Array.from({ length: 1_001 }, () => world.events.create(runId, build.stepCreated(newStepId()))));
    const pages = [
      await world.steps.list({ runId, pagination: { limit: 5_000 } }),
      await world.events.list({ runId, pagination: { limit: 5_000 } }),
    ];
    for (const page of pages) expect([page.data.length, page.hasMore]).toEqual([1_000, true]);
  });

  policy('events.list without a limit gives the whole log at once', async ({ world }) => {
    const runId = await runningRun(world);
    await Promise.all(Array.from({ length: 1_200 }, () => world.events.create(runId, build.stepCreated(newStepId()))));
    const page = await world.events.list({ runId });
    expect(page.data).toHaveLength(1_202);
    expect(page.hasMore).toBe(false);
    expect(typeof page.cursor).toBe('string');
  });

  policy('a list without a limit can be read to its end', async ({ world }) => {
    const workflowName = newWorkflowName();
    const runIds = await Promise.all(Array.from({ length: 150 }, () => pendingRun(world, { workflowName })));
    const all = await readAllPages((pagination) => world.runs.list({ workflowName, pagination }));
    expect(all.map((run) => run.runId).toSorted()).toEqual(runIds.toSorted());
  });
}

function eventCursorPolicies({ policy }: Contract): void {
  policy('the last page of a log has a cursor from which later events are read', async ({ world }) => {
    const runId = await runningRun(world);
    const { cursor, hasMore } = await world.events.list({ runId });
    expect([typeof cursor, hasMore]).toEqual(['string', false]);
    const [first, second] = [newStepId(), newStepId()];
    await world.events.create(runId, build.stepCreated(first));
    await world.events.create(runId, build.stepCreated(second));
    const later = await world.events.list({ runId, pagination: { cursor: String(cursor) } });
    expect(later.data.map((event) => event.correlationId)).toEqual([first, second]);
    expect(later.hasMore).toBe(false);
  });

  policy('a cursor at the tail of a log stays the same as long as nothing is appended', async ({ world }) => {
    const runId = await runningRun(world);
    const { cursor } = await world.events.list({ runId });
    for (let read = 0; read < 3; read += 1) {
      const page = await world.events.list({ runId, pagination: { cursor: String(cursor) } });
      expect(page).toEqual({ data: [], cursor, hasMore: false });
    }
  });

  policy('the cursor of run_started continues where its events end', async ({ world }) => {
    const runId = await runningRun(world);
    const { events, cursor } = await world.events.create(runId, build.runStarted());
    const stepId = newStepId();
    await world.events.create(runId, build.stepCreated(stepId));
    const later = await world.events.list({ runId, pagination: { sortOrder: 'asc', cursor: String(cursor) } });
    expect([...(events ?? []), ...later.data]).toEqual(await readLog(world, runId));
    expect(later.data.map((event) => event.correlationId)).toEqual([stepId]);
  });

  policy('an exact last page still has a cursor for what comes later', async ({ world }) => {
    const runId = await runningRun(world);
    const page = await world.events.list({ runId, pagination: { limit: 2 } });
    expect([page.data.length, page.hasMore, typeof page.cursor]).toEqual([2, false, 'string']);
  });
}

async function arrangeUntimed(world: World, name: string): Promise<Arranged> {
  const listing = listings.find((one) => one.name === name) as Listing;
  // Order does not matter here, so the clock need not move.
  return listing.arrange({ world, clock: { advance() {} } as unknown as TimedScene['clock'] });
}

const page = async <T>(from: Promise<PaginatedResponse<T>>, id: (item: T) => string): Promise<PaginatedResponse<string>> => {
  const { data, ...rest } = await from;
  return { ...rest, data: data.map(id) };
};

async function sevenTimes({ clock }: TimedScene, create: (index: number) => Promise<string>): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < howMany; index += 1) {
    clock.advance(10);
    ids.push(await create(index));
  }
  clock.advance(10);
  return ids;
}

// Ids that sort against the order of creation: a list that goes by id shows it.
const descending = (prefix: string, index: number): string => `${prefix}_${String(900 - index)}_${newStepId()}`;

const paged = (pagination?: PaginationOptions) => (pagination ? { pagination } : {});

const listings: readonly Listing[] = [
  {
    name: 'runs.list',
    defaultOrder: 'desc',
    async arrange(scene) {
      const { world } = scene;
      const workflowName = newWorkflowName();
      const create = (index: number) => pendingRun(world, { workflowName }, descending('run', index));
      const ids = await sevenTimes(scene, create);
      return {
        ids,
        list: (pagination) => page(world.runs.list({ workflowName, ...paged(pagination) }), (run) => run.runId),
        addOne: () => create(howMany),
      };
    },
  },
  {
    name: 'steps.list',
    defaultOrder: 'desc',
    async arrange(scene) {
      const { world } = scene;
      const runId = await runningRun(world);
      const create = async (index: number) => {
        const stepId = descending('step', index);
        await world.events.create(runId, build.stepCreated(stepId));
        return stepId;
      };
      const ids = await sevenTimes(scene, create);
      return {
        ids,
        list: (pagination) => page(world.steps.list({ runId, ...paged(pagination) }), (step) => step.stepId),
        addOne: () => create(howMany),
      };
    },
  },
  {
    name: 'hooks.list',
    defaultOrder: 'asc',
    async arrange(scene) {
      const { world } = scene;
      const runId = await runningRun(world);
      const create = async (index: number) => {
        const hookId = descending('hook', index);
        await world.events.create(runId, build.hookCreated(hookId));
        return hookId;
      };
      const ids = await sevenTimes(scene, create);
      return {
        ids,
        list: (pagination) => page(world.hooks.list({ runId, ...paged(pagination) }), (hook) => hook.hookId),
        addOne: () => create(howMany),
      };
    },
  },
  {
    name: 'events.list',
    defaultOrder: 'asc',
    async arrange(scene) {
      const { world } = scene;
      const runId = await pendingRun(world);
      const first = String((await readLog(world, runId))[0]?.eventId);
      const create = async () => String((await world.events.create(runId, build.stepCreated(newStepId()))).event?.eventId);
      const ids = [first, ...(await sevenTimes(scene, create))];
      return {
        ids,
        list: (pagination) => page(world.events.list({ runId, ...paged(pagination) }), (event) => event.eventId),
        addOne: create,
      };
    },
  },
  {
    name: 'events.listByCorrelationId',
    defaultOrder: 'asc',
    async arrange(scene) {
      const { world } = scene;
      const [runId, correlationId] = [await runningRun(world), newStepId()];
      const created = await world.events.create(runId, build.stepCreated(correlationId));
      const create = async () => String((await world.events.create(runId, build.stepStarted(correlationId))).event?.eventId);
      const ids = [String(created.event?.eventId), ...(await sevenTimes(scene, create))];
      return {
        ids,
        list: (pagination) => page(world.events.listByCorrelationId({ correlationId, ...paged(pagination) }), (event) => event.eventId),
        addOne: create,
      };
    },
  },
];
