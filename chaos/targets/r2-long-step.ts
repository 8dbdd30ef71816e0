import type { WorkflowRunStatus } from '@workflow/world';
import { isTerminal } from '../../src/world/rows.ts';
import { Random } from '../../test/e2e/support/random.ts';
import { codePrograms } from '../load/code-programs.ts';
import { Fleet } from '../load/fleet.ts';
import { judge } from '../load/judge.ts';
import { readBodies } from '../load/ledger.ts';
import { monotonic, pause } from '../load/monotonic.ts';
import { openPlace } from '../load/places.ts';
import { Traffic } from '../load/traffic.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';

const bodySeconds = 900;
const workers = 2;
const patienceMs = 60_000;

export const longStep: Target = {
  id: 'R2',
  fault: `none: a step whose body takes 15 minutes, beside other work on ${workers} workers (SQLite, the default lease of 10 s)`,
  want: 'its body runs once, and so does every other: a healthy worker keeps what it has',
  run,
};

async function run({ seed, scale, scratch, say }: Job): Promise<Findings> {
  const seconds = part(bodySeconds, scale);
  const place = await openPlace('sqlite', scratch, {});
  const { stage, reader } = place;
  try {
    const producer = await stage.startHost('producer');
    const fleet = new Fleet(stage, new Random(seed));
    await fleet.start(workers);
    let over = false;
    const traffic = new Traffic({
      programs: codePrograms(producer.api),
      reader,
      random: new Random(seed + 1),
      parallel: 4,
      enough: () => over,
      pauseMs: 500,
    });
    const runId = await producer.api.start('load//walk', [[5, seconds * 1_000, 5]]);
    const watching = (async () => {
      const deadline = monotonic() + seconds * 1_000 + patienceMs;
      let status: WorkflowRunStatus;
      do {
        await pause(500);
        ({ status } = await reader.runs.get(runId, { resolveData: 'none' }));
      } while (!isTerminal(status) && monotonic() < deadline);
      say(`the run with the long step is ${status}; ${traffic.marks.size} others ended beside it`);
      return status;
    })().finally(() => (over = true));
    const [status] = await Promise.all([watching, traffic.run()]);

    const result = status === 'completed' ? await producer.api.result(runId) : undefined;
    const marks = new Map(traffic.marks);
    if (result?.ok) marks.set(runId, result.value as string[]);
    const bodies = await readBodies(stage);
    const own = bodies.filter((body) => body.runId === runId);
    const { violations, repeated } = judge({ bodies, marks, inOrder: traffic.inOrder, killedAt: new Map(), givenUpAt: new Map() });
    const faults = [
      ...(status === 'completed' ? [] : [`the run with the long step is ${status}`]),
      ...(own.length === 3 ? [] : [`its 3 steps had ${own.length} bodies`]),
      ...fleet.exits(),
    ];
    return {
      amounts: { 'seconds of one body': [seconds, bodySeconds] },
      figures: {
        'bodies of the long step': own.length - 2,
        'runs beside it': traffic.marks.size,
        'steps beside it': traffic.steps,
        'bodies begun again': repeated,
        'workers given up': fleet.givenUp().size,
      },
      violations: [...faults, ...traffic.violations, ...violations],
    };
  } finally {
    await place.close();
  }
}
