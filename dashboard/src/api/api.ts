import { type Many, loadPages } from './load-pages.ts';
import { request } from './request.ts';
import type * as Api from './types.ts';

type Signal = AbortSignal | undefined;
type Filters = Readonly<Record<string, string | undefined>>;

const pageSize = 100;
/** Pages of steps on which nothing changes any more are not asked for again, so they are short. */
const stepsPageSize = 50;
/** What is short as a rule is asked for whole, with a bound for what is not. */
const longestPage = 200;
const mostPages = 10;
export type Order = 'asc' | 'desc';
const run = (runId: string) => `/runs/${encodeURIComponent(runId)}`;
const flow = (flowId: string) => `/flows/${encodeURIComponent(flowId)}`;
const trigger = (triggerId: string) => `/triggers/${encodeURIComponent(triggerId)}`;

async function whole<T>(path: string, signal: Signal, order?: Order): Promise<Many<T>> {
  return await loadPages(mostPages, async (cursor) => {
    return await request<Api.Page<T>>('GET', path, { query: { cursor, order, limit: longestPage }, signal });
  });
}

/** What the dashboard asks of the API: one function per route, in the API's own words. */
export const api = {
  me: async (signal?: Signal) => await request<Api.Me>('GET', '/me', { signal }),
  system: async (signal?: Signal) => await request<Api.System>('GET', '/system', { signal }),
  throughput: async (window: Api.ThroughputWindow, signal?: Signal) =>
    await request<Api.Throughput>('GET', '/system/throughput', { query: { window }, signal }),

  runs: async (filters: Filters, cursor: string | undefined, signal?: Signal) =>
    await request<Api.Page<Api.RunSummary>>('GET', '/runs', { query: { ...filters, cursor, limit: pageSize }, signal }),
  /** Those of one part of a list: no screen shows more. */
  runsInSight: async (filters: Filters, signal?: Signal) =>
    await request<Api.Page<Api.RunSummary>>('GET', '/runs', { query: { ...filters, limit: longestPage }, signal }),
  run: async (runId: string, signal?: Signal) => await request<Api.RunDetail>('GET', run(runId), { signal }),
  explain: async (runId: string, signal?: Signal) => await request<Api.Explanation>('GET', `${run(runId)}/explain`, { signal }),
  events: async (runId: string, { cursor, order }: { cursor: string | undefined; order: Order }, signal?: Signal) =>
    await request<Api.Page<Api.Event>>('GET', `${run(runId)}/events`, { query: { cursor, order, limit: longestPage }, signal }),
  steps: async (runId: string, cursor: string | undefined, signal?: Signal) =>
    await request<Api.Page<Api.StepSummary>>('GET', `${run(runId)}/steps`, {
      query: { cursor, payloads: 'none', limit: stepsPageSize },
      signal,
    }),
  step: async (runId: string, stepId: string, signal?: Signal) =>
    await request<Api.Step>('GET', `${run(runId)}/steps/${encodeURIComponent(stepId)}`, { signal }),
  hooks: async (runId: string, order: Order, signal?: Signal) => await whole<Api.Hook>(`${run(runId)}/hooks`, signal, order),
  waits: async (runId: string, order: Order, signal?: Signal) => await whole<Api.Wait>(`${run(runId)}/waits`, signal, order),
  streams: async (runId: string, signal?: Signal) => await whole<Api.Stream>(`${run(runId)}/streams`, signal, 'desc'),

  start: async (workflow: string, args: readonly unknown[], idempotencyKey: string) =>
    await request<Api.RunSummary>('POST', '/runs', { body: { workflow, args }, headers: { 'idempotency-key': idempotencyKey } }),
  cancel: async (runId: string, reason: string | undefined) => await request('POST', `${run(runId)}/cancel`, { body: { reason } }),
  wake: async (runId: string) => await request('POST', `${run(runId)}/wake`, { body: {} }),
  resume: async (runId: string, hookId: string | undefined, data: unknown) =>
    await request<Api.Resumed>('POST', `${run(runId)}/resume`, { body: { hookId, data } }),
  retry: async (runId: string, fromStep: string | undefined) =>
    await request<Api.RunSummary>('POST', `${run(runId)}/retry`, { body: { fromStep } }),
  replay: async (runId: string) => await request<Api.RunSummary>('POST', `${run(runId)}/replay`, { body: {} }),

  flows: async (signal?: Signal) => await whole<Api.FlowSummary>('/flows', signal),
  flow: async (flowId: string, version: string, signal?: Signal) =>
    await request<Api.FlowDetail>('GET', `${flow(flowId)}/versions/${encodeURIComponent(version)}`, { signal }),
  flowVersions: async (flowId: string, signal?: Signal) => await whole<Api.FlowVersion>(flow(flowId), signal),
  startFlow: async (flowId: string, input: unknown, version: string | undefined, idempotencyKey: string) =>
    await request<Api.RunSummary>('POST', `${flow(flowId)}/start`, { body: { input, version, idempotencyKey } }),

  triggers: async (signal?: Signal) => await whole<Api.Trigger>('/triggers', signal),
  trigger: async (triggerId: string, signal?: Signal) => await request<Api.TriggerDetail>('GET', trigger(triggerId), { signal }),
  firings: async (triggerId: string, signal?: Signal) =>
    await request<Api.Page<Api.Firing>>('GET', `${trigger(triggerId)}/firings`, { query: { limit: 50 }, signal }),
  setTrigger: async (triggerId: string, enabled: boolean) =>
    await request('POST', `${trigger(triggerId)}/${enabled ? 'enable' : 'disable'}`, { body: {} }),
  fireTrigger: async (triggerId: string, data: Record<string, unknown> | undefined) =>
    await request<Api.Firing>('POST', `${trigger(triggerId)}/fire`, { body: { data } }),
};
