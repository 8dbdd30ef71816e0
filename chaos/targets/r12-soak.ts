import { Random } from '../../test/e2e/support/random.ts';
import { codePrograms } from '../load/code-programs.ts';
import { Fleet } from '../load/fleet.ts';
import { judge } from '../load/judge.ts';
import { readBodies } from '../load/ledger.ts';
import { monotonic, pause } from '../load/monotonic.ts';
import { openPlaceWithFlows, type StoreName } from '../load/places.ts';
import { mixed } from '../load/program.ts';
import { Traffic } from '../load/traffic.ts';
import { type Sample, type Trend, trendOf } from '../soak/trend.ts';
import { watch } from '../soak/watch.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';

const wholeSeconds = 3_600;
const workers = 2;
const atOnce = 60;
const samples = 240;
const perLow = 4;
// As one would in a container: without a bound, V8 lets its heap grow to what the machine has before it works hard on collecting.
const heapMiB = 256;
const mebibyte = 2 ** 20;
const mostPerHour = 0.01;
const mostRowsMore = 1.25;
// Of so few rows a few more or less say nothing.
const fewRows = 500;

/** R12: an hour of half of what the machine can do. */
export function soak(store: StoreName): Target {
  return {
    id: `R12-${store}`,
    fault: `none: half of what ${workers} workers can do here, for an hour, on ${store === 'sqlite' ? 'SQLite' : 'PostgreSQL'}; what has ended is kept for a twelfth of that`,
    want: 'memory grows by 1 % an hour at most, tables are bounded by retention, no run is stuck',
    run: (job) => run(store, job),
  };
}

async function run(store: StoreName, { seed, scale, scratch, say }: Job): Promise<Findings> {
  const seconds = part(wholeSeconds, scale);
  const keptSeconds = Math.max(5, Math.round(seconds / 12));
  const place = await openPlaceWithFlows(store, scratch, {
    WORKFLOW_PAWL_RETENTION: `${keptSeconds}s`,
    NODE_OPTIONS: `--max-old-space-size=${heapMiB}`,
  });
  const { stage, reader, flows } = place;
  try {
    const producer = await stage.startHost('producer');
    const fleet = new Fleet(stage, new Random(seed));
    await fleet.start(workers);
    const about = { programs: mixed(codePrograms(producer.api), flows), reader, parallel: atOnce };

    const calibrateMs = Math.min(30_000, seconds * 100);
    const calibratedAt = monotonic();
    const full = new Traffic({ ...about, random: new Random(seed + 1), enough: () => monotonic() - calibratedAt > calibrateMs });
    await full.run();
    const perSecond = full.marks.size / ((monotonic() - calibratedAt) / 1_000) / 2;
    say(`${perSecond.toFixed(1)} runs a second are half of what it can do`);

    let over = false;
    const half = new Traffic({ ...about, random: new Random(seed + 2), perSecond, enough: () => over });
    const watching = watch(fleet.workers, place, { ms: seconds * 1_000, everyMs: (seconds * 1_000) / samples }).finally(
      () => (over = true),
    );
    const [watched] = await Promise.all([watching, half.run()]);
    await pause(500);
    const open = await Promise.all((['pending', 'running'] as const).map((status) => reader.runs.list({ status, resolveData: 'none' })));

    const marks = new Map([...full.marks, ...half.marks]);
    const judged = judge({
      bodies: await readBodies(stage),
      marks,
      inOrder: new Set([...full.inOrder, ...half.inOrder]),
      killedAt: new Map(),
      givenUpAt: fleet.givenUp(),
    });
    const [heap, resident] = [grown(watched.heap), grown(watched.resident)];
    const tables = [...watched.tables].map(([table, rows]) => ({ table, ...growthOf(rows) })).filter(({ last }) => last > fewRows);
    return {
      amounts: { 'seconds of it': [seconds, wholeSeconds] },
      figures: {
        'runs a second': Math.round(perSecond * 10) / 10,
        runs: half.marks.size,
        steps: half.steps,
        'kept for (s)': keptSeconds,
        'heap after a collection, of the worker that grows fastest': heap.text,
        'resident memory, of the worker that grows fastest': resident.text,
        'rows at most in the last quarter, and in the second': tables
          .map(({ table, last, second }) => `${table} ${last} and ${second}`)
          .join(', '),
        'bodies begun again': judged.repeated,
        'workers given up': fleet.givenUp().size,
      },
      violations: [
        ...full.violations,
        ...half.violations,
        ...judged.violations,
        ...fleet.exits(),
        ...open.flatMap(({ data }) => data.map(({ runId }) => `${runId} is stuck`)),
        ...tables.flatMap(({ table, last, second }) =>
          last > mostRowsMore * Math.max(second, fewRows) ? [`${table} is not bounded: ${last} rows after ${second}`] : [],
        ),
      ],
      missed: [
        ...(heap.verdict ? [`heap that grows by 1 % an hour at most: ${heap.verdict} (${heap.text})`] : []),
        ...(resident.verdict ? [`resident memory that grows by 1 % an hour at most: ${resident.verdict} (${resident.text})`] : []),
      ],
      notes: [
        `a table counts as bounded where the last quarter has at most ${Math.round((mostRowsMore - 1) * 100)} % more rows than the second: what is deleted comes and goes`,
        `memory is the straight line through the least of each ${perLow} of ${samples} measurements, without the first quarter; workers have a heap of ${heapMiB} MiB at most`,
      ],
    };
  } finally {
    await place.close();
  }
}

/** Of the worker whose memory grows fastest, after its caches and its code have been warmed, and what can be said of all of them. */
function grown(byWorker: ReadonlyMap<string, readonly Sample[]>): { readonly verdict: string | undefined; readonly text: string } {
  const trends = [...byWorker.values()].map((all) => trendOf(lows(all.slice(Math.floor(all.length / 4)))));
  const worst = trends.toSorted((a, b) => b.perHour - a.perHour)[0] ?? { mean: 0, perHour: 0, error: 0 };
  const percent = (ratio: number) => (ratio * 100).toFixed(1);
  const grows = trends.some(({ perHour, error }) => perHour - 2 * error > mostPerHour);
  const mayGrow = ({ perHour, error }: Trend) => perHour + 2 * error > mostPerHour;
  return {
    verdict: grows ? 'it grows by more' : trends.some(mayGrow) ? 'not decided, it may be chance' : undefined,
    text: `${(worst.mean / mebibyte).toFixed(1)} MiB, ${percent(worst.perHour)} % an hour (standard error ${percent(worst.error)})`,
  };
}

/** What a process holds is the least of what it was seen to have: the rest comes and goes. */
function lows(all: readonly Sample[]): Sample[] {
  const groups = Array.from({ length: Math.floor(all.length / perLow) }, (_, index) => all.slice(index * perLow, (index + 1) * perLow));
  return groups.map((group) => group.reduce((least, sample) => (sample.value < least.value ? sample : least)));
}

function growthOf(rows: readonly number[]): { readonly second: number; readonly last: number } {
  const quarter = Math.floor(rows.length / 4);
  const most = (from: number) => Math.max(...rows.slice(from, from + quarter));
  return { second: most(quarter), last: most(3 * quarter) };
}
