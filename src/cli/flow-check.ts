import type { HandlerRegistry } from '../flow/ports.ts';
import type { FlowProblem } from '../flow/types.ts';
import { validateFlow } from '../flow/validate.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { loadHandlers } from './load-handlers.ts';
import { statusCell } from './paint.ts';
import { readFlowFile } from './read-flow-file.ts';
import type { Session } from './session.ts';
import { renderTable } from './table.ts';

export interface FlowCheckOptions {
  readonly handlers?: string;
  readonly json?: boolean;
}

export interface CheckedFlow {
  readonly file: string;
  readonly problems: readonly FlowProblem[];
  /** Types of handlers that are not known here: a worker must have them. */
  readonly handlersElsewhere: readonly string[];
}

/** Says everything that is wrong with flows in files; opens no database. The answer is no if anything is. */
export async function flowCheck(
  session: Session,
  files: readonly string[],
  { handlers, json = false }: FlowCheckOptions,
): Promise<ExitCode> {
  const registry = await loadHandlers(handlers);
  const checked: CheckedFlow[] = [];
  for (const file of files)
    checked.push({ file, ...checkDefinition(await readFlowFile(file), registry, { strict: handlers !== undefined }) });
  const valid = checked.every(({ problems }) => problems.length === 0);
  if (json) session.out(JSON.stringify({ valid, flows: checked }));
  else session.out(checked.map((one) => renderChecked(session, one)).join('\n\n'));
  return valid ? exitCodes.done : exitCodes.no;
}

/** Handlers that nobody named here may be known to the workers, so without `strict` they are no problem. */
export function checkDefinition(
  definition: unknown,
  handlers: HandlerRegistry,
  { strict }: { readonly strict: boolean },
): Omit<CheckedFlow, 'file'> {
  const all = validateFlow(definition, { handlers });
  const unknown = new Set(validateFlow(definition).map(({ pointer, message }) => `${pointer} ${message}`));
  const isElsewhere = ({ pointer, message }: FlowProblem) =>
    /^\/steps\/[^/]+\/type$/.test(pointer) && message.startsWith('there is no handler') && !unknown.has(`${pointer} ${message}`);
  const elsewhere = strict ? [] : all.filter(isElsewhere);
  return {
    problems: all.filter((problem) => !elsewhere.includes(problem)),
    handlersElsewhere: [...new Set(elsewhere.map(({ message }) => /"(.*)"/.exec(message)?.[1] ?? ''))],
  };
}

function renderChecked(session: Session, { file, problems, handlersElsewhere }: CheckedFlow): string {
  const status = problems.length === 0 ? 'ok' : 'failed';
  const rows = problems.map(({ pointer, message }) => [pointer || '/', message]);
  const notes = handlersElsewhere.map((type) => [`type "${type}"`, 'no built-in handler: a worker must have it (--handlers checks it)']);
  return renderTable([file, statusCell(status, session)], [...rows, ...notes]);
}
