import { describe, expect } from 'vitest';
import * as build from '../event-builders.ts';
import { endings, endingEvent, finishedRun, runningRun } from '../arrange.ts';
import { entityConflict, expectError, hookNotFound } from '../expect-error.ts';
import { newHookId, newToken } from '../ids.ts';
import { payload } from '../payload.ts';
import { dataOf, logOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

export function hooks(contract: Contract): void {
  describe('hooks', () => {
    describe('hook_created', () => {
      hookCreatedPolicies(contract);
    });
    describe('hook tokens', () => {
      tokenPolicies(contract);
    });
    describe('hook_conflict', () => {
      conflictPolicies(contract);
    });
    describe('hook_received and hook_disposed', () => {
      useOfHookPolicies(contract);
    });
  });
}

function hookCreatedPolicies({ policy, timedPolicy }: Contract): void {
  policy('creates a hook from what it is given', async ({ world }) => {
    const runId = await runningRun(world);
    const [hookId, token] = [newHookId(), newToken()];
    const created = build.hookCreated(hookId, { token, metadata: payload({ a: 1 }), isWebhook: true });
    const { hook, event } = await world.events.create(runId, created);
    expect(hook).toMatchObject({ runId, hookId, token, metadata: payload({ a: 1 }), isWebhook: true, specVersion: 3 });
    expect(hook?.createdAt).toBeInstanceOf(Date);
    expect(event).toMatchObject({ runId, eventType: 'hook_created', correlationId: hookId });
    expect(dataOf(event)).toEqual({ token, metadata: payload({ a: 1 }), isWebhook: true });
    expect(await world.hooks.get(hookId)).toEqual(hook);
    expect(await world.hooks.getByToken(token)).toEqual(hook);
  });

  policy('a hook names its owner, project and environment', async ({ world }) => {
    const { hook } = await world.events.create(await runningRun(world), build.hookCreated(newHookId()));
    for (const name of [hook?.ownerId, hook?.projectId, hook?.environment]) expect(name).toMatch(/./);
  });

  policy('a hook is no webhook unless it says so', async ({ world }) => {
    const hookId = newHookId();
    const { hook } = await world.events.create(await runningRun(world), build.hookCreated(hookId));
    expect(hook?.isWebhook).toBe(false);
    expect((await world.hooks.get(hookId)).isWebhook).toBe(false);
  });

  policy('creating a live hook again is a conflict without a second event', async ({ world }) => {
    const runId = await runningRun(world);
    const [hookId, token] = [newHookId(), newToken()];
    await world.events.create(runId, build.hookCreated(hookId, { token, metadata: payload('first') }));
    const again = build.hookCreated(hookId, { token, metadata: payload('second') });
    await expectError(world.events.create(runId, again), entityConflict());
    expect((await world.hooks.get(hookId)).metadata).toEqual(payload('first'));
    expect((await logOf(world, runId)).at(-1)).toBe(`hook_created:${hookId}`);
    expect(await logOf(world, runId)).toHaveLength(3);
  });

  policy('a disposed hook is never created again', async ({ world }) => {
    const runId = await runningRun(world);
    const [hookId, token] = [newHookId(), newToken()];
    await world.events.create(runId, build.hookCreated(hookId, { token }));
    await world.events.create(runId, build.hookDisposed(hookId));
    await expectError(world.events.create(runId, build.hookCreated(hookId, { token })), entityConflict());
    await expectError(world.hooks.getByToken(token), hookNotFound);
    expect((await logOf(world, runId)).at(-1)).toBe(`hook_disposed:${hookId}`);
  });

  for (const ending of endings) {
    policy(`no hook is created on a run that is ${ending}`, async ({ world }) => {
      const runId = await finishedRun(world, ending);
      const [log, token] = [await readLog(world, runId), newToken()];
      const create = world.events.create(runId, build.hookCreated(newHookId(), { token }));
      await expectError(create, entityConflict(/terminal run|terminal state/i));
      expect(await readLog(world, runId)).toEqual(log);
      await expectError(world.hooks.getByToken(token), hookNotFound);
    });
  }

  policy('the same hook id in two runs means two hooks', async ({ world }) => {
    const [first, second, hookId] = [await runningRun(world), await runningRun(world), newHookId()];
    const tokens = [newToken(), newToken()];
    await world.events.create(first, build.hookCreated(hookId, { token: String(tokens[0]) }));
    await world.events.create(second, build.hookCreated(hookId, { token: String(tokens[1]) }));
    expect((await world.hooks.getByToken(String(tokens[0]))).runId).toBe(first);
    expect((await world.hooks.getByToken(String(tokens[1]))).runId).toBe(second);
    await world.events.create(first, build.hookDisposed(hookId));
    expect((await world.hooks.getByToken(String(tokens[1]))).hookId).toBe(hookId);
  });

  timedPolicy('a hook is found by its id though a newer one of the same id, in another run, is gone', async ({ world, clock }) => {
    const [older, newer, hookId] = [await runningRun(world), await runningRun(world), newHookId()];
    await world.events.create(older, build.hookCreated(hookId));
    clock.advance(1);
    await world.events.create(newer, build.hookCreated(hookId));
    expect((await world.hooks.get(hookId)).runId).toBe(newer);
    await world.events.create(newer, build.runCompleted());
    expect((await world.hooks.get(hookId)).runId).toBe(older);
    await world.events.create(older, build.hookDisposed(hookId));
    await expectError(world.hooks.get(hookId), hookNotFound);
  });
}

function tokenPolicies({ policy }: Contract): void {
  policy('a token is taken as it is, whatever its letters', async ({ world }) => {
    const runId = await runningRun(world);
    const base = newToken();
    const tokens = [
      base,
      base.toUpperCase(),
      `${base} `,
      `${base}/../x`,
      `${base}%`,
      `${base}';--`,
      `${base}-größe-日本-🪝`,
      base.repeat(20),
    ];
    for (const token of tokens) {
      const { event } = await world.events.create(runId, build.hookCreated(newHookId(), { token }));
      expect(event?.eventType).toBe('hook_created');
    }
    for (const token of tokens) expect((await world.hooks.getByToken(token)).token).toBe(token);
  });

  policy('disposing a hook frees its token at once', async ({ world }) => {
    const [first, second, token] = [await runningRun(world), await runningRun(world), newToken()];
    const hookId = newHookId();
    await world.events.create(first, build.hookCreated(hookId, { token }));
    await world.events.create(first, build.hookDisposed(hookId));
    const { event } = await world.events.create(second, build.hookCreated(newHookId(), { token }));
    expect(event?.eventType).toBe('hook_created');
    expect((await world.hooks.getByToken(token)).runId).toBe(second);
  });

  for (const ending of endings) {
    policy(`a run that is ${ending} has no hooks left and its tokens are free`, async ({ world }) => {
      const runId = await runningRun(world);
      const [hookId, token] = [newHookId(), newToken()];
      await world.events.create(runId, build.hookCreated(hookId, { token }));
      await world.events.create(runId, endingEvent(ending));
      await expectError(world.hooks.getByToken(token), hookNotFound);
      await expectError(world.hooks.get(hookId), hookNotFound);
      expect((await world.hooks.list({ runId })).data).toEqual([]);
      const { event } = await world.events.create(await runningRun(world), build.hookCreated(newHookId(), { token }));
      expect(event?.eventType).toBe('hook_created');
    });
  }
}

function conflictPolicies({ policy }: Contract): void {
  policy('a token that is held gives a hook_conflict event, not an error', async ({ world }) => {
    const [owner, runId, token] = [await runningRun(world), await runningRun(world), newToken()];
    await world.events.create(owner, build.hookCreated(newHookId(), { token }));
    const hookId = newHookId();
    const { event, hook } = await world.events.create(runId, build.hookCreated(hookId, { token }));
    expect(event).toMatchObject({ runId, eventType: 'hook_conflict', correlationId: hookId });
    expect(dataOf(event)).toMatchObject({ token, conflictingRunId: owner });
    expect(hook).toBeUndefined();
    expect((await readLog(world, runId)).at(-1)).toEqual(event);
    expect((await world.hooks.getByToken(token)).runId).toBe(owner);
    await expectError(world.hooks.get(hookId), hookNotFound);
  });

  policy('two hooks of one run cannot share a token either', async ({ world }) => {
    const [runId, token] = [await runningRun(world), newToken()];
    const first = newHookId();
    await world.events.create(runId, build.hookCreated(first, { token }));
    const { event } = await world.events.create(runId, build.hookCreated(newHookId(), { token }));
    expect(event?.eventType).toBe('hook_conflict');
    expect(dataOf(event)?.['conflictingRunId']).toBe(runId);
    expect((await world.hooks.getByToken(token)).hookId).toBe(first);
  });

  policy('a replayed conflict gives the same event again and appends nothing', async ({ world }) => {
    const [owner, runId, token] = [await runningRun(world), await runningRun(world), newToken()];
    await world.events.create(owner, build.hookCreated(newHookId(), { token }));
    const create = build.hookCreated(newHookId(), { token });
    const first = await world.events.create(runId, create);
    const log = await readLog(world, runId);
    for (let replay = 0; replay < 3; replay += 1) {
      const again = await world.events.create(runId, create);
      expect(again.event).toEqual(first.event);
      expect(again.hook).toBeUndefined();
    }
    expect(await readLog(world, runId)).toEqual(log);
  });

  policy('a conflict stays a conflict after the token has become free', async ({ world }) => {
    const [owner, runId, token] = [await runningRun(world), await runningRun(world), newToken()];
    await world.events.create(owner, build.hookCreated(newHookId(), { token }));
    const create = build.hookCreated(newHookId(), { token });
    const first = await world.events.create(runId, create);
    await world.events.create(owner, build.runCompleted());
    const again = await world.events.create(runId, create);
    expect(again.event).toEqual(first.event);
    expect((await logOf(world, runId)).filter((line) => line.startsWith('hook_'))).toHaveLength(1);
    await expectError(world.hooks.getByToken(token), hookNotFound);
  });

  policy('a hook that lost its token can neither receive nor be disposed', async ({ world }) => {
    const [owner, runId, token] = [await runningRun(world), await runningRun(world), newToken()];
    await world.events.create(owner, build.hookCreated(newHookId(), { token }));
    const hookId = newHookId();
    await world.events.create(runId, build.hookCreated(hookId, { token }));
    const log = await readLog(world, runId);
    await expectError(world.events.create(runId, build.hookReceived(hookId)), hookNotFound);
    await expectError(world.events.create(runId, build.hookDisposed(hookId)), hookGone);
    expect(await readLog(world, runId)).toEqual(log);
    expect((await world.hooks.getByToken(token)).runId).toBe(owner);
  });
}

function useOfHookPolicies({ policy }: Contract): void {
  policy('a hook receives any number of payloads and stays as it is', async ({ world }) => {
    const runId = await runningRun(world);
    const hookId = newHookId();
    const { hook } = await world.events.create(runId, build.hookCreated(hookId));
    for (const value of [1, 2, 3]) {
      const { event } = await world.events.create(runId, build.hookReceived(hookId, payload(value)));
      expect(event).toMatchObject({ eventType: 'hook_received', correlationId: hookId, eventData: { payload: payload(value) } });
    }
    expect(await world.hooks.get(hookId)).toEqual(hook);
    const received = (await readLog(world, runId)).filter((event) => event.eventType === 'hook_received');
    expect(received.map((event) => dataOf(event)?.['payload'])).toEqual([payload(1), payload(2), payload(3)]);
  });

  policy('a hook that never was, was disposed or belongs to another run receives nothing', async ({ world }) => {
    const [runId, stranger] = [await runningRun(world), await runningRun(world)];
    const [disposed, live] = [newHookId(), newHookId()];
    await world.events.create(runId, build.hookCreated(disposed));
    await world.events.create(runId, build.hookDisposed(disposed));
    await world.events.create(runId, build.hookCreated(live));
    const [log, strangerLog] = [await readLog(world, runId), await readLog(world, stranger)];
    const unknown = newHookId();
    const error = await expectError(world.events.create(runId, build.hookReceived(unknown)), hookNotFound);
    expect(error['token']).toBe(unknown);
    await expectError(world.events.create(runId, build.hookReceived(disposed)), hookNotFound);
    await expectError(world.events.create(stranger, build.hookReceived(live)), hookNotFound);
    expect(await readLog(world, runId)).toEqual(log);
    expect(await readLog(world, stranger)).toEqual(strangerLog);
  });

  for (const ending of endings) {
    policy(`a hook of a run that is ${ending} receives nothing and cannot be disposed`, async ({ world }) => {
      const runId = await runningRun(world);
      const hookId = newHookId();
      await world.events.create(runId, build.hookCreated(hookId));
      await world.events.create(runId, endingEvent(ending));
      const log = await readLog(world, runId);
      await expectError(world.events.create(runId, build.hookReceived(hookId)), hookNotFound);
      await expectError(world.events.create(runId, build.hookDisposed(hookId)), hookGone);
      expect(await readLog(world, runId)).toEqual(log);
    });
  }

  policy('a hook is disposed once', async ({ world }) => {
    const runId = await runningRun(world);
    const [hookId, token] = [newHookId(), newToken()];
    await world.events.create(runId, build.hookCreated(hookId, { token }));
    const { event } = await world.events.create(runId, build.hookDisposed(hookId));
    expect(event).toMatchObject({ eventType: 'hook_disposed', correlationId: hookId });
    await expectError(world.hooks.get(hookId), hookNotFound);
    await expectError(world.hooks.getByToken(token), hookNotFound);
    await expectError(world.events.create(runId, build.hookDisposed(hookId)), hookGone);
    expect((await logOf(world, runId)).filter((line) => line === `hook_disposed:${hookId}`)).toHaveLength(1);
  });

  policy('a hook that never was cannot be disposed', async ({ world }) => {
    const runId = await runningRun(world);
    await expectError(world.events.create(runId, build.hookDisposed(newHookId())), hookNotFound);
    expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
  });

  policy('a run cannot dispose a hook of another run', async ({ world }) => {
    const [owner, stranger, hookId] = [await runningRun(world), await runningRun(world), newHookId()];
    await world.events.create(owner, build.hookCreated(hookId));
    await expectError(world.events.create(stranger, build.hookDisposed(hookId)), hookNotFound);
    expect((await world.hooks.get(hookId)).runId).toBe(owner);
  });
}

// A World that remembers the hook may call the second disposal a conflict; the SDK skips either.
const hookGone = { name: ['HookNotFoundError', 'EntityConflictError'], status: [404, 409], message: /hook/i };
