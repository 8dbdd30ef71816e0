import type { z } from 'zod';
import type * as actions from '../operate/schemas/actions.ts';
import type * as common from '../operate/schemas/common.ts';
import type * as flows from '../operate/schemas/flows.ts';
import type * as runs from '../operate/schemas/runs.ts';
import type * as system from '../operate/schemas/system.ts';
import type { problemSchema } from './schemas/problem.ts';

// Types only: what the API gives and takes, for whoever is on the other end of it (the dashboard above all).

export interface Page<T> {
  readonly data: readonly T[];
  readonly cursor: string | null;
  readonly hasMore: boolean;
}

export type Payload = z.infer<typeof common.payloadSchema>;
export type RunStatus = z.infer<typeof common.runStatusSchema>;
export type RunKind = z.infer<typeof common.runKindSchema>;
export type StepStatus = z.infer<typeof common.stepStatusSchema>;
export type RunError = z.infer<typeof common.errorSchema>;

export type RunSummary = z.infer<typeof runs.runSummarySchema>;
export type RunDetail = z.infer<typeof runs.runDetailSchema>;
export type RunAction = z.infer<typeof runs.runActionSchema>;
export type FlowState = z.infer<typeof runs.flowStateSchema>;
export type FlowPathEntry = z.infer<typeof runs.flowPathEntrySchema>;
export type Event = z.infer<typeof runs.eventSchema>;
export type Step = z.infer<typeof runs.stepSchema>;
export type StepSummary = z.infer<typeof runs.stepSummarySchema>;
export type StepAttempt = z.infer<typeof runs.stepAttemptSchema>;
export type Hook = z.infer<typeof runs.hookSchema>;
export type Wait = z.infer<typeof runs.waitSchema>;
export type Stream = z.infer<typeof runs.streamSchema>;
export type Explanation = z.infer<typeof runs.explanationSchema>;
export type RunFilter = z.input<typeof runs.runFilterSchema>;
export type RunListQuery = z.input<typeof runs.runQuerySchema>;

export type StartRun = z.input<typeof actions.startRunSchema>;
export type CancelRun = z.input<typeof actions.cancelSchema>;
export type RetryRun = z.input<typeof actions.retrySchema>;
export type ResumeRun = z.input<typeof actions.resumeRunSchema>;
export type ResumeByToken = z.input<typeof actions.resumeTokenSchema>;
export type Resumed = z.infer<typeof actions.resumedSchema>;
export type Bulk = z.input<typeof actions.bulkSchema>;
export type BulkResult = z.infer<typeof actions.bulkResultSchema>;
export type StartFlow = z.input<typeof actions.startFlowSchema>;

export type FlowSummary = z.infer<typeof flows.flowSummarySchema>;
export type FlowVersion = z.infer<typeof flows.flowVersionSchema>;
export type FlowDetail = z.infer<typeof flows.flowDetailSchema>;
export type FlowGraph = z.infer<typeof flows.graphSchema>;
export type GraphNode = z.infer<typeof flows.graphNodeSchema>;
export type GraphEdge = z.infer<typeof flows.graphEdgeSchema>;
export type FlowCheck = z.infer<typeof flows.flowCheckSchema>;
export type FlowProblem = z.infer<typeof flows.flowProblemSchema>;
export type Trigger = z.infer<typeof flows.triggerSchema>;
export type TriggerDetail = z.infer<typeof flows.triggerDetailSchema>;
export type Firing = z.infer<typeof flows.firingSchema>;
export type FireTrigger = z.input<typeof flows.fireSchema>;

export type System = z.infer<typeof system.systemSchema>;
export type Worker = z.infer<typeof system.workerSchema>;
export type QueueDepth = z.infer<typeof system.queueDepthSchema>;
export type StuckRun = z.infer<typeof system.stuckRunSchema>;
export type Throughput = z.infer<typeof system.throughputSchema>;
export type ThroughputWindow = z.input<typeof system.throughputQuerySchema>['window'];
export type Scope = z.infer<typeof system.scopeSchema>;
export type Me = z.infer<typeof system.meSchema>;
export type AuditEntry = z.infer<typeof system.auditEntrySchema>;

export type Problem = z.infer<typeof problemSchema>;

/** What the live streams send: the name of each event and its data. */
export interface RunsLiveEvents {
  run: RunSummary;
  ping: Record<string, never>;
}
export interface RunLiveEvents {
  changed: { readonly eventCount: number; readonly status: RunStatus };
  ping: Record<string, never>;
}
export interface StreamLiveEvents {
  chunk:
    | { readonly index: number; readonly text: string }
    | { readonly index: number; readonly base64: string }
    | { readonly index: number; readonly hidden: 'encrypted' | 'redacted' };
  end: { readonly chunks: number };
  ping: Record<string, never>;
}
