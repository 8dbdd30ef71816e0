// The front door of the flow room: what a program that writes, runs or extends flows needs.
export { Engine, type DeliverBounds, type Delivered, type Prepared } from './engine.ts';
export type { CodePort, EngineOptions, IdSource, ProgressPort } from './engine/core.ts';
export type { CancelOptions, CancelResult } from './engine/cancel.ts';
export type { CreateOptions, CreateResult } from './engine/create.ts';
export type { RetryOptions } from './engine/retry.ts';
export type { WaitForOptions } from './engine/wait-for.ts';

export { defineFlow, type FlowDefinition, type StepDefinition } from './define-flow.ts';
export { defineHandler, type HandlerDefinition, type TypedHandlerParams } from './define-handler.ts';
export { Result } from './result.ts';
export { FlowError, flowErrorCodes, type FlowErrorCode, type FlowErrorOptions } from './errors.ts';
export { validateFlow, type ValidateOptions } from './validate.ts';
export { flowJsonSchema } from './flow-json-schema.ts';

export { builtinHandlers, type BuiltinHandlerOptions } from './handlers/builtin-handlers.ts';
export { httpHandler, type HttpHandlerOptions } from './handlers/http.ts';

export { createEventBus } from './event-bus.ts';
export { createFlowRegistry, type FlowRegistryOptions } from './flow-registry.ts';
export { createHandlerRegistry } from './handler-registry.ts';
export { MemoryResumeTokens } from './memory/memory-resume-tokens.ts';
export { MemoryStateStore, type MemoryStateStoreOptions } from './memory/memory-state-store.ts';
export { driveDue, startLocalWorker, type LocalWorker, type LocalWorkerOptions } from './local-worker.ts';
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';

export { createTriggers, type TriggerResponse, type Triggers, type TriggersOptions } from './triggers/triggers.ts';
export { forwardEvents, type Forwarding } from './triggers/forward-events.ts';
export { MemoryTriggerStore } from './triggers/memory-trigger-store.ts';
export type { TriggerFiring, TriggerStore } from './triggers/port.ts';
export type { TriggerRequest } from './triggers/http.ts';
export type { EventTrigger, Firing, HttpTrigger, ScheduleTrigger, SignatureCheck, Trigger, TriggerRecord } from './triggers/types.ts';

export type { ChildResult, ChildSpec, ChildTally, ChildrenView } from './children.ts';
export type { ContextLimits, ContextWrite } from './context.ts';
export type { DuePage, ExecutionClaim, ExecutionCommit, ExecutionIndex, ResultsPage, SpawnedChild } from './execution-index.ts';
export type { ExecutionFact } from './facts.ts';
export type { EventBus, FlowRegistry, HandlerRegistry, IdempotencyScope, ResumeTokenManager, StateStore } from './ports.ts';
export type { AnySchema, StandardSchema } from './standard-schema.ts';
export type {
  CancellationInfo,
  Checkpoint,
  Execution,
  ExecutionError,
  ExecutionStatus,
  Flow,
  FlowProblem,
  HandlerMetadata,
  HandlerParams,
  HandlerResult,
  InputSelector,
  JSONSchema,
  Resumption,
  RetryConfig,
  RunResult,
  Step,
  StepEvent,
  StepHandler,
  StepHistoryEntry,
  StepResult,
  StepTransitions,
  WaitMetadata,
} from './types.ts';
