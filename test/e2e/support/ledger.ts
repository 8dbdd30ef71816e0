import { readFile } from 'node:fs/promises';

/** One line of the append-only file into which step bodies write that they have begun. */
export interface LedgerLine {
  readonly runId: string;
  readonly stepId: string;
  readonly stepName: string;
  readonly attempt: number;
  readonly pid: number;
  readonly host: string;
  readonly note?: string;
}

/** The body executions of a run, or of all runs, in the order in which they began. */
export async function readLedger(path: string, runId?: string): Promise<LedgerLine[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  const executions = lines.map((line) => JSON.parse(line) as LedgerLine);
  return runId === undefined ? executions : executions.filter((line) => line.runId === runId);
}

/** How often each step was executed. */
export function countByStep(executions: readonly LedgerLine[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { runId, stepId } of executions) {
    const step = `${runId} ${stepId}`;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return counts;
}
