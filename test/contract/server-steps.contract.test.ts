import { describe, expect, it } from 'vitest';
import type { PawlWorld } from '../../src/index.ts';
import { newRunId } from '../../src/testing/ids.ts';
import { storeNames } from '../support/any-store.ts';
import { openApi } from '../support/api.ts';
import { createCodeRun, sdkPayload, writeEvent } from '../support/code-runs.ts';
import { approval, approvalEngine } from '../support/flows.ts';
import { seal } from '../support/seal.ts';

const attempt = { outcome: 'completed', error: null };

describe.each(storeNames)('the steps of a run, on %s,', (store) => {
  it('come without what went in and out where that is not wanted, and one by one with it', async () => {
    const { world, get } = await openApi(store);
    const runId = await runWithSteps(world, ['step_1', 'step_2', 'step_3']);
    const whole = (await get(`/runs/${runId}/steps`)).body.data as Record<string, unknown>[];
    expect(whole).toMatchObject(
      ['step_1', 'step_2', 'step_3'].map((stepId) => ({ stepId, input: { json: [stepId] }, output: { json: `out of ${stepId}` } })),
    );
    expect((await get(`/runs/${runId}/steps?payloads=all`)).body.data).toEqual(whole);

    const bare = (await get(`/runs/${runId}/steps?payloads=none`)).body.data;
    expect(bare).toEqual(whole.map(({ input: _, output: __, ...rest }) => rest));
    expect(bare).toMatchObject([{ attempts: [attempt] }, { attempts: [attempt] }, { attempts: [attempt] }]);
    const page = await get(`/runs/${runId}/steps?payloads=none&limit=2&order=desc`);
    expect(page.body).toMatchObject({ hasMore: true, data: [{ stepId: 'step_3' }, { stepId: 'step_2' }] });

    for (const step of whole)
      expect(await get(`/runs/${runId}/steps/${String(step['stepId'])}`)).toMatchObject({ status: 200, body: step });
    expect(await get(`/runs/${runId}/steps?payloads=some`)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/query/payloads' }] },
    });
  });

  it('say why an attempt failed also without what went in and out', async () => {
    const { world, get } = await openApi(store);
    const runId = await runWithSteps(world, []);
    const step = { correlationId: 'step_1' };
    await writeEvent(world, runId, {
      ...step,
      eventType: 'step_created',
      eventData: { stepName: 'step//./shop//charge', input: sdkPayload([]) },
    });
    await writeEvent(world, runId, { ...step, eventType: 'step_started' });
    await writeEvent(world, runId, { ...step, eventType: 'step_failed', eventData: { error: 'the bank is closed' } });
    const failed = { status: 'failed', attempts: [{ outcome: 'failed', error: { message: 'the bank is closed' } }] };
    expect((await get(`/runs/${runId}/steps?payloads=none`)).body.data).toMatchObject([failed]);
    expect((await get(`/runs/${runId}/steps/step_1`)).body).toMatchObject(failed);
  });

  it('are not found where they are not, or are of another run', async () => {
    const { world, get } = await openApi(store);
    const [one, other] = [await runWithSteps(world, ['step_1']), await runWithSteps(world, ['step_2'])];
    for (const path of [`/runs/${one}/steps/step_2`, `/runs/${other}/steps/step_1`, `/runs/${one}/steps/none`])
      expect(await get(path), path).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', detail: expect.stringMatching(/no step/) } });
    expect(await get('/runs/wrun_none/steps/step_1')).toMatchObject({ status: 404, body: { code: 'RUN_NOT_FOUND' } });
    expect(await get(`/runs/${one}/steps/%00`)).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
  });

  it('are shown to no other tenant, one by one as little as in a list', async () => {
    const secrets = { acme: 'acme-secret-0123456789', globex: 'globex-secret-0123456789', ops: 'ops-secret-0123456789' };
    const tokens = `acme:read+act:acme:${secrets.acme},globex:read+act:globex:${secrets.globex},ops:read+act+admin:${secrets.ops}`;
    const { get, post, world } = await openApi(store, { tokens, engineOf: approvalEngine });
    await post('/flows', approval, { token: secrets.ops });
    const { runId } = (await post('/flows/approval/start', {}, { token: secrets.globex })).body as { runId: string };
    const code = await runWithSteps(world, ['step_1']);
    for (const foreign of [runId, code])
      for (const path of ['/steps?payloads=none', '/steps/step_1'])
        expect(await get(`/runs/${foreign}${path}`, { token: secrets.acme }), path).toMatchObject({
          status: 404,
          body: { code: 'RUN_NOT_FOUND' },
        });
    expect(await get(`/runs/${code}/steps/step_1`, { token: secrets.ops })).toMatchObject({ status: 200 });
  });

  it('are redacted one by one as in a list', async () => {
    const { world, get } = await openApi(store, {
      redact: (value, { what }) => (what === 'stepInput' ? undefined : what === 'stepOutput' ? '***' : value),
    });
    const runId = await runWithSteps(world, ['step_1']);
    const shown = { input: { state: 'redacted' }, output: { state: 'value', json: '***' } };
    expect((await get(`/runs/${runId}/steps`)).body.data).toMatchObject([shown]);
    expect((await get(`/runs/${runId}/steps/step_1`)).body).toMatchObject(shown);
  });

  it.each([
    { decrypt: true, input: { state: 'value', json: ['the amount'] } },
    { decrypt: false, input: { state: 'encrypted' } },
  ])('are opened one by one only as they are in a list: $decrypt', async ({ decrypt, input }) => {
    const { world, get } = await openApi(store, { decrypt, env: { WORKFLOW_PAWL_ENCRYPTION_KEYS: 'a secret of sixteen' } });
    const runId = newRunId();
    const key = (await world.getEncryptionKeyForRun(runId, {})) as Uint8Array;
    await createCodeRun(world, 'secretly', { runId, input: await seal(key, sdkPayload([])) });
    await writeEvent(world, runId, { eventType: 'run_started' });
    await writeStep(world, runId, 'step_1', await seal(key, sdkPayload(['the amount'])));
    expect((await get(`/runs/${runId}/steps`)).body.data).toMatchObject([{ input }]);
    expect((await get(`/runs/${runId}/steps/step_1`)).body).toMatchObject({ input });
  });
});

describe.each(storeNames)('hooks, waits and streams of a run, on %s,', (store) => {
  it('come in either order, page by page, and no page twice for what comes meanwhile', async () => {
    const { world, get } = await openApi(store);
    const runId = await runWithSteps(world, []);
    const add = async (id: number) => {
      await writeEvent(world, runId, { eventType: 'hook_created', correlationId: `hook_${id}`, eventData: { token: `token ${id}` } });
      const resumeAt = new Date('2099-01-01');
      await writeEvent(world, runId, { eventType: 'wait_created', correlationId: `wait_${id}`, eventData: { resumeAt } });
      await world.writeToStream(`strm_${runId.slice(5)}_${id}`, runId, 'chunk');
    };
    for (const id of [1, 2, 3]) await add(id);
    const lists = { hooks: 'hookId', waits: 'waitId', streams: 'name' };
    const ends = (of: { data: Record<string, string>[] }, field: string) => of.data.map((each) => Number(each[field]?.at(-1)));
    const first = new Map<string, { cursor: string }>();
    for (const [list, field] of Object.entries(lists)) {
      expect(ends((await get(`/runs/${runId}/${list}`)).body, field), list).toEqual([1, 2, 3]);
      expect(ends((await get(`/runs/${runId}/${list}?order=asc`)).body, field), list).toEqual([1, 2, 3]);
      const { body } = await get(`/runs/${runId}/${list}?order=desc&limit=2`);
      expect(ends(body, field), list).toEqual([3, 2]);
      expect(body.hasMore, list).toBe(true);
      first.set(list, body);
    }
    await add(4);
    for (const [list, field] of Object.entries(lists)) {
      const { body } = await get(`/runs/${runId}/${list}?order=desc&limit=2&cursor=${first.get(list)?.cursor}`);
      expect(ends(body, field), list).toEqual([1]);
      expect(body, list).toMatchObject({ hasMore: false, cursor: null });
      expect(ends((await get(`/runs/${runId}/${list}?order=desc`)).body, field), list).toEqual([4, 3, 2, 1]);
    }
  });
});

async function runWithSteps(world: PawlWorld, stepIds: readonly string[]): Promise<string> {
  const runId = await createCodeRun(world, 'order');
  await writeEvent(world, runId, { eventType: 'run_started' });
  for (const stepId of stepIds) await writeStep(world, runId, stepId);
  return runId;
}

async function writeStep(world: PawlWorld, runId: string, stepId: string, input = sdkPayload([stepId])): Promise<void> {
  const step = { correlationId: stepId };
  await writeEvent(world, runId, { ...step, eventType: 'step_created', eventData: { stepName: 'step//./shop//charge', input } });
  await writeEvent(world, runId, { ...step, eventType: 'step_started' });
  await writeEvent(world, runId, { ...step, eventType: 'step_completed', eventData: { result: sdkPayload(`out of ${stepId}`) } });
}
