import { request } from './request.ts';
import type * as Api from './types.ts';

type Signal = AbortSignal | undefined;
type Filters = Readonly<Record<string, string | undefined>>;

const pageSize = 100;
const run = (runId: string) => `/runs/${encodeURIComponent(runId)}`;
const flow = (flowId: string) => `/flows/${encodeURIComponent(flowId)}`;
const trigger = (triggerId: string) => `/triggers/${encodeURIComponent(triggerId)}`;

/** What the dashboard asks of the API: one function per route, in the API's own words. */
export const api = {
  me: async (signal?: Signal) => await request<Api.Me>('GET', '/me', { signal }),
  system: async (signal?: Signal) => await request<Api.System>('GET', '/system', { signal }),
  throughput: async (window: Api.ThroughputWindow, signal?: Signal) =>
    await request<Api.Throughput>('GET', '/system/throughput', { query: { window }, signal }),

  runs: async (filters: Filters, cursor: string | undefined, signal?: Signal) =>
    await request<Api.Page<Api.RunSummary>>('GET', '/runs', { query: { ...filters, cursor, limit: pageSize }, signal }),
  run: async (runId: string, signal?: Signal) => await request<Api.RunDetail>('GET', run(runId), { signal }),
  explain: async (runId: string, signal?: Signal) => await request<Api.Explanation>('GET', `${run(runId)}/explain`, { signal }),
  events: async (runId: string, cursor: string | undefined, signal?: Signal) =>
    await request<Api.Page<Api.Event>>('GET', `${run(runId)}/events`, { query: { cursor, limit: pageSize }, signal }),
  steps: async (runId: string, cursor: string | undefined, signal?: Signal) =>
    await request<Api.Page<Api.Step>>('GET', `${run(runId)}/steps`, { query: { cursor, limit: pageSize }, signal }),
  hooks: async (runId: string, signal?: Signal) => (await request<Api.Page<Api.Hook>>('GET', `${run(runId)}/hooks`, { signal })).data,
  waits: async (runId: string, signal?: Signal) => (await request<Api.Page<Api.Wait>>('GET', `${run(runId)}/waits`, { signal })).data,
  streams: async (runId: string, signal?: Signal) => (await request<Api.Page<Api.Stream>>('GET', `${run(runId)}/streams`, { signal })).data,

  start: async (workflow: string, args: readonly unknown[], idempotencyKey: string) =>
    await request<Api.RunSummary>('POST', '/runs', { body: { workflow, args }, headers: { 'idempotency-key': idempotencyKey } }),
  cancel: async (runId: string, reason: string | undefined) => await request('POST', `${run(runId)}/cancel`, { body: { reason } }),
  wake: async (runId: string) => await request('POST', `${run(runId)}/wake`, { body: {} }),
  resume: async (runId: string, hookId: string | undefined, data: unknown) =>
    await request<Api.Resumed>('POST', `${run(runId)}/resume`, { body: { hookId, data } }),
  retry: async (runId: string, fromStep: string | undefined) =>
    await request<Api.RunSummary>('POST', `${run(runId)}/retry`, { body: { fromStep } }),
  replay: async (runId: string) => await request<Api.RunSummary>('POST', `${run(runId)}/replay`, { body: {} }),

  flows: async (signal?: Signal) => await request<Api.Page<Api.FlowSummary>>('GET', '/flows', { query: { limit: 200 }, signal }),
  flow: async (flowId: string, version: string, signal?: Signal) =>
    await request<Api.FlowDetail>('GET', `${flow(flowId)}/versions/${encodeURIComponent(version)}`, { signal }),
  flowVersions: async (flowId: string, signal?: Signal) =>
    await request<Api.Page<Api.FlowVersion>>('GET', flow(flowId), { query: { limit: 200 }, signal }),
  startFlow: async (flowId: string, input: unknown, version: string | undefined, idempotencyKey: string) =>
    await request<Api.RunSummary>('POST', `${flow(flowId)}/start`, { body: { input, version, idempotencyKey } }),

  triggers: async (signal?: Signal) => await request<Api.Page<Api.Trigger>>('GET', '/triggers', { query: { limit: 200 }, signal }),
  trigger: async (triggerId: string, signal?: Signal) => await request<Api.TriggerDetail>('GET', trigger(triggerId), { signal }),
  firings: async (triggerId: string, signal?: Signal) =>
    await request<Api.Page<Api.Firing>>('GET', `${trigger(triggerId)}/firings`, { query: { limit: 50 }, signal }),
  setTrigger: async (triggerId: string, enabled: boolean) =>
    await request('POST', `${trigger(triggerId)}/${enabled ? 'enable' : 'disable'}`, { body: {} }),
  fireTrigger: async (triggerId: string, data: Record<string, unknown> | undefined) =>
    await request<Api.Firing>('POST', `${trigger(triggerId)}/fire`, { body: { data } }),
};
