import { loadDriver } from '../../src/sqlite/driver.ts';
import { Random } from '../../test/e2e/support/random.ts';
import { codePrograms } from '../load/code-programs.ts';
import { Fleet } from '../load/fleet.ts';
import { judge } from '../load/judge.ts';
import { readBodies } from '../load/ledger.ts';
import { monotonic, pause } from '../load/monotonic.ts';
import { openPlaceWithFlows, type Place, type StoreName } from '../load/places.ts';
import { mixed } from '../load/program.ts';
import { quantile, shownQuantile } from '../load/quantile.ts';
import { Traffic } from '../load/traffic.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';

const workers = 3;
// A kill comes sooner than a process is loaded on two cores.
const spares = 2;
// 20,000 runs while 1,000 workers are killed, which takes longer where the database is a process too.
const runsPerSecond = { sqlite: 17, postgres: 12 };

interface Plan {
  readonly store: StoreName;
  readonly leaseMs: number;
  readonly whole: { readonly kills: number; readonly runs: number; readonly steps: number };
}

/** R1, and with the same evidence R2 and R3. */
export function kills(store: StoreName): Target {
  const plan = { store, leaseMs: 1_000, whole: { kills: 1_000, runs: 20_000, steps: 100_000 } };
  // One start of a server is enough for `npm test`: that of R4.
  return { id: `R1-${store}`, ...about(plan), ...(store === 'sqlite' ? { shortScale: 0.001 } : {}) };
}

/** R3 as an installation has it that sets nothing. */
export function killsAtDefaultLease(store: StoreName): Target {
  return { id: `R3-${store}`, ...about({ store, leaseMs: 10_000, whole: { kills: 100, runs: 500, steps: 2_500 } }) };
}

function about(plan: Plan): Pick<Target, 'fault' | 'want' | 'run'> {
  const where = plan.store === 'sqlite' ? 'one SQLite file' : 'PostgreSQL';
  return {
    fault: `SIGKILL of a random worker of ${workers} every 0.5 to 2 s, on ${where} (lease ${plan.leaseMs / 1_000} s)`,
    want: 'no run lost, no recorded result lost or doubled; a body begun again only for a kill that hit it (R2); recovery p99 within lease + 2 s (R3)',
    run: (job) => run(plan, job),
  };
}

async function run({ store, leaseMs, whole }: Plan, { seed, scale, scratch, say }: Job): Promise<Findings> {
  const place = await openPlaceWithFlows(store, scratch, { WORKFLOW_PAWL_LEASE_MS: String(leaseMs) });
  const { stage, reader, flows } = place;
  try {
    const random = new Random(seed);
    const goal = { kills: part(whole.kills, scale), runs: part(whole.runs, scale) };
    const producer = await stage.startHost('producer');
    const fleet = new Fleet(stage, random, { spares: Math.min(spares, goal.kills - 1) });
    await fleet.start(workers);
    let killed = 0;
    const beganAt = monotonic();
    let lastKillAt = beganAt;
    const enough = (started: number) => started >= goal.runs && killed >= goal.kills;
    const traffic = new Traffic({
      programs: mixed(codePrograms(producer.api), flows),
      reader,
      random: new Random(seed + 1),
      parallel: 60,
      perSecond: runsPerSecond[store],
      enough,
    });
    let failed = false;
    const killing = (async () => {
      for (; killed < goal.kills && !failed; killed += 1) {
        // A machine that is busy loads processes more slowly than that: kills without anyone left to take over would only try its patience.
        await Promise.all([pause(random.between(500, 2_000)), fleet.spareReady()]);
        await fleet.killOne();
        lastKillAt = monotonic();
        if (killed % 50 === 49) say(`${killed + 1} kills, ${traffic.marks.size} runs, ${traffic.steps} steps`);
      }
    })();
    const load = traffic.run().catch((error: unknown) => {
      failed = true;
      throw error;
    });
    await Promise.all([load, killing]);

    const bodies = await readBodies(stage);
    const { violations, repeated, recoveries, slowRecoveries } = judge({
      bodies,
      marks: traffic.marks,
      inOrder: traffic.inOrder,
      killedAt: fleet.killedAt,
      givenUpAt: fleet.givenUp(),
    });
    const p99 = quantile(recoveries, 0.99);
    return {
      amounts: { kills: [killed, whole.kills], runs: [traffic.marks.size, whole.runs], steps: [traffic.steps, whole.steps] },
      figures: {
        'between two kills, on average (ms)': Math.round((lastKillAt - beganAt) / killed),
        'other workers at work at a kill, on average': mean(fleet.othersAtWork),
        'bodies begun again': repeated,
        'steps that a kill cost their end': recoveries.length + slowRecoveries.length,
        'of them started once more before their body began, counted apart': slowRecoveries.length,
        'recovery p50 (ms)': shownQuantile(recoveries, 0.5),
        'recovery p99 (ms)': shownQuantile(recoveries, 0.99),
        'recovery at most (ms)': shownQuantile(recoveries, 1),
        'recovery p99 with those counted apart (ms)': shownQuantile([...recoveries, ...slowRecoveries], 0.99),
        'a run took p50 (ms)': shownQuantile(traffic.tookMs, 0.5),
        'a run took p99 (ms)': shownQuantile(traffic.tookMs, 0.99),
        'a run took at most (ms)': shownQuantile(traffic.tookMs, 1),
        'longer than lease + 2 s': recoveries.filter((ms) => ms > leaseMs + 2_000).length,
        'healthy workers given up': fleet.givenUp().size,
      },
      violations: [...fleet.exits(), ...traffic.violations, ...violations, ...(await damage(place))],
      ...(p99 > leaseMs + 2_000 ? { missed: [`recovery p99 of lease + 2 s: it was ${Math.round(p99)} ms`] } : {}),
    };
  } finally {
    await place.close();
  }
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Whether the file is whole. */
async function damage({ file }: Place): Promise<string[]> {
  if (file === undefined) return [];
  const database = (await loadDriver())(file, { readOnly: true });
  try {
    const rows = [...database.prepare('pragma integrity_check').all(), ...database.prepare('pragma foreign_key_check').all()];
    return rows.flatMap((row) => (row['integrity_check'] === 'ok' ? [] : [`the file is damaged: ${JSON.stringify(row)}`]));
  } finally {
    database.close();
  }
}
