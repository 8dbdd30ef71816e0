import type { Host } from '../../test/e2e/support/host.ts';
import { Random } from '../../test/e2e/support/random.ts';
import { pawl } from '../../test/e2e/support/sqlite-world.ts';
import { codePrograms } from '../load/code-programs.ts';
import { givenUp } from '../load/given-up.ts';
import { judge } from '../load/judge.ts';
import { readBodies } from '../load/ledger.ts';
import { monotonic, pause } from '../load/monotonic.ts';
import { openPlace, type Place, type StoreName } from '../load/places.ts';
import { Traffic } from '../load/traffic.ts';
import { awaitEnd } from '../parked/await-end.ts';
import type { Parked } from '../parked/parked.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';
import { previousVersion, type Version } from '../upgrade/previous-version.ts';

const wholeRolls = 20;
const workers = 2;
const patienceMs = 120_000;

/** R13 with workers of both versions on one database. */
export function rolling(store: StoreName): Target {
  return {
    id: `R13-${store}`,
    fault: `${workers} workers replaced one after the other by the next version and back, on ${store === 'sqlite' ? 'SQLite' : 'PostgreSQL'}: drained, one in four killed; runs parked throughout`,
    want: 'both versions work side by side; every run finishes, whichever of them began it',
    run: (job) => run(store, job),
  };
}

async function run(store: StoreName, { seed, scale, scratch, say, previous }: Job): Promise<Findings> {
  const rolls = part(wholeRolls, scale);
  const before = await previousVersion(store, previous);
  if (!before) {
    return {
      amounts: { 'rolls up and back': [0, wholeRolls] },
      figures: {},
      violations: [],
      missed: ['there is no version before this one'],
    };
  }
  const place = await openPlace(store, scratch, { WORKFLOW_PAWL_LEASE_MS: '1000' });
  try {
    const { reader } = place;
    const random = new Random(seed);
    const now: Version = { name: 'now', entry: pawl };
    const crew = new Crew(place, random);
    // The database is made by the version before.
    const producers = [await crew.launch('producer', before), await crew.launch('producer', now)] as const;
    await crew.start(before);
    let over = false;
    const lines = producers.map(
      ({ api }, index) =>
        new Traffic({
          programs: codePrograms(api, `p${index}`),
          reader,
          random: new Random(seed + index),
          parallel: 4,
          perSecond: 3,
          enough: () => over,
        }),
    );
    const parked: Parked[] = [];
    const answered = new Set<string>();
    const rollAll = async () => {
      for (let roll = 0; roll < rolls; roll += 1) {
        for (const [way, version] of [before, now, before].entries()) {
          if (way > 0) for (let index = 0; index < workers; index += 1) await crew.replace(index, version);
          // Those of the last time are answered now, by another version than the one that parked them.
          await answer(producers[way % 2]?.api, parked, answered);
          await park(producers[(way + 1) % 2]?.api, `r${roll}-${way}`, parked);
          await pause(2_000);
        }
        say(`${roll + 1} rolls up and back`);
      }
      await answer(producers[0].api, parked, answered);
    };
    await Promise.all([rollAll().finally(() => (over = true)), ...lines.map((line) => line.run())]);
    const faults = (await Promise.all(parked.map((one) => awaitEnd(reader, one, { patienceMs })))).flat();

    const bodies = await readBodies(place.stage);
    const marks = new Map(lines.flatMap((line) => [...line.marks]));
    for (const { runId, steps } of parked) {
      marks.set(runId, steps === 0 ? [] : (await resultOf(producers[1].api, runId)).slice(0, steps));
    }
    const { violations, repeated } = judge({
      bodies,
      marks,
      inOrder: new Set([...parked.map(({ runId }) => runId), ...lines.flatMap((line) => [...line.inOrder])]),
      killedAt: crew.killedAt,
      givenUpAt: crew.givenUp(),
    });
    return {
      amounts: { 'rolls up and back': [rolls, wholeRolls] },
      figures: {
        'the version before': before.name,
        'workers replaced': crew.replaced,
        'of them killed': crew.killedAt.size,
        'parked runs': parked.length,
        'other runs': marks.size - parked.length,
        'bodies begun again': repeated,
        'workers given up': crew.givenUp().size,
      },
      violations: [...crew.exits(), ...faults, ...lines.flatMap((line) => line.violations), ...violations],
      notes:
        previous === undefined ? ['where there is no release yet, the version before is the oldest commit with the schema of now'] : [],
    };
  } finally {
    await place.close();
  }
}

/** Workers of any version on one database. */
class Crew {
  readonly killedAt = new Map<string, number>();
  replaced = 0;
  readonly #place: Place;
  readonly #random: Random;
  readonly #hosts: Host[] = [];
  readonly #all: Host[] = [];
  readonly #dismissed = new Set<Host>();

  constructor(place: Place, random: Random) {
    this.#place = place;
    this.#random = random;
  }

  async launch(role: 'worker' | 'producer', { entry }: Version): Promise<Host> {
    const host = await this.#place.stage.startHost(role, { WORKFLOW_TARGET_WORLD: entry });
    this.#all.push(host);
    return host;
  }

  async start(version: Version): Promise<void> {
    while (this.#hosts.length < workers) this.#hosts.push(await this.launch('worker', version));
  }

  async replace(index: number, version: Version): Promise<void> {
    const old = this.#hosts[index] as Host;
    this.#hosts[index] = await this.launch('worker', version);
    this.replaced += 1;
    if (old.isRunning) this.#dismissed.add(old);
    if (this.#random.chance(0.75)) return await old.stop();
    this.killedAt.set(old.id, monotonic());
    await old.kill();
  }

  givenUp(): Map<string, readonly number[]> {
    return givenUp(this.#all);
  }

  /** What must not happen: a host that ended although nobody sent it away. */
  exits(): string[] {
    return this.#all.filter((host) => !host.isRunning && !this.#dismissed.has(host)).map(({ id }) => `${id} exited by itself`);
  }
}

type Api = Host['api'] | undefined;

async function resultOf(api: Host['api'], runId: string): Promise<readonly string[]> {
  const result = await api.result(runId);
  // A run that did not end well is told already.
  return result.ok ? (result.value as string[]) : [];
}

/** Runs that wait: for an answer, for a time that comes when another version is at work, and in the middle of their steps. */
async function park(api: Api, name: string, parked: Parked[]): Promise<void> {
  const start = async (workflow: string, args: readonly unknown[], steps: number, token?: string) => {
    const runId = await api?.start(`load//${workflow}`, args);
    parked.push({ runId: String(runId), workflow, steps, ...(token === undefined ? {} : { token }) });
  };
  await start('nap', [9_000], 0);
  await start('rest', [[1, 1, 1], 4_000], 3);
  await start('walk', [[1, 3_000, 1, 3_000]], 4);
  await start('listen', [[1, 1], name], 2, name);
}

async function answer(api: Api, parked: readonly Parked[], answered: Set<string>): Promise<void> {
  const deadline = monotonic() + patienceMs;
  for (const { token } of parked) {
    if (token === undefined || answered.has(token)) continue;
    answered.add(token);
    for (;;) {
      try {
        await api?.resume(token, { word: token });
        break;
      } catch (error) {
        if (monotonic() > deadline) throw error;
        await pause(200);
      }
    }
  }
}
