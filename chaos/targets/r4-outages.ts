import type { ScratchPostgres } from '../../src/testing/scratch-postgres.ts';
import { Random } from '../../test/e2e/support/random.ts';
import { asAdmin } from '../../test/support/postgres-schema.ts';
import { codePrograms } from '../load/code-programs.ts';
import { Fleet } from '../load/fleet.ts';
import { judge } from '../load/judge.ts';
import { readBodies } from '../load/ledger.ts';
import { monotonic, pause } from '../load/monotonic.ts';
import { openPlaceWithFlows } from '../load/places.ts';
import { type Disturbance, measurableMs, recoveryTimes, restMs } from '../load/recovery-times.ts';
import { mixed } from '../load/program.ts';
import { quantile, shownQuantile } from '../load/quantile.ts';
import { Traffic } from '../load/traffic.ts';
import { hoardConnections, lockEverything, standStill } from '../load/disturb.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';

const restarts = 200;
const terminations = 600;

export const outages: Target = {
  id: 'R4',
  fault: 'PostgreSQL stopped at once (`-m immediate`) and started again, also within a second of having come back',
  want: 'no run lost, no recorded step repeated, and no other but for a result that could not be recorded meanwhile; no worker exits, 95 % of the throughput back within 5 s (19 of 20 times)',
  shortScale: 0.005,
  async run(job) {
    const count = part(restarts, job.scale);
    const { findings, disturbed } = await underLoad(job, async (server, random, during) => {
      for (let restart = 0; restart < count; restart += 1) {
        // Half of them are followed by enough calm to see the throughput come back; a rest now and then shows what it is like without any.
        await pause(restart % 20 === 19 ? restMs : random.between(3_000, 2 * measurableMs - 3_000) * hurry(job));
        await during('a restart', () => restartServer(server, random.pick([0, 100, 1_000])));
        if (random.chance(0.2)) {
          await pause(random.between(0, 1_000));
          await during('a restart after a restart', () => restartServer(server, 0));
        }
        if (restart % 20 === 19) job.say(`${restart + 1} restarts`);
      }
    });
    return { ...findings, amounts: { restarts: [disturbed, restarts], ...findings.amounts } };
  },
};

export const disturbances: Target = {
  id: 'R5',
  fault:
    'PostgreSQL: every connection terminated each second, all connections taken, every row of runs locked by an idle session, all open sessions stopped (SIGSTOP)',
  want: 'no run lost, no recorded step repeated, and no other but for a result that could not be recorded meanwhile; no worker exits',
  async run(job) {
    const seconds = part(terminations, job.scale);
    const stallMs = Math.max(2_000, 60_000 * Math.min(1, job.scale * 10));
    const { findings } = await underLoad(job, async (server, _, during) => {
      const andCalm = async (what: string, act: () => Promise<void>) => {
        await during(what, act);
        job.say(`over: ${what}`);
        await pause(restMs * hurry(job));
      };
      for (let second = 0; second < seconds; second += 1) {
        await pause(1_000);
        await during('a termination', () => terminateAll(server));
      }
      job.say(`over: ${seconds} s of terminations`);
      await pause(restMs * hurry(job));
      await andCalm('all connections taken', async () => job.say(`${await hoardConnections(server.url, 3_000)} connections taken`));
      await andCalm('every run locked', () => lockEverything(server.url, 4_000));
      await andCalm('all sessions stopped', () => standStill(server.url, stallMs));
    });
    const figures = { ...findings.figures, 'stall of all sessions (s)': stallMs / 1_000 };
    return { ...findings, amounts: { 'seconds of terminations': [seconds, terminations], ...findings.amounts }, figures };
  },
};

async function restartServer(server: ScratchPostgres, awayMs: number): Promise<void> {
  await server.crash();
  await pause(awayMs);
  await server.start();
}

async function terminateAll({ url }: ScratchPostgres): Promise<void> {
  await asAdmin(
    url,
    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
  );
}

/** Notes from when to when something was done to the server. */
type During = (what: string, act: () => Promise<void>) => Promise<void>;

/** Two workers and a load that goes on while the server is disturbed, and some seconds longer; then everything must have ended well. */
async function underLoad(job: Job, disturb: (server: ScratchPostgres, random: Random, during: During) => Promise<void>) {
  const { seed, scratch } = job;
  const place = await openPlaceWithFlows('postgres', scratch, { WORKFLOW_PAWL_LEASE_MS: '3000' });
  const { stage, server, reader, flows } = place;
  if (!server) throw new Error('There is no server to disturb.');
  try {
    const random = new Random(seed);
    const producer = await stage.startHost('producer');
    const fleet = new Fleet(stage, random);
    await fleet.start(2);
    let over = false;
    const traffic = new Traffic({
      programs: mixed(codePrograms(producer.api), flows),
      reader,
      random: new Random(seed + 1),
      parallel: 12,
      mayBeRefused: true,
      enough: () => over,
    });
    const suffered: Disturbance[] = [];
    const during: During = async (what, act) => {
      const began = monotonic();
      await act();
      suffered.push({ what, began, over: monotonic() });
    };
    const disturbing = (async () => {
      await pause(restMs * hurry(job));
      await disturb(server, random, during);
      await pause(restMs * hurry(job));
    })().finally(() => (over = true));
    await Promise.all([traffic.run(), disturbing]);

    const bodies = await readBodies(stage);
    const { violations, repeated } = judge({
      bodies,
      marks: traffic.marks,
      inOrder: traffic.inOrder,
      killedAt: new Map(),
      givenUpAt: fleet.givenUp(),
      disturbed: suffered,
    });
    const starts = bodies.map(({ at }) => at).toSorted((a, b) => a - b);
    const recoveries = recoveryTimes(starts, suffered);
    const backAfter = recoveries.map(({ ms }) => ms);
    const slowest = recoveries.toSorted((a, b) => b.ms - a.ms)[0];
    const findings: Findings = {
      amounts: {},
      figures: {
        runs: traffic.marks.size,
        steps: traffic.steps,
        'bodies begun again': repeated,
        'starts refused while it was away': traffic.refused,
        'looked at the throughput after': backAfter.length,
        'back to 95 % of it after, p50 (ms)': shownQuantile(backAfter, 0.5),
        'p95 (ms)': shownQuantile(backAfter, 0.95),
        ...(slowest ? { 'at most (ms)': `${Math.round(slowest.ms)}, after ${slowest.from}` } : {}),
        'workers given up': fleet.givenUp().size,
      },
      ...(quantile(backAfter, 0.95) > 5_000
        ? { missed: [`95 % of the throughput back within 5 s: p95 was ${Math.round(quantile(backAfter, 0.95))} ms`] }
        : {}),
      violations: [...fleet.exits(), ...traffic.violations, ...violations],
    };
    return { findings, disturbed: suffered.length };
  } finally {
    await place.close();
  }
}

/** A short form has no time to measure throughput in. */
function hurry({ scale }: Job): number {
  return scale < 0.01 ? 0.1 : 1;
}
