import { explainRun } from '../operate/explain-run.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { type Session, withOperator } from './session.ts';
import { printableText } from './table.ts';

export interface ExplainOptions {
  readonly json?: boolean;
}

/** Says in one paragraph what a run does or waits for, and what to do if it should not. */
export async function explain(session: Session, runId: string, { json = false }: ExplainOptions): Promise<ExitCode> {
  return await withOperator(session, async (operator) => {
    const { text, facts } = await explainRun(operator, runId);
    session.out(json ? JSON.stringify({ runId, text, facts }) : printableText(text));
    return exitCodes.done;
  });
}
