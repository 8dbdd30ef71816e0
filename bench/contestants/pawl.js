const dist = new URL('../../dist/index.js', import.meta.url);

/** Flows of Pawl: a chain of steps written as JSON, `map`, `wait` and `delay`. */
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

  async function start(flow, context) {
    if (!engine.flows.has(flow.id)) engine.flows.register(flow);
    const { execution } = await engine.create(flow.id, context);
    return execution.id;
  }

  async function ended(id) {
    const { status, error } = await engine.waitFor(id);
    if (status !== 'completed') throw new Error(`${id} ended ${status}: ${error?.message}`);
    return id;
  }

  async function rest(flow) {
    const id = await start(flow, {});
    await engine.waitFor(id, { until: ['waiting'] });
    return id;
  }

  return {
    run: async (steps) => ended(await start(chain(steps), { n: 1 })),
    fanOut: async (items, atOnce = items) => ended(await start(map(atOnce), { items: Array.from({ length: items }, (_, n) => n) })),
    sleep: () => rest(sleeper),
    async waitForWord() {
      const id = await rest(word);
      return { resume: () => engine.resume(id, 'go').then(() => ended(id)) };
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

function map(atOnce) {
  return {
    id: `map-${atOnce}`,
    version: '1.0.0',
    initialStepId: 'each',
    output: { type: 'static', value: null },
    steps: {
      each: {
        id: 'each',
        type: 'map',
        config: { startStepId: 'item', concurrency: atOnce },
        input: { type: 'key', key: 'items' },
        transitions: { onSuccess: null },
      },
      item: step('item', { key: 'item', onSuccess: null }),
    },
  };
}

const word = atRest('word', { type: 'wait', config: {} });
const sleeper = atRest('sleeper', { type: 'delay', config: { duration: '1d' } });

function atRest(id, given) {
  const only = { id: 'rest', ...given, input: { type: 'static', value: null }, transitions: { onSuccess: null } };
  return { id, version: '1.0.0', initialStepId: 'rest', steps: { rest: only } };
}

function step(id, { key, outputKey, onSuccess }) {
  return { id, type: 'work', input: { type: 'key', key }, ...(outputKey ? { outputKey } : {}), transitions: { onSuccess } };
}
