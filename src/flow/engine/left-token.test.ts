import { expect, it } from 'vitest';
import { Engine } from '../engine.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { MemoryResumeTokens } from '../memory/memory-resume-tokens.ts';
import { MemoryStateStore } from '../memory/memory-state-store.ts';
import type { ResumeTokenManager } from '../ports.ts';
import { Result } from '../result.ts';
import { buildFlow } from '../testing/build-flow.ts';
import { spy } from '../testing/handlers.ts';

const all = new MemoryResumeTokens();
const seedPage: ResumeTokenManager = {
  create: (executionId, ttl) => all.create(executionId, ttl),
  validate: (token) => all.validate(token),
  revoke: (token) => all.revoke(token),
};

it.each([
  ['with the three methods', seedPage],
  ['that consumes', { ...seedPage, consume: (token: string) => all.consume(token) }],
])('a manager %s cannot revoke by hash: the engine that was resumed by the id lets in no token of that wait', async (_, tokens) => {
  let token = '';
  const handlers = [
    spy('ask', async ({ execution }) => Result.wait({ token: (token = await tokens.create(execution.id)) })),
    spy('other', Result.wait({})),
  ];
  const flow = buildFlow({ ask: { onResume: 'other' }, other: { onResume: null } });
  const engine = new Engine(new MemoryStateStore(), createHandlerRegistry(handlers), createFlowRegistry([flow]), { tokens });
  const { id } = (await engine.create('flow')).execution;
  await engine.run(id);
  await engine.resume(id, 'by hand');
  await engine.run(id);
  await expect(engine.resume({ token })).rejects.toMatchObject({ code: 'INVALID_RESUME_TOKEN' });
  expect(await engine.get(id)).toMatchObject({ status: 'waiting', currentStepId: 'other' });
  await engine.resume({ token: await tokens.create(id) });
});
