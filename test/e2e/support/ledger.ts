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

/** The body executions of each step, under the id of its run and its own. */
export function groupBySteps(executions: readonly LedgerLine[]): Map<string, Map<string, LedgerLine[]>> {
  const runs = new Map<string, Map<string, LedgerLine[]>>();
  for (const line of executions) {
    const steps = runs.get(line.runId) ?? new Map<string, LedgerLine[]>();
    runs.set(line.runId, steps);
    steps.set(line.stepId, [...(steps.get(line.stepId) ?? []), line]);
  }
  return runs;
}
