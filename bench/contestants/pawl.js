const dist = new URL('../../dist/index.js', import.meta.url);

/** Flows of Pawl: a chain of steps written as JSON, and `map`. */
export async function open({ onStep }) {
  const { openEngine, Result } = await import(dist);
  process.env.WORKFLOW_PAWL_FLOW_CONCURRENCY ??= '50';
  const work = {
    type: 'work',
    async execute({ input, execution }) {
      onStep(execution.id);
      return Result.success({ n: input });
    },
  };
  const engine = await openEngine({ handlers: [work] });
  await engine.start();

  async function run(flowId, context) {
    const { execution } = await engine.create(flowId, context);
    const { status, error } = await engine.waitFor(execution.id);
    if (status !== 'completed') throw new Error(`${flowId} ended ${status}: ${error?.message}`);
    return execution.id;
  }

  return {
    run(steps) {
      if (!engine.flows.has(`chain-${steps}`)) engine.flows.register(chain(steps));
      return run(`chain-${steps}`, { n: 1 });
    },
    mapOver(items) {
      if (!engine.flows.has('map')) engine.flows.register(map);
      return run('map', { items: Array.from({ length: items }, (_, n) => n) });
    },
    close: () => engine.close(),
  };
}

function chain(length) {
  const steps = Array.from({ length }, (_, at) =>
    step(`s${at}`, { key: 'n', outputKey: 'last', onSuccess: at + 1 < length ? `s${at + 1}` : null }),
  );
  return { id: `chain-${length}`, version: '1.0.0', initialStepId: 's0', steps: Object.fromEntries(steps.map((one) => [one.id, one])) };
}

const map = {
  id: 'map',
  version: '1.0.0',
  initialStepId: 'each',
  output: { type: 'static', value: null },
  steps: {
    each: {
      id: 'each',
      type: 'map',
      config: { startStepId: 'item', concurrency: 100 },
      input: { type: 'key', key: 'items' },
      transitions: { onSuccess: null },
    },
    item: step('item', { key: 'item', onSuccess: null }),
  },
};

function step(id, { key, outputKey, onSuccess }) {
  return { id, type: 'work', input: { type: 'key', key }, ...(outputKey ? { outputKey } : {}), transitions: { onSuccess } };
}
