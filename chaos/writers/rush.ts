import type { World } from '@workflow/world';
import { canonicalJson } from '../../src/flow/canonical-json.ts';
import { createModel, type Operation, requestOf } from '../../src/testing/contract/model.ts';
import { newRunId, newToken } from '../../src/testing/ids.ts';
import { brokenLogRules } from '../../src/testing/log-rules.ts';
import { projectLog } from '../../src/testing/project-log.ts';
import { readEntities } from '../../src/testing/read-entities.ts';
import { readLog } from '../../src/testing/read-log.ts';
import type { Random } from '../../test/e2e/support/random.ts';
import { type Answer, brokenAnswers } from './broken-answers.ts';

const types: readonly [Operation['type'], ...Operation['type'][]] = [
  'step_created',
  'step_created',
  'step_started',
  'step_started',
  'step_completed',
  'step_completed',
  'step_failed',
  'step_retrying',
  'hook_created',
  'hook_received',
  'hook_received',
  'hook_received',
  'hook_disposed',
  'wait_created',
  'wait_completed',
  'run_started',
];
const ends: readonly [Operation['type'], ...Operation['type'][]] = ['run_completed', 'run_failed', 'run_cancelled'];

export interface HowToRush {
  readonly compareRows: boolean;
  /** Whether a World says no with this error, to a valid call that came too early, too late or twice. */
  readonly isRefusal: (error: unknown) => boolean;
}

export interface Rushed {
  readonly calls: number;
  readonly refused: number;
  /** What makes the log one that a replay cannot trust; empty: it is whole. */
  readonly broken: readonly string[];
  /** What the log does not have as its writers were told. */
  readonly untrue: readonly string[];
  /** What calls failed with that is no refusal. */
  readonly unexpected: readonly string[];
}

/** Many writers to one run: some dozen calls at the same time through all of the Worlds, with an end of the run among the last of them. */
export async function rush(worlds: readonly World[], random: Random, { compareRows, isRefusal }: HowToRush): Promise<Rushed> {
  const [runId, other] = [newRunId(), newRunId()];
  const model = createModel([runId, other], [newToken(), newToken()]);
  let [calls, refused] = [0, 0];
  const answers: Answer[] = [];
  const unexpected: string[] = [];
  const call = async (type: Operation['type']) => {
    const operation: Operation = { type, run: 0, id: random.between(0, 2), form: random.between(0, 3) };
    const world = random.pick(worlds as [World, ...World[]]);
    calls += 1;
    try {
      const { event } = await world.events.create(runId, requestOf(operation, model) as never);
      answers.push({ type, eventId: event?.eventId });
    } catch (error) {
      if (isRefusal(error)) refused += 1;
      else unexpected.push(`${type} failed: ${describe(error)}`);
    }
  };
  await call('run_created');
  for (let round = 0; round < 3; round += 1) {
    const burst = Array.from({ length: random.between(5, 14) }, () => random.pick(types));
    if (round === 2) burst.splice(random.between(0, burst.length), 0, random.pick(ends), random.pick(ends));
    await Promise.all(burst.map(call));
  }
  const [first, ...others] = await Promise.all(worlds.map((world) => readLog(world, runId)));
  const log = first ?? [];
  const broken = [...brokenLogRules(log)];
  const text = JSON.stringify(log);
  if (others.some((seen) => JSON.stringify(seen) !== text)) broken.push('two readers see different logs');
  if (compareRows) {
    const [said, stored] = [projectLog(log), await readEntities(worlds[0] as World, runId)];
    if (canonicalJson(said) !== canonicalJson(stored))
      broken.push(`the log says ${canonicalJson(said)}, the rows ${canonicalJson(stored)}`);
  }
  const ofRun = (rules: readonly string[]) => rules.map((rule) => `${runId}: ${rule}`);
  return { calls, refused, broken: ofRun(broken), untrue: ofRun(brokenAnswers(answers, log)), unexpected: ofRun(unexpected) };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `${String(error)} was thrown, which is no error`;
  const { status = 'no status' } = error as { status?: unknown };
  return `${error.name} (${String(status)}) ${error.message.slice(0, 300)}`;
}
