/**
 * What is measured. `rounds` are taken in turns, A-B-A-B, each in a process of its own. `wants` says for each store on which it is measured
 * what is wished for: Pawl beside another World, or beside a number when `than` is missing.
 */
export const metrics = {
  throughput: {
    title: '100 runs × 10 steps, 10 at a time',
    unit: 'ms',
    module: './throughput.js',
    rounds: 3,
    quick: { runs: 30 },
    wants: {
      sqlite: [
        { than: 'local', atMost: 1 / 4, text: '≥ 4× world-local' },
        { than: 'floor', atMost: 1 / 0.75, text: '≥ 0.75 of the floor' },
      ],
      postgres: [
        { than: 'world-postgres', atMost: 1 / 2.4, text: '≥ 2.4× world-postgres' },
        { than: 'floor', atMost: 1 / 0.65, text: '≥ 0.65 of the floor' },
      ],
    },
  },
  sequence: {
    title: '10 steps in sequence, p50',
    unit: 'ms',
    module: './sequence.js',
    rounds: 3,
    quick: { runs: 8 },
    wants: {
      sqlite: [{ than: 'floor', atMost: 1.35, text: '≤ 1.35× the floor' }],
      postgres: [{ than: 'floor', atMost: 1.75, text: '≤ 1.75× the floor' }],
    },
  },
  stepTraffic: {
    title: 'round trips for each sequential step',
    unit: '',
    module: './step-traffic.js',
    rounds: 1,
    quick: { runs: 3 },
    countsTraffic: true,
    skip: ['floor'],
    wants: { postgres: [{ atMost: 4, text: '≤ 4' }] },
  },
  parallel50: {
    title: '50 parallel steps, p50',
    unit: 'ms',
    module: './fan-out.js',
    rounds: 3,
    options: { steps: 50 },
    quick: { runs: 2 },
    wants: {
      sqlite: [{ than: 'floor', atMost: 1.5, text: '≤ 1.5× the floor' }],
      postgres: [{ than: 'floor', atMost: 1.75, text: '≤ 1.75× the floor' }],
    },
  },
  parallel200: {
    title: '200 parallel steps, p50',
    unit: 'ms',
    module: './fan-out.js',
    rounds: 3,
    options: { steps: 200 },
    quick: { runs: 1 },
    // A minute a run: once is enough to see it.
    perWorld: { local: { rounds: 1, runs: 1 } },
    wants: {
      sqlite: [{ than: 'floor', atMost: 1.5, text: '≤ 1.5× the floor' }],
      postgres: [{ than: 'floor', atMost: 1.75, text: '≤ 1.75× the floor' }],
    },
  },
  stream: {
    title: '100 stream chunks, written and read live, p50',
    unit: 'ms',
    module: './stream.js',
    rounds: 3,
    quick: { runs: 2 },
    wants: {
      sqlite: [{ than: 'floor', atMost: 1.3, text: '≤ 1.3× the floor' }],
      postgres: [],
    },
  },
  hook: {
    title: 'resume of a hook to completion, p50',
    unit: 'ms',
    module: './hook.js',
    rounds: 3,
    quick: { runs: 8 },
    wants: {
      sqlite: [{ than: 'floor', atMost: 2, text: '≤ 2× the floor' }],
      postgres: [],
    },
  },
  alone: {
    title: 'World alone, without the SDK, 50 runs at once',
    unit: 'steps/s',
    module: './world-alone.js',
    rounds: 3,
    quick: { runs: 100 },
    perWorld: { local: { runs: 100 }, 'world-postgres': { runs: 100 } },
    wants: {
      sqlite: [{ atLeast: 4000, text: '≥ 4,000 steps/s' }],
      postgres: [{ atLeast: 1500, text: '≥ 1,500 steps/s' }],
    },
  },
  sleeping: {
    title: '10,000 sleeping runs, idle: share of a core',
    unit: '%',
    module: './sleeping.js',
    rounds: 1,
    quick: { runs: 500, idleMs: 5000 },
    // world-local holds a slot for each sleeper and has 1,000 of them.
    skip: ['local', 'floor'],
    wants: { sqlite: [{ atMost: 1, text: '< 1 %, no growth' }] },
  },
  idleQueries: {
    title: '10,000 sleeping runs, idle: queries of a worker',
    unit: '/s',
    module: './idle-queries.js',
    rounds: 1,
    quick: { runs: 500, idleMs: 5000 },
    countsTraffic: true,
    // world-postgres needs minutes to start them.
    skip: ['world-postgres', 'floor'],
    wants: { postgres: [{ atMost: 2, text: '≤ 2 a second' }] },
  },
  claims: {
    title: 'a claim among 1,000,000 finished runs, against among 1,000',
    unit: '×',
    module: './claims.js',
    rounds: 1,
    quick: { many: 50_000, claims: 50 },
    skip: ['world-postgres', 'floor'],
    wants: { postgres: [{ atMost: 1.2, text: '≤ 1.2×' }] },
  },
  memory: {
    title: 'memory after 10,000 runs, against after 1,000',
    unit: '×',
    module: './memory.js',
    rounds: 1,
    quick: { runs: 500 },
    // world-local gets slower with every run it has seen; 10,000 take it hours.
    skip: ['local'],
    wants: { sqlite: [{ atMost: 1.2, text: 'within 20 %' }] },
  },
  flowStep: {
    title: 'one execution at a time, a step, p50',
    unit: 'ms',
    module: './flow-step.js',
    ofFlows: true,
    rounds: 3,
    quick: { runs: 3 },
    wants: {
      'flows-sqlite': [{ atMost: 0.5, text: '≤ 0.5 ms' }],
      'flows-postgres': [{ atMost: 2, text: '≤ 2 ms' }],
    },
  },
  flowMany: {
    title: 'executions of 10 steps, 50 at once',
    unit: 'steps/s',
    module: './flow-many.js',
    ofFlows: true,
    rounds: 3,
    quick: { runs: 100 },
    wants: {
      'flows-sqlite': [
        { atLeast: 5000, text: '≥ 5,000 steps/s' },
        { than: 'openworkflow', atLeast: 3, text: '≥ 3× OpenWorkflow' },
      ],
      'flows-postgres': [
        { atLeast: 3000, text: '≥ 3,000 steps/s' },
        { than: 'dbos', atLeast: 2.5, text: '≥ 2.5× DBOS' },
      ],
    },
  },
  flowLong: {
    title: 'an execution of 1,000 steps',
    unit: 'ms',
    module: './flow-long.js',
    ofFlows: true,
    rounds: 3,
    quick: { runs: 1 },
    wants: {
      'flows-sqlite': [{ atMost: 1000, text: '≤ 1 s' }],
      'flows-postgres': [{ atMost: 3000, text: '≤ 3 s' }],
    },
  },
  flowGrowth: {
    title: 'the last of 1,000 steps, against the first',
    unit: '×',
    module: './flow-growth.js',
    ofFlows: true,
    rounds: 3,
    quick: { runs: 1 },
    wants: {
      'flows-sqlite': [{ atMost: 1.2, text: '≤ 1.2×' }],
      'flows-postgres': [{ atMost: 1.2, text: '≤ 1.2×' }],
    },
  },
  flowMap: {
    title: '`map` over 10,000 items, against over 1,000',
    unit: '×',
    module: './flow-map.js',
    ofFlows: true,
    rounds: 1,
    quick: { few: 100, many: 1_000 },
    // They have no such thing.
    skip: ['openworkflow', 'openworkflow-postgres', 'dbos'],
    wants: {
      'flows-sqlite': [{ atMost: 11, text: '≤ 11×' }],
      'flows-postgres': [{ atMost: 11, text: '≤ 11×' }],
    },
  },
};

/** What is also measured on a slow disk. */
export const slowDiskMetrics = ['throughput', 'sequence', 'alone'];
