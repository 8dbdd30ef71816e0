import { type Command, Option } from 'commander';
import { addCommand, addGroup, type End } from './add-command.ts';
import type { RunFilter } from '../operate/list-runs.ts';
import { parseInstant, parseLimit } from './parse-arguments.ts';
import type { Session } from './session.ts';

const statuses = ['pending', 'running', 'waiting', 'completed', 'failed', 'cancelled'] satisfies RunFilter['status'][];
const kinds = ['code', 'flow'] satisfies RunFilter['kind'][];

/** `pawl runs …`. */
export function addRunCommands(program: Command, session: Session, end: End): void {
  const runs = addGroup(program, 'runs', {
    description: 'Look at runs, follow, cancel and retry them.',
    example: 'pawl runs list --status failed',
  });

  addCommand(runs, 'list', { description: 'List runs, newest first.', example: 'pawl runs list --status failed --limit 50' })
    .addOption(new Option('--status <status>', 'only these').choices(statuses))
    .addOption(new Option('--kind <kind>', 'only these').choices(kinds))
    .option('--workflow <text>', 'only those with this text in the name of the workflow')
    .option('--tenant <id>', 'only those of this tenant')
    .option('--since <instant>', 'only those created at or after it, as 2026-01-31T12:00:00Z', parseInstant)
    .option('--limit <count>', 'how many at most', parseLimit, 20)
    .option('--cursor <cursor>', 'go on after the page that named it')
    .action(async (options) => end(await (await import('./runs-list.ts')).runsList(session, options)));

  addCommand(runs, 'show <run>', {
    description: 'Show a run, what it was given and gave, its steps and its log.',
    example: 'pawl runs show wrun_01JD7M5Z8Q4B2N6V9X3C1T0RKE --json',
  }).action(async (runId: string, options) => end(await (await import('./runs-show.ts')).runsShow(session, runId, options)));

  addCommand(runs, 'tail <run>', {
    description: 'Print the log of a run while it grows, until the run is over; exit code 3 if it did not complete.',
    example: 'pawl runs tail wrun_01JD7M5Z8Q4B2N6V9X3C1T0RKE',
  })
    .option('--stream <name>', 'one of its streams instead of its log')
    .action(async (runId: string, options) => end(await (await import('./runs-tail.ts')).runsTail(session, runId, options)));

  addCommand(runs, 'cancel <run>', {
    description: 'Cancel a run, and the children of a flow; what has begun is undone only by the `onCancel` of a flow.',
    example: 'pawl runs cancel wrun_01JD7M5Z8Q4B2N6V9X3C1T0RKE',
  })
    .option('--reason <text>', 'why, for the log')
    .action(async (runId: string, options) => end(await (await import('./runs-cancel.ts')).runsCancel(session, runId, options)));

  addCommand(runs, 'retry <run>', {
    description: 'Start a new run in the place of one that ended: a flow goes on where it stopped, code begins anew.',
    example: 'pawl runs retry wrun_01JD7M5Z8Q4B2N6V9X3C1T0RKE --from-step charge',
  })
    .option('--from-step <step>', 'of a flow: an earlier step to go on from')
    .option('--anew', 'of a flow: from its first step, with the same input')
    .action(async (runId: string, options) => end(await (await import('./runs-retry.ts')).runsRetry(session, runId, options)));
}
