import type { Event, WorkflowRun } from '@workflow/world';
import { expect } from 'vitest';
import { brokenLogRules } from '../../../src/testing/log-rules.ts';
import type { Host } from './host.ts';
import type { HostErrorShape } from './host-api.ts';
import { until, type UntilOptions } from './until.ts';

export interface Finished {
  readonly runId: string;
  readonly run: WorkflowRun;
  readonly events: readonly Event[];
}

/** Waits until a run has ended, in whatever way, and checks the rules that every log keeps. */
export async function finish(
  host: Host,
  runId: string,
  { tolerated, ...options }: UntilOptions & { readonly tolerated?: RegExp } = {},
): Promise<Finished> {
  const run = await until(
    `run ${runId} to end`,
    async () => {
      const current = await host.api.run(runId);
      return isTerminal(current) ? current : undefined;
    },
    { onDeadline: async () => await describeRun(host, runId), ...options },
  );
  const events = await host.api.events(runId);
  expect(brokenLogRules(events).filter((broken) => tolerated?.test(broken) !== true)).toEqual([]);
  return { runId, run, events };
}

/** The value of a completed run; a run that ended otherwise fails the test with its own error. */
export async function valueOf(host: Host, runId: string): Promise<unknown> {
  const result = await host.api.result(runId);
  if (!result.ok)
    throw new Error(`Run ${runId} did not complete: ${result.error.message}`, {
      cause: result.error,
    });
  return result.value;
}

export async function errorOf(host: Host, runId: string): Promise<HostErrorShape> {
  const result = await host.api.result(runId);
  if (result.ok) throw new Error(`Run ${runId} was expected to fail, but completed.`);
  return result.error;
}

/** Waits until the log of a run has an event of this type, `count` times, and gives the last of them. */
export async function untilEvent(host: Host, runId: string, type: Event['eventType'], count = 1): Promise<Event> {
  return await until(
    `${count} ${type} in run ${runId}`,
    async () => (await host.api.events(runId)).filter((event) => event.eventType === type)[count - 1],
    { onDeadline: async () => await describeRun(host, runId) },
  );
}

export function isTerminal({ status }: WorkflowRun): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

export function countEvents(events: readonly Event[], type: Event['eventType']): number {
  return events.filter((event) => event.eventType === type).length;
}

/** What somebody needs who has to find out why a run did not get further. */
export async function describeRun(host: Host, runId: string): Promise<string> {
  const run = await host.api.run(runId).catch((error: unknown) => ({ status: String(error), workflowName: 'unknown' }));
  const events = await host.api.events(runId).catch(() => []);
  const steps = events.map((event) => `${event.createdAt.toISOString()} ${event.eventType} ${event.correlationId ?? ''}`);
  return [`${run.workflowName} is ${run.status}; its last events:`, ...steps.slice(-20), `stderr of ${host.id}:`, host.errors].join('\n');
}
