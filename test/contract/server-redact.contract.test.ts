import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { defineHandler, type PawlWorld, Result } from '../../src/index.ts';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import { readStream } from '../../src/mcp/read-stream.ts';
import { listHooksAndWaits } from '../../src/mcp/list-waits.ts';
import { explainRun } from '../../src/operate/explain-run.ts';
import { createOperator, type Redact, type RedactContext } from '../../src/operate/operator.ts';
import { storeNames, type StoreName } from '../support/any-store.ts';
import { openApi } from '../support/api.ts';
import { createCodeRun, sdkPayload, writeEvent } from '../support/code-runs.ts';

const card = '4111-SECRET';
const hide: Redact = () => undefined;
/** As a host would that hides one kind of value, wherever it stands. */
const mask: Redact = (value) => JSON.parse(JSON.stringify(value).replaceAll(card, '****')) as unknown;

describe.each(storeNames)('what a host redacts, on %s,', (store) => {
  it('is in no firing of a trigger, and in no answer to whoever fired it', async () => {
    const { get, post } = await open(store, hide);
    await post('/triggers', { id: 'hook', type: 'http', flowId: 'pay', path: '/hook', transform: '{"n": $number(body.card)}' });
    const sent = [await post('/triggers/hook/webhook', { card }), await post('/triggers/hook/fire', { data: { body: { card } } })];
    expect(sent.map(({ status }) => status)).toEqual([503, 400]);
    const firings = await get('/triggers/hook/firings');
    expect(firings.body.data.map(({ error }: { error: object }) => error)).toEqual([hiddenExpression, hiddenExpression]);
    expect(JSON.stringify([...sent, firings].map(({ body }) => body))).not.toContain('SECRET');
  });

  it('is in no answer to a webhook whose body is refused', async () => {
    const { post, request } = await open(store, mask);
    const schema = { type: 'object', additionalProperties: false };
    await post('/triggers', { id: 'hook', type: 'http', flowId: 'pay', path: '/hook', schema });
    const refused = [await post('/triggers/hook/webhook', { [card]: 1 }), await request('POST', '/triggers/hook/webhook', { body: card })];
    expect(refused.map(({ status }) => status)).toEqual([400, 400]);
    expect(refused[0]?.body.errors).toEqual([{ pointer: '', message: expect.stringContaining('"****"') }]);
    expect(JSON.stringify(refused.map(({ body }) => body))).not.toContain('SECRET');
  });

  it('is told of a firing as an error of the flow that it was to start', async () => {
    const seen: { readonly value: unknown; readonly context: RedactContext }[] = [];
    const redact: Redact = (value, context) => {
      if (context.what === 'error') seen.push({ value, context });
      return mask(value, context);
    };
    const { get, post } = await open(store, redact);
    const trigger = { id: 'hook', type: 'http', flowId: 'pay', version: '1.0.0', path: '/hook', transform: '$number(body.card)' };
    await post('/triggers', trigger);
    const { body } = await post('/triggers/hook/webhook', { card });
    expect(body.detail).toMatch(/^Expression .*\*\*\*\*/);
    expect((await get('/triggers/hook/firings')).body.data).toMatchObject([{ error: { message: body.detail } }]);
    expect(seen).toHaveLength(2);
    for (const { value, context } of seen) {
      expect(value).toMatchObject({ message: expect.stringContaining(card) });
      expect(context).toEqual({ runId: '', workflowName: 'flow//pay@1.0.0', what: 'error' });
    }
  });

  it.each([
    ['hides', hide, '(redacted)'],
    ['masks', mask, 'approve card ****'],
  ] as const)('is in nothing that is told of a wait: a hook that %s it', async (_, redact, reason) => {
    const { world, engine, get, post, events } = await open(store, redact);
    await engine.start();
    const live = await events('/runs/live?kind=flow&status=waiting');
    const { runId } = (await post('/flows/pay/start', { input: { card } })).body as { runId: string };
    const told: unknown[] = [await live.nextOf('run')];
    await live.cancel();
    await vi.waitUntil(async () => (await get(`/runs/${runId}/explain`)).body.facts[0].kind === 'signal');
    const explained = (await get(`/runs/${runId}/explain`)).body;
    expect(explained).toMatchObject({ text: expect.stringContaining(`"${reason}"`), facts: [{ reason }] });
    for (const path of ['', '/events', '/steps', '/hooks', '/waits', '/streams']) told.push((await get(`/runs/${runId}${path}`)).body);
    told.push((await get('/runs')).body);
    // Agents and the command line have it from there, too.
    const operator = createOperator({ world, redact });
    told.push(await explainRun(operator, runId), await listHooksAndWaits(operator, runId, {}), explained);
    expect(JSON.stringify(told)).not.toContain('SECRET');
  });

  it('is in no form that a hook of code asks for', async () => {
    const { world, get } = await open(store, mask);
    const runId = await waitingCode(world);
    expect((await get(`/runs/${runId}/hooks`)).body.data).toMatchObject([{ schema: { title: 'Pay with ****' } }]);
    const hidden = createOperator({ world, redact: hide });
    expect((await listHooksAndWaits(hidden, runId, {})).hooks).toMatchObject([{ schema: null }]);
  });

  it('is in no chunk of a stream, of text or of bytes, whatever the hook does', async () => {
    const { world, events } = await open(store, hide);
    const runId = await createCodeRun(world, 'log');
    const name = `strm_${runId.slice(5)}_user`;
    const bytes = new Uint8Array([0xff, ...Buffer.from(card)]);
    await world.writeToStreamMulti(name, runId, [card, bytes]);
    await world.closeStream(name, runId);
    const live = await events(`/runs/${runId}/streams/${name}`);
    expect(await live.nextOf('chunk')).toEqual({ index: 0, hidden: 'redacted' });
    expect(await live.nextOf('chunk')).toEqual({ index: 1, hidden: 'redacted' });

    const read = async (redact: Redact) => (await readStream(createOperator({ world, redact }), { runId, name, from: 0 })).chunks;
    expect(await read(mask)).toEqual([
      { index: 0, text: '****' },
      { index: 1, base64: Buffer.from(bytes).toString('base64') },
    ]);
    const broken = read(() => {
      throw new Error('a hook that fails');
    });
    await expect(broken).rejects.toThrow('a hook that fails');
  });
});

const hiddenExpression = { code: 'INPUT_RESOLUTION_ERROR', message: '(redacted)' };

async function waitingCode(world: PawlWorld): Promise<string> {
  const runId = await createCodeRun(world, 'pay');
  await writeEvent(world, runId, { eventType: 'run_started' });
  const metadata = sdkPayload({ schema: { type: 'object', title: `Pay with ${card}` } });
  await writeEvent(world, runId, { eventType: 'hook_created', correlationId: 'hook_1', eventData: { token: 'token', metadata } });
  return runId;
}

const ask = defineHandler({
  type: 'ask',
  execute: ({ input }) => Result.wait({ reason: `approve card ${String((input as { card?: string }).card)}` }),
});
const pay = {
  id: 'pay',
  version: '1.0.0',
  initialStepId: 'ask',
  steps: { ask: { id: 'ask', type: 'ask', input: { type: 'full' }, transitions: { onSuccess: null, onResume: null } } },
};

async function open(store: StoreName, redact: Redact) {
  let engine: WorldEngine | undefined;
  const api = await openApi(store, { redact, engineOf: (world) => (engine = new WorldEngine(world, { handlers: [ask] })) });
  const made = engine as unknown as WorldEngine;
  onTestFinished(() => made.close());
  await api.post('/flows', pay);
  return { ...api, engine: made };
}
