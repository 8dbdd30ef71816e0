import { describe, expect, it, onTestFinished } from 'vitest';
import { insidesOf } from '../connect/create-world.ts';
import { openEngine } from '../connect/open-engine.ts';
import { Result } from '../flow/result.ts';
import { buildFlow } from '../flow/testing/build-flow.ts';
import type { Flow, StepHandler } from '../flow/types.ts';
import * as build from '../testing/event-builders.ts';
import { pendingRun, runningRun } from '../testing/arrange.ts';
import { explain } from './explain.ts';
import { readSituation } from './situation.ts';

const day = 86_400_000;

describe('what is known of a run', () => {
  it('explains a run that nobody works on', async () => {
    const { world, facts, text } = await open();
    const runId = await pendingRun(world);
    expect(await facts(runId)).toMatchObject([{ kind: 'queued', what: 'the workflow function', why: 'no worker' }]);
    expect(await text(runId)).toMatch(/^Run wrun_\w+ \(\S+\) is pending\. .* no worker is alive\. Start one/);
  });

  it('explains a run that sleeps, and has a hook', async () => {
    const { world, facts } = await open();
    const runId = await runningRun(world);
    await world.events.create(runId, build.waitCreated('wait_1', new Date(Date.now() + day)));
    await world.events.create(runId, build.hookCreated('hook_1', { token: 'approve' }));
    const found = await facts(runId);
    expect(found).toContainEqual({ kind: 'signal', hookId: 'hook_1', reason: null, until: null });
    expect(found.find(({ kind }) => kind === 'sleep')).toMatchObject({ until: expect.any(Number) });
  });

  it('explains a flow that waits for a person, and one whose step is to be tried again', async () => {
    const retries = { maxAttempts: 3, initialDelay: day };
    const { engine, facts } = await open([
      buildFlow({ ask: { config: { mode: 'ask' } } }, { id: 'asking' }),
      buildFlow({ pay: { type: 'ask', config: { mode: 'fail' }, retries } }, { id: 'paying' }),
    ]);
    const asking = (await engine.create('asking', {})).execution.id;
    await engine.run(asking);
    expect(await facts(asking)).toMatchObject([{ kind: 'signal', hookId: expect.stringMatching(/^hook_flow_/), reason: 'approval' }]);
    const paying = (await engine.create('paying', {})).execution.id;
    await engine.step(paying);
    expect(await facts(paying)).toMatchObject([{ kind: 'retry', what: 'step "pay"', attempt: 2, error: 'no funds' }]);
  });

  it('knows of no run that is not there', async () => {
    const { situation } = await open();
    expect(await situation('wrun_nowhere')).toBeUndefined();
  });
});

async function open(flows: readonly Flow[] = []) {
  const ask: StepHandler = {
    type: 'ask',
    async execute({ config, tokens, execution }) {
      if (config['mode'] === 'fail') return Result.failure({ code: 'CARD_DECLINED', message: 'no funds' });
      return Result.wait({ reason: 'approval', token: await tokens.create(execution.id) });
    },
  };
  const engine = await openEngine({ env: { WORKFLOW_PAWL_URL: 'sqlite::memory:' }, handlers: [ask], flows });
  onTestFinished(() => engine.close());
  const { world } = engine;
  const situation = async (runId: string) => readSituation(await insidesOf(world).flows.open(), runId);
  const explained = async (runId: string) => {
    const found = await situation(runId);
    if (!found) throw new Error(`There is no run ${runId}.`);
    return explain(found);
  };
  return {
    engine,
    world,
    situation,
    facts: async (runId: string) => (await explained(runId)).facts,
    text: async (runId: string) => (await explained(runId)).text,
  };
}
