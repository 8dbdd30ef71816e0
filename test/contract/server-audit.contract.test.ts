import { describe, expect, it } from 'vitest';
import { openApi } from '../support/api.ts';
import { createCodeRun, writeEvent } from '../support/code-runs.ts';

const secrets = { reader: 'reader-secret-0123456789', admin: 'admin-secret-0123456789', actor: 'actor-secret-0123456789' };
const tokens = `reader:read:${secrets.reader},actor:act:${secrets.actor},admin:read+act+admin:${secrets.admin}`;
const abroad = { remoteAddress: '203.0.113.7', url: 'https://pawl.example' };

describe('the audit log', () => {
  const acts: readonly (readonly [path: string, action: string, target: string | null, body: object])[] = [
    ['/runs', 'run.start', null, { workflow: 'workflow//./shop//mail' }],
    ['/runs/bulk', 'runs.bulk', null, { action: 'cancel', filter: { name: 'mail' } }],
    ['/runs/wrun_x/cancel', 'run.cancel', 'wrun_x', {}],
    ['/runs/wrun_x/wake', 'run.wake', 'wrun_x', {}],
    ['/runs/wrun_x/retry', 'run.retry', 'wrun_x', {}],
    ['/runs/wrun_x/replay', 'run.replay', 'wrun_x', {}],
    ['/runs/wrun_x/resume', 'run.resume', 'wrun_x', {}],
    ['/flows', 'flow.register', null, { id: 'x' }],
    ['/flows/x/start', 'flow.start', 'x', {}],
    ['/triggers', 'trigger.put', null, { id: 'x' }],
    ['/triggers/x/enable', 'trigger.enable', 'x', {}],
    ['/triggers/x/disable', 'trigger.disable', 'x', {}],
    ['/triggers/x/fire', 'trigger.fire', 'x', {}],
  ];

  it('has every act that a token may not do, by the name that it has for those who may', async () => {
    const { get, post } = await openApi('SQLite', { tokens });
    const newest = async () => (await get('/audit?limit=1', { token: secrets.admin })).body.data[0];
    for (const [path, action, target, body] of acts) {
      expect((await post(path, body, { token: secrets.reader })).status, path).toBe(403);
      const refused = { actor: 'reader', via: 'api', action, target, outcome: 'refused', code: 'FORBIDDEN', details: {} };
      expect(await newest(), path).toMatchObject(refused);
      await post(path, body, { token: secrets.admin });
      // Which act on many runs it is stands in a body, and that was not read.
      const named = path === '/runs/bulk' ? { action: 'runs.cancel' } : { action, ...(target === null ? {} : { target }) };
      expect(await newest(), path).toMatchObject({ actor: 'admin', ...named });
    }
    const { paths } = (await get('//openapi.json')).body as { paths: Record<string, { post?: { description: string } }> };
    const changing = Object.values(paths).filter(({ post: operation }) => /scope `(?:act|admin)`/.test(operation?.description ?? ''));
    expect(changing).toHaveLength(acts.length);
  });

  it('has nothing of what is no id of anything, of looks, and of whoever has no token', async () => {
    const { get, post } = await openApi('SQLite', { tokens });
    const lines = async () => (await get('/audit', { token: secrets.admin })).body.data;
    expect((await get('/runs', { token: secrets.actor })).status).toBe(403);
    expect((await post('/flows/validate', {}, { token: secrets.actor })).status).toBe(403);
    expect((await get('/audit', { token: secrets.actor })).status).toBe(403);
    expect((await post('/runs/wrun_x/cancel', {}, abroad)).status).toBe(401);
    expect((await post('/runs/wrun_x/cancel', {}, { ...abroad, token: 'no-such-secret-0123456789' })).status).toBe(401);
    expect(await lines()).toEqual([]);
    expect((await post(`/runs/${'x'.repeat(129)}/cancel`, {}, { token: secrets.reader })).status).toBe(403);
    expect(await lines()).toMatchObject([{ action: 'run.cancel', target: null, outcome: 'refused' }]);
  });

  it('has who came with a resume token, never the token, and nothing of one that nobody waits for: anybody could fill it', async () => {
    const { world, get, post } = await openApi('SQLite');
    const runId = await createCodeRun(world, 'mail');
    await writeEvent(world, runId, { eventType: 'run_started' });
    await writeEvent(world, runId, { eventType: 'hook_created', correlationId: 'hook_1', eventData: { token: 'a-right-token' } });
    expect(await post('/resume', { token: 'a-wrong-token' }, abroad)).toMatchObject({ status: 404, body: { code: 'HOOK_NOT_FOUND' } });
    expect(await post('/resume', { token: 'a-right-token' }, abroad)).toMatchObject({ status: 200 });
    const { data } = (await get('/audit')).body;
    const line = { actor: 'resume token', action: 'resume' };
    expect(data).toMatchObject([{ ...line, target: runId, outcome: 'done', details: { hookId: 'hook_1' } }]);
    expect(JSON.stringify(data)).not.toMatch(/right-token|wrong-token/);
  });
});
