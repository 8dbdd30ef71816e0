import { HookNotFoundError, WorkflowRunNotFoundError, WorkflowWorldError } from '@workflow/errors';

/** The reads the SDK makes; lists are answered whole. */
export function createReads({ byId, hooksByToken }) {
  const stateOf = (runId) => {
    const state = byId.get(runId);
    if (!state) throw new WorkflowRunNotFoundError(runId);
    return state;
  };
  return {
    runs: {
      get: async (runId) => ({ ...stateOf(runId).run }),
      list: async () => page([...byId.values()].map(({ run }) => ({ ...run })).toReversed()),
    },
    steps: {
      get: async (runId, stepId) => copyOf(stateOf(runId).steps.get(stepId), stepId),
      list: async ({ runId }) => page([...(byId.get(runId)?.steps.values() ?? [])].map((step) => ({ ...step }))),
    },
    events: {
      get: async (runId, eventId) =>
        copyOf(
          stateOf(runId).events.find((event) => event.eventId === eventId),
          eventId,
        ),
      list: async ({ runId, pagination }) => {
        const events = byId.get(runId)?.events ?? [];
        const after = events.findIndex((event) => event.eventId === pagination?.cursor);
        const data = events.slice(after + 1);
        return { data, cursor: events.at(-1)?.eventId ?? null, hasMore: false };
      },
      listByCorrelationId: async ({ correlationId, runId }) => {
        const logs = runId ? [byId.get(runId)?.events ?? []] : [...byId.values()].map(({ events }) => events);
        return page(logs.flat().filter((event) => event.correlationId === correlationId));
      },
    },
    hooks: {
      get: async (hookId) => copyOfHook(findHook(byId, hookId), hookId),
      getByToken: async (token) => copyOfHook(hooksByToken.get(token), token),
      list: async ({ runId }) => page([...(byId.get(runId)?.hooks.values() ?? [])].map((hook) => ({ ...hook }))),
    },
  };
}

function page(data) {
  return { data, cursor: null, hasMore: false };
}

function findHook(byId, hookId) {
  for (const { hooks } of byId.values()) {
    if (hooks.has(hookId)) return hooks.get(hookId);
  }
  return undefined;
}

function copyOfHook(hook, name) {
  if (!hook) throw new HookNotFoundError(name);
  return { ...hook };
}

function copyOf(entity, name) {
  if (!entity) throw new WorkflowWorldError(`"${name}" not found`, { status: 404 });
  return { ...entity };
}
