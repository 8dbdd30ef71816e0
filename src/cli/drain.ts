import type { OpenRuns } from '../world/port.ts';
import type { WorkerRow } from '../world/rows.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { formatRoughly } from '../base/duration.ts';
import { type Session, withStore } from './session.ts';
import { renderTable } from './table.ts';

export interface DrainOptions {
  readonly deployment?: string;
  readonly json?: boolean;
}

interface Deployment {
  readonly deploymentId: string;
  readonly current: boolean;
  readonly pending: number;
  readonly running: number;
  readonly oldestCreatedAt: number | null;
  readonly workers: number;
}

/** Says what still waits for a build other than the current one; the answer is no while anything does. */
export async function drain(session: Session, { deployment, json = false }: DrainOptions): Promise<ExitCode> {
  return await withStore(session, async (store, settings) => {
    const current = deployment ?? settings.deploymentId;
    const deployments = summarise(await store.countOpenRuns(), await store.listWorkers(), current);
    const waiting = deployments.filter((each) => !each.current).reduce((sum, { pending, running }) => sum + pending + running, 0);
    const policy = settings.deploymentPolicy;
    if (json) session.out(JSON.stringify({ current, policy, waiting, drained: waiting === 0, deployments }));
    else session.out(`${renderDeployments(deployments, store.now())}\n\n${conclude({ waiting, current, policy })}`);
    return waiting === 0 ? exitCodes.done : exitCodes.no;
  });
}

function summarise(open: readonly OpenRuns[], workers: readonly WorkerRow[], current: string): Deployment[] {
  const live = workers.filter((worker) => worker.live);
  const ids = [...new Set([current, ...open.map((runs) => runs.deploymentId), ...live.map((worker) => worker.deploymentId)])];
  return ids.map((deploymentId) => {
    const own = open.filter((runs) => runs.deploymentId === deploymentId);
    const count = (status: OpenRuns['status']) => own.find((runs) => runs.status === status)?.runs ?? 0;
    return {
      deploymentId,
      current: deploymentId === current,
      pending: count('pending'),
      running: count('running'),
      oldestCreatedAt: own.length === 0 ? null : Math.min(...own.map(({ oldestCreatedAt }) => oldestCreatedAt)),
      workers: live.filter((worker) => worker.deploymentId === deploymentId).length,
    };
  });
}

function renderDeployments(deployments: readonly Deployment[], now: number): string {
  return renderTable(
    ['DEPLOYMENT', 'PENDING', 'RUNNING', 'OLDEST', 'WORKERS'],
    deployments.map(({ deploymentId, current, pending, running, oldestCreatedAt, workers }) => [
      current ? `${deploymentId} (current)` : deploymentId,
      String(pending),
      String(running),
      oldestCreatedAt === null ? '-' : formatRoughly(now - oldestCreatedAt),
      String(workers),
    ]),
  );
}

function conclude({ waiting, current, policy }: { waiting: number; current: string; policy: 'latest' | 'pinned' }): string {
  if (waiting === 0) return `Nothing waits for another build than ${current}: workers of others may be stopped.`;
  const runs = waiting === 1 ? '1 run began' : `${waiting} runs began`;
  if (policy === 'pinned') return `${runs} under another build than ${current}: keep its workers until they have ended.`;
  return `${runs} under another build than ${current}. Workers with the policy "latest" carry them on; those with "pinned" do not.`;
}
