import { createEventBus } from '../event-bus.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { testEventBus } from '../testing/contract/event-bus.ts';
import { testFlowRegistry } from '../testing/contract/flow-registry.ts';
import { testHandlerRegistry } from '../testing/contract/handler-registry.ts';
import { testResumeTokens } from '../testing/contract/resume-tokens.ts';
import { testStateStore } from '../testing/contract/state-store.ts';
import { testTriggerStore } from '../testing/contract/trigger-store.ts';
import { MemoryTriggerStore } from '../triggers/memory-trigger-store.ts';
import { MemoryResumeTokens } from './memory-resume-tokens.ts';
import { MemoryStateStore } from './memory-state-store.ts';

testStateStore('memory', ({ clock }) => ({ store: new MemoryStateStore({ clock }) }));
testResumeTokens('memory', ({ clock }) => ({ tokens: new MemoryResumeTokens({ clock }) }));
testHandlerRegistry('memory', () => createHandlerRegistry());
testFlowRegistry('memory', () => createFlowRegistry());
testEventBus('memory', () => createEventBus());
testTriggerStore('memory', ({ clock }) => ({ triggers: new MemoryTriggerStore(new MemoryStateStore({ clock }).index) }));
