import type { FoundRun } from '../world/operator-port.ts';
import { describeError } from '../base/logger.ts';
import { expectScope } from './caller.ts';
import { type RunFilter, toSearch } from './list-runs.ts';
import { looks } from './looks.ts';
import type { Operator } from './operator.ts';
import { RunBacklog } from './run-backlog.ts';
import { isFlow, type RunSummary, statusOf, viewSummary } from './run-views.ts';

/**
 * Yields each run that fits whenever it begins, changes or ends; first those that did in the last few seconds, so that nothing is lost
 * between a list and this. A run that stopped fitting is yielded once more, as it is now; what changed several times between two looks is
 * told once. Every beginning and every end is told of, or this ends by itself and a new list has to be read: some seconds after a look
 * found more of them than it reads, where runs cannot be watched, and for who takes what is told so slowly that too much of it waits.
 * What changes in between is told only of the newest 300 of the runs that are open.
 */
export async function* followRuns(operator: Operator, filter: RunFilter, signal: AbortSignal): AsyncGenerator<RunSummary, void, void> {
  expectScope(operator.caller, 'read');
  const search = toSearch(operator, filter);
  const backlog = new RunBacklog({ fits: (run) => search !== undefined && matches(run, search), most: mostWaiting });
  let wake = () => {};
  const { leave, ended } = join(operator, (run) => {
    if (search?.tenantId !== undefined && run.tenantId !== search.tenantId) return;
    backlog.add(run);
    wake();
  });
  const abort = () => wake();
  for (const one of [signal, ended]) one.addEventListener('abort', abort);
  try {
    while (!signal.aborted) {
      const next = backlog.take();
      if (next) yield viewSummary(operator, next);
      else if (ended.aborted || backlog.overflowed) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    for (const one of [signal, ended]) one.removeEventListener('abort', abort);
    leave();
  }
}

// More than one look can find, twice over.
const mostWaiting = 5_000;

type Search = NonNullable<ReturnType<typeof toSearch>>;

function matches(run: FoundRun, { status, kind, name, createdFrom, createdBefore, idText }: Search): boolean {
  const has = (text: string, part: string | undefined) => part === undefined || text.toLowerCase().includes(part.toLowerCase());
  return (
    (status === undefined || statusOf(run) === status) &&
    (kind === undefined || isFlow(run) === (kind === 'flow')) &&
    has(run.workflowName, name) &&
    has(run.runId, idText) &&
    run.createdAt >= (createdFrom ?? 0) &&
    run.createdAt < (createdBefore ?? Infinity)
  );
}

type Listener = (run: FoundRun) => void;

interface Feed {
  readonly listeners: Set<Listener>;
  /** What the last look saw. */
  recent: readonly FoundRun[];
  readonly stop: AbortController;
}

// However many watch a World, one looks.
const feeds = new WeakMap<object, Feed>();

interface Membership {
  readonly leave: () => void;
  /** Nothing more is told. */
  readonly ended: AbortSignal;
}

function join(operator: Operator, listener: Listener): Membership {
  const feed = feeds.get(operator.world) ?? startFeed(operator);
  feeds.set(operator.world, feed);
  feed.listeners.add(listener);
  for (const run of feed.recent) listener(run);
  const leave = () => {
    feed.listeners.delete(listener);
    if (feed.listeners.size === 0) endFeed(operator, feed);
  };
  return { leave, ended: feed.stop.signal };
}

function startFeed(operator: Operator): Feed {
  const feed: Feed = { listeners: new Set(), recent: [], stop: new AbortController() };
  void watch(operator, feed)
    .catch((error: unknown) => operator.logger.warn(`Watching runs ended: ${describeError(error)}`))
    // Whoever listens must come again, or would wait for what nobody tells.
    .finally(() => endFeed(operator, feed));
  return feed;
}

function endFeed({ world }: Operator, feed: Feed): void {
  feed.stop.abort();
  if (feeds.get(world) === feed) feeds.delete(world);
}

// Commits of other processes carry instants of their own, and may arrive late.
const overlapMs = 5_000;
// A look takes some 20 µs of the event loop for each run that it reads.
const mostAtOnce = 1_000;
const mostWatched = 300;
// To read a list anew is work as well: where too much happens for long, nobody is to do it without a pause.
const missedForMs = 5_000;

async function watch(operator: Operator, feed: Feed): Promise<void> {
  const { clock } = operator;
  const store = await operator.store();
  let seen = new Map<string, string>();
  let since = store.now();
  // Unknown for a look that failed: where the database was away, that it took long is no reason to stay away from it.
  let lookMs: number | undefined;
  let missedSince: number | undefined;
  for await (const _ of looks(operator, feed.stop.signal, { lookMs: () => lookMs })) {
    lookMs = undefined;
    const begunAt = clock.monotonic();
    if (missedSince !== undefined && begunAt - missedSince >= missedForMs) return;
    const now = store.now();
    try {
      const { runs, whole } = await store.operator.listChangedRuns({ since: since - overlapMs, limit: mostAtOnce, watched: mostWatched });
      feed.recent = runs;
      if (!whole) missedSince ??= begunAt;
      lookMs = clock.monotonic() - begunAt;
    } catch (error) {
      operator.logger.warn(`Runs cannot be watched for the moment: ${describeError(error)}`);
      continue;
    }
    since = now;
    const before = seen;
    seen = new Map(feed.recent.map((run) => [run.runId, `${run.updatedAt}:${run.lastSeq}:${statusOf(run)}`]));
    for (const run of feed.recent) {
      if (before.get(run.runId) === seen.get(run.runId)) continue;
      for (const listener of [...feed.listeners]) listener(run);
    }
  }
}
