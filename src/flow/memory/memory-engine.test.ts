import { vi } from 'vitest';
import { Engine } from '../engine.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { testEngine } from '../testing/contract/engine.ts';
import { MemoryResumeTokens } from './memory-resume-tokens.ts';
import { MemoryStateStore } from './memory-state-store.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

testEngine('memory', ({ clock }) => {
  const store = new MemoryStateStore({ clock });
  const tokens = new MemoryResumeTokens({ clock });
  const flows = createFlowRegistry();
  const owners = new Map<Engine, string>();
  return {
    open({ flows: given = [], handlers = [], ...options }) {
      const owner = `worker-${owners.size}`;
      for (const flow of given) flows.register(flow);
      const engine = new Engine(store, createHandlerRegistry(handlers), flows, { tokens, clock, owner, ...options });
      owners.set(engine, owner);
      return engine;
    },
    kill: (engine) => store.abandonClaims(owners.get(engine) ?? ''),
  };
});
