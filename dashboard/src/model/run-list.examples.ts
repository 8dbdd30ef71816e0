import type { RunSummary } from '../api/types.ts';
import type { RunList } from './run-list.ts';

// Runs as the tests of lists want them: named by when they were created.

export const run = (at: number, status: RunSummary['status'] = 'running'): RunSummary => ({
  runId: `run-${at}`,
  kind: 'code',
  name: 'order',
  workflowName: 'order',
  status,
  tenantId: null,
  deploymentId: 'd',
  createdAt: new Date(at).toISOString(),
  startedAt: null,
  completedAt: null,
  durationMs: null,
  error: null,
});

export const listOf = (...ats: number[]): RunList => ({ runs: ats.map((at) => run(at)), cursor: 'c', hasMore: true });
