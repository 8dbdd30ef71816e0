import { describe, expect, it } from 'vitest';
import { explain, type LiveWorker, type OpenStep, type RunSituation } from './explain.ts';

const now = Date.UTC(2026, 0, 1, 12);
const [second, minute, day] = [1_000, 60_000, 86_400_000];
const idle = { dueAt: null, leaseOwner: null, deliveries: 0 };
const worker: LiveWorker = { workerId: 'w1', host: 'alpha', pid: 42, deploymentId: 'dpl_new' };

const situation = (changes: Partial<RunSituation> = {}): RunSituation => ({
  now,
  runId: 'wrun_1',
  name: 'order',
  status: 'running',
  deploymentId: 'dpl_new',
  endedAt: null,
  error: null,
  expired: false,
  delivery: idle,
  steps: [],
  sleeps: [],
  hooks: [],
  workers: [worker],
  flow: null,
  ...changes,
});
const step = (changes: Partial<OpenStep> = {}): OpenStep => ({
  name: 'charge',
  attempt: 1,
  startedAt: now - 5 * second,
  error: null,
  delivery: idle,
  ...changes,
});
const flow = (changes: Partial<NonNullable<RunSituation['flow']>> = {}): RunSituation['flow'] => ({
  stepId: 'approve',
  attempt: 1,
  retryAt: null,
  error: null,
  wait: null,
  children: null,
  cancelRequested: false,
  ...changes,
});
const kindsOf = (given: RunSituation) => explain(given).facts.map(({ kind }) => kind);

describe('a run that is over', () => {
  it('says when, and what failed it', () => {
    const { text, facts } = explain(situation({ status: 'failed', endedAt: now - 2 * minute, error: 'no funds' }));
    expect(facts).toEqual([{ kind: 'ended', status: 'failed', at: now - 2 * minute, error: 'no funds' }]);
    expect(text).toBe('Run wrun_1 (order) is failed. It ended 2m ago, at 2026-01-01T11:58:00Z: no funds.');
  });

  it('says that retention has taken its data', () => {
    expect(explain(situation({ status: 'completed', endedAt: now, expired: true })).text).toMatch(/retention has deleted it\.$/);
  });

  it('waits for nothing, whatever its rows still say', () => {
    expect(kindsOf(situation({ status: 'cancelled', steps: [step()], sleeps: [now + day], hooks: ['hook_1'] }))).toEqual(['ended']);
  });
});

describe('a run of code', () => {
  it('is being replayed by a worker', () => {
    const delivery = { dueAt: now, leaseOwner: 'w1', deliveries: 1 };
    expect(explain(situation({ delivery })).text).toBe(
      'Run wrun_1 (order) is running. The workflow function is being run by process 42 on alpha.',
    );
  });

  it('has a step under way, and says for how long', () => {
    const leased = { dueAt: now, leaseOwner: 'w1', deliveries: 1 };
    expect(explain(situation({ steps: [step({ delivery: leased })] })).text).toMatch(
      /Step "charge" is being run by process 42 on alpha, for 5s\.$/,
    );
  });

  it('waits for the next attempt of a step, and says why there is one', () => {
    const { text, facts } = explain(situation({ steps: [step({ error: 'card busy', delivery: { ...idle, dueAt: now + 30 * second } })] }));
    expect(facts).toEqual([{ kind: 'retry', what: 'step "charge"', attempt: 2, at: now + 30 * second, error: 'card busy' }]);
    expect(text).toMatch(/Step "charge" failed with "card busy"; attempt 2 begins in 30s, at 2026-01-01T12:00:30Z\.$/);
  });

  it('sleeps, the first alarm first', () => {
    const { text, facts } = explain(situation({ sleeps: [now + day, now + minute] }));
    expect(facts).toEqual([
      { kind: 'sleep', until: now + minute },
      { kind: 'sleep', until: now + day },
    ]);
    expect(text).toMatch(/It sleeps, and goes on in 60s, at 2026-01-01T12:01:00Z\./);
  });

  it('waits for a hook', () => {
    expect(explain(situation({ hooks: ['hook_1'] })).text).toMatch(/It waits for somebody outside \(hook hook_1\)\.$/);
  });

  it('tells three of a kind, and how many more there are', () => {
    const steps = Array.from({ length: 200 }, (_, index) =>
      step({ name: `s${index}`, delivery: { dueAt: now, leaseOwner: 'w1', deliveries: 1 } }),
    );
    const { text, facts } = explain(situation({ steps }));
    expect(facts).toHaveLength(200);
    expect(text).toMatch(/"s0".*"s1".*"s2".*So it is with 197 more\.$/);
    expect(text).not.toContain('"s3"');
  });

  it('is redelivered after deliveries that came to nothing', () => {
    const delivery = { dueAt: now + 8 * second, leaseOwner: null, deliveries: 4 };
    expect(explain(situation({ delivery })).text).toMatch(
      /The workflow function could not be delivered \(4 times\), and is delivered again in 8s.*The log of the workers says what went wrong\.$/,
    );
  });
});

describe('what is due and not under way', () => {
  const due = { ...idle, dueAt: now - 5 * minute };
  const why = (changes: Partial<RunSituation>) => explain(situation({ status: 'pending', delivery: due, ...changes }));

  it('lacks a worker', () => {
    const { text } = why({ workers: [] });
    expect(text).toMatch(/has been due for 5m, and no worker is alive\. Start one: .*world\.start\(\).*"pawl serve"\.$/);
  });

  it('lacks a worker of its build', () => {
    const { text } = why({ deploymentId: 'dpl_old' });
    expect(text).toMatch(/no worker that is alive has its build, dpl_old\. .*"pinned" do not/);
  });

  it('was held by a worker that died', () => {
    const { text, facts } = why({ delivery: { dueAt: now - second, leaseOwner: 'w0', deliveries: 1 } });
    expect(facts).toMatchObject([{ kind: 'queued', why: 'its worker died' }]);
    expect(text).toMatch(/Another one takes it over within seconds; nothing need be done\.$/);
  });

  it('was not taken for long, and says where to look', () => {
    expect(why({}).text).toMatch(/no worker has taken it yet\. See whether the workers are busy/);
    expect(why({ delivery: { ...idle, dueAt: now } }).text).toMatch(/no worker has taken it yet\.$/);
  });
});

describe('a run of which nothing is due', () => {
  it('is a defect that is told', () => {
    const { text, facts } = explain(situation());
    expect(facts).toEqual([{ kind: 'nothing' }]);
    expect(text).toMatch(/report it: that should not happen\.$/);
  });
});

describe('an execution of a flow', () => {
  it('waits for its own token, and no longer than it was told to', () => {
    const wait = { wakeAt: now + day, hookId: 'hook_flow_2', reason: 'approval' };
    const { text } = explain(situation({ flow: flow({ wait }), hooks: ['hook_flow_1'], delivery: { ...idle, dueAt: now + day } }));
    expect(text).toMatch(
      /It waits for somebody outside \(hook hook_flow_2\), "approval", but no longer than 24h, at 2026-01-02T12:00:00Z\.$/,
    );
  });

  it('sleeps until its wait is over', () => {
    const wait = { wakeAt: now + day, hookId: null, reason: null };
    expect(kindsOf(situation({ flow: flow({ wait }), delivery: { ...idle, dueAt: now + day } }))).toEqual(['sleep']);
  });

  it('waits for its children', () => {
    expect(explain(situation({ flow: flow({ children: { finished: 3, needed: 10 } }) })).text).toMatch(/children: 3 of 10 have ended\.$/);
  });

  it('waits for the next attempt', () => {
    const retrying = flow({ stepId: 'pay', attempt: 2, retryAt: now + minute, error: 'HTTP 503' });
    const { text } = explain(situation({ flow: retrying, delivery: { ...idle, dueAt: now + minute } }));
    expect(text).toMatch(/Step "pay" failed with "HTTP 503"; attempt 3 begins in 60s/);
  });

  it('is under way in a worker', () => {
    const delivery = { dueAt: now, leaseOwner: 'w1', deliveries: 1 };
    expect(explain(situation({ flow: flow(), delivery })).text).toMatch(/Step "approve" is being run by process 42 on alpha\.$/);
  });

  it('is due, with what it was waiting for behind it', () => {
    const wait = { wakeAt: now - second, hookId: null, reason: null };
    expect(kindsOf(situation({ flow: flow({ wait }), delivery: { ...idle, dueAt: now - second } }))).toEqual(['queued']);
  });

  it('was asked to cancel', () => {
    expect(kindsOf(situation({ flow: flow({ cancelRequested: true }), delivery: { ...idle, dueAt: now } }))).toEqual([
      'cancelling',
      'queued',
    ]);
  });
});
