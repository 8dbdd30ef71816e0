const keptWhenDone = 500;

/** Everything the World knows, by run. Runs that have ended are forgotten after a while. */
export function createRuns() {
  const byId = new Map();
  const hooksByToken = new Map();
  const ended = [];
  return {
    byId,
    hooksByToken,
    create(run) {
      const state = { run, events: [], steps: new Map(), waits: new Map(), hooks: new Map(), lastMs: 0, markerMs: 0 };
      byId.set(run.runId, state);
      return state;
    },
    end(state) {
      for (const hook of state.hooks.values()) hooksByToken.delete(hook.token);
      state.hooks.clear();
      state.waits.clear();
      ended.push(state.run.runId);
      if (ended.length > keptWhenDone) byId.delete(ended.shift());
    },
  };
}

export function isTerminal(run) {
  return run.status === 'completed' || run.status === 'failed' || run.status === 'cancelled';
}
