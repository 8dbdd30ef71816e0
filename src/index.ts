export { createWorld, type CreateWorldOptions, type PawlWorld } from './connect/create-world.ts';
export { openEngine, type OpenEngineOptions, type WorldEngine } from './connect/open-engine.ts';
export { systemClock, type Clock } from './base/clock.ts';
export type { Logger } from './base/logger.ts';

// Flows: what a program that writes, runs or extends them needs.
export { Engine, type DeliverBounds, type Delivered, type Prepared } from './flow/engine.ts';
export type { CodePort, EngineOptions, IdSource, ProgressPort } from './flow/engine/core.ts';
export type { CancelOptions, CancelResult } from './flow/engine/cancel.ts';
export type { CreateOptions, CreateResult } from './flow/engine/create.ts';
export type { RetryOptions } from './flow/engine/retry.ts';
export type { WaitForOptions } from './flow/engine/wait-for.ts';

export { defineFlow, type FlowDefinition, type StepDefinition } from './flow/define-flow.ts';
export { defineHandler, type HandlerDefinition, type TypedHandlerParams } from './flow/define-handler.ts';
export { Result } from './flow/result.ts';
export { FlowError, flowErrorCodes, type FlowErrorCode, type FlowErrorOptions } from './flow/errors.ts';
export { validateFlow, type ValidateOptions } from './flow/validate.ts';
export { flowJsonSchema } from './flow/flow-json-schema.ts';

export { builtinHandlers, type BuiltinHandlerOptions } from './flow/handlers/builtin-handlers.ts';
export { httpHandler, type HttpHandlerOptions } from './flow/handlers/http.ts';

export { createEventBus } from './flow/event-bus.ts';
export { createFlowRegistry, type FlowRegistryOptions } from './flow/flow-registry.ts';
export { createHandlerRegistry } from './flow/handler-registry.ts';
export { MemoryResumeTokens } from './flow/memory/memory-resume-tokens.ts';
export { MemoryStateStore, type MemoryStateStoreOptions } from './flow/memory/memory-state-store.ts';
export { driveDue, startLocalWorker, type LocalWorker, type LocalWorkerOptions } from './flow/local-worker.ts';
export { createSandbox, type Sandbox, type SandboxOptions } from './flow/sandbox.ts';

export { createTriggers, type TriggerResponse, type Triggers, type TriggersOptions } from './flow/triggers/triggers.ts';
export { forwardEvents, type Forwarding } from './flow/triggers/forward-events.ts';
export { MemoryTriggerStore } from './flow/triggers/memory-trigger-store.ts';
export type { TriggerFiring, TriggerStore } from './flow/triggers/port.ts';
export type { TriggerRequest } from './flow/triggers/http.ts';
export type { EventTrigger, Firing, HttpTrigger, ScheduleTrigger, SignatureCheck, Trigger, TriggerRecord } from './flow/triggers/types.ts';

export type { ChildResult, ChildSpec, ChildTally, ChildrenView } from './flow/children.ts';
export type { ContextLimits, ContextWrite } from './flow/context.ts';
export type { DuePage, ExecutionClaim, ExecutionCommit, ExecutionIndex, ResultsPage, SpawnedChild } from './flow/execution-index.ts';
export type { ExecutionFact } from './flow/facts.ts';
export type { EventBus, FlowRegistry, HandlerRegistry, IdempotencyScope, ResumeTokenManager, StateStore } from './flow/ports.ts';
export type { AnySchema, StandardSchema } from './flow/standard-schema.ts';
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
} from './flow/types.ts';
