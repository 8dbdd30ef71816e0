// For tests of flows, handlers and stores. The contract suites import vitest; the harness does not.
export { TestHarness, type Mock, type RecordedEvent, type TestHarnessOptions } from './harness.ts';
export { buildFlow, type StepSketch } from './build-flow.ts';
export { testEngine, type EngineBackend, type EngineBackendFactory } from './contract/engine.ts';
export { testEventBus } from './contract/event-bus.ts';
export { testFlowRegistry } from './contract/flow-registry.ts';
export { testHandlerRegistry } from './contract/handler-registry.ts';
export { testResumeTokens, type TokensUnderTest } from './contract/resume-tokens.ts';
export { testStateStore, type StoreFactory, type StoreUnderTest } from './contract/state-store.ts';
