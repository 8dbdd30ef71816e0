import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { readSettings } from '../connect/settings.ts';
import { keyIdOf } from '../world/encryption.ts';
import { registerStepName } from '../testing/registered-steps.ts';
import { Handlers, type QueueHandler } from './handlers.ts';
import { HttpSender } from './http-sender.ts';
import { Routing } from './routing.ts';

const handler: QueueHandler = async () => {};
const known = 'step//./workflows/w//known';
const registeredSteps = Symbol.for('@workflow/core//registeredSteps');
const url = { WORKFLOW_PAWL_BASE_URL: 'http://localhost:3000' };

interface Given {
  readonly prefixes?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function openRouting({ prefixes = ['__wkf_workflow_', '__wkf_step_'], env = {} }: Given = {}): Routing {
  const settings = readSettings(env);
  const handlers = new Handlers();
  for (const prefix of prefixes) handlers.register(prefix, handler);
  const http = new HttpSender({ ...settings, secret: async () => 's', now: () => 0, logger: silentLogger });
  return new Routing(handlers, () => settings, http);
}

beforeEach(() => {
  // As in a process that has loaded one step.
  (globalThis as Record<symbol, unknown>)[registeredSteps] = new Map();
  registerStepName(known);
});
afterEach(() => {
  delete (globalThis as Record<symbol, unknown>)[registeredSteps];
  vi.unstubAllEnvs();
});

describe('a delivery', () => {
  it('goes to the handler of this process where there is one', () => {
    expect(openRouting().route('workflow', '')).toEqual({ kind: 'inprocess', handler: { prefix: '__wkf_workflow_', handler } });
    expect(openRouting({ env: url }).route('step', '', known).kind).toBe('inprocess');
  });

  it('goes nowhere from a process that has neither a handler nor an address', () => {
    expect(openRouting({ prefixes: [] }).route('workflow', '')).toEqual({ kind: 'none' });
  });

  it('goes to the app over HTTP from a process that has an address and no handler', () => {
    const routing = openRouting({ prefixes: [], env: url });
    expect(routing.route('workflow', '')).toEqual({ kind: 'http', path: 'flow' });
    expect(routing.route('step', '', known)).toEqual({ kind: 'http', path: 'step' });
  });

  it('of a step whose function was not loaded here goes elsewhere', () => {
    expect(openRouting().route('step', '', 'step//./workflows/w//other')).toEqual({ kind: 'none' });
    expect(openRouting({ env: url }).route('step', '', 'step//./workflows/w//other')).toEqual({ kind: 'http', path: 'step' });
  });

  it('of a run that is encrypted with a key of another process goes there, or over HTTP to whoever may have it', () => {
    const secret = 'a secret of sixteen';
    const env = { WORKFLOW_PAWL_ENCRYPTION_KEYS: secret };
    const routeOf = (encryptionKeyId: string | null, given: Given) =>
      openRouting(given).routeOf({ kind: 'workflow', namespace: '', encryptionKeyId }).kind;
    expect(routeOf(null, {})).toBe('inprocess');
    expect(routeOf(keyIdOf(secret), { env })).toBe('inprocess');
    expect(routeOf(keyIdOf('another secret!!'), { env })).toBe('none');
    expect(routeOf(keyIdOf(secret), {})).toBe('none');
    expect(routeOf(keyIdOf(secret), { prefixes: [], env: url })).toBe('http');
    expect(openRouting({ env }).claimFilter().keyIds).toEqual([keyIdOf(secret)]);
    expect(openRouting({ env: { ...env, ...url } }).claimFilter().keyIds).toEqual([keyIdOf(secret)]);
    expect(openRouting({ prefixes: [], env: url }).claimFilter().keyIds).toBeNull();
  });

  it('of a step goes to the handler where the SDK was never loaded, as in a test', () => {
    delete (globalThis as Record<symbol, unknown>)[registeredSteps];
    expect(openRouting().route('step', '', 'anything').kind).toBe('inprocess');
  });

  it('goes over HTTP and nowhere else where that is wanted', () => {
    const wanted = { WORKFLOW_PAWL_DELIVERY: 'http' };
    expect(openRouting({ env: { ...wanted, ...url } }).route('workflow', '')).toEqual({ kind: 'http', path: 'flow' });
    expect(openRouting({ env: wanted }).route('workflow', '')).toEqual({ kind: 'none' });
  });

  it('stays in the process where that is wanted', () => {
    const env = { WORKFLOW_PAWL_DELIVERY: 'inprocess', ...url };
    expect(openRouting({ env }).route('workflow', '').kind).toBe('inprocess');
    expect(openRouting({ prefixes: [], env }).route('workflow', '')).toEqual({ kind: 'none' });
  });

  it('is a request under Next.js, where there is an address', () => {
    vi.stubEnv('NEXT_RUNTIME', 'nodejs');
    expect(openRouting({ env: url }).route('workflow', '').kind).toBe('http');
    expect(openRouting().route('workflow', '').kind).toBe('inprocess');
    expect(openRouting({ env: { WORKFLOW_PAWL_DELIVERY: 'inprocess', ...url } }).route('workflow', '').kind).toBe('inprocess');
  });
});

describe('a namespace', () => {
  const prefixes = ['__shop_wkf_workflow_', '__shop_wkf_step_'];

  it('has handlers of its own', () => {
    expect(openRouting({ prefixes }).route('workflow', 'shop').kind).toBe('inprocess');
    expect(openRouting({ prefixes }).route('workflow', 'bank')).toEqual({ kind: 'none' });
    expect(openRouting().route('workflow', 'shop')).toEqual({ kind: 'none' });
  });

  it('gets the steps that the SDK queues under the plain name', () => {
    expect(openRouting({ prefixes }).route('step', '', known)).toMatchObject({ handler: { prefix: '__shop_wkf_step_' } });
  });

  it('of flows is served where their Engine is, never over HTTP', () => {
    expect(openRouting({ env: { ...url, WORKFLOW_PAWL_DELIVERY: 'http' } }).route('workflow', 'flow')).toEqual({ kind: 'none' });
  });
});

describe('what a worker looks for', () => {
  it('is what it has handlers for', () => {
    const all = { run: [''], step: [''], message: ['', '/step'] };
    expect(openRouting().claimFilter()).toMatchObject({ namespaces: all, deploymentId: null });
    expect(openRouting({ prefixes: [] }).claimFilter().namespaces).toEqual({ run: [], step: [], message: [] });
  });

  it('is of each kind what can be delivered from here, whatever else is', () => {
    const wanted = (given: Given) => openRouting(given).claimFilter().namespaces;
    const flow = '__flow_wkf_workflow_';
    expect(wanted({ prefixes: ['__wkf_workflow_'] })).toEqual({ run: [''], step: [], message: [''] });
    expect(wanted({ prefixes: [flow] })).toEqual({ run: ['flow'], step: [], message: [] });
    // The SDK registers the handler of steps in every process that imports it.
    expect(wanted({ prefixes: [flow, '__wkf_step_'] })).toEqual({ run: ['flow'], step: [''], message: ['/step'] });
    expect(wanted({ prefixes: [flow, '__wkf_step_', '__wkf_workflow_'] })).toEqual({
      run: ['flow', ''],
      step: [''],
      message: ['', '/step'],
    });
    expect(wanted({ prefixes: ['__shop_wkf_workflow_', '__wkf_step_'] })).toEqual({
      run: ['shop', ''],
      step: [''],
      message: ['shop', '', '/step'],
    });
    const overHttp = { WORKFLOW_PAWL_DELIVERY: 'http' };
    expect(wanted({ env: overHttp })).toEqual({ run: [], step: [], message: [] });
    expect(wanted({ prefixes: [flow], env: overHttp })).toEqual({ run: ['flow'], step: [], message: [] });
  });

  it('is the steps that it has loaded, in all spellings that the SDK accepts', () => {
    const { stepNames } = openRouting().claimFilter();
    expect(stepNames).toContain(known);
    expect(stepNames).toContain('step//./src/workflows/w//known');
    expect(stepNames).not.toContain('step//./workflows/w//other');
  });

  it('is everything of its namespace where the app is behind an address', () => {
    const filter = openRouting({ prefixes: [], env: { ...url, WORKFLOW_QUEUE_NAMESPACE: 'shop' } }).claimFilter();
    const names = ['shop', ''];
    expect(filter).toMatchObject({ namespaces: { run: names, step: names, message: [...names, 'shop/step', '/step'] }, stepNames: null });
  });

  it('is runs of its own deployment only where they are pinned', () => {
    const env = { WORKFLOW_PAWL_DEPLOYMENT_POLICY: 'pinned', WORKFLOW_PAWL_DEPLOYMENT_ID: 'dpl_2' };
    const routing = openRouting({ env });
    expect(routing.claimFilter().deploymentId).toBe('dpl_2');
    const admits = (deploymentId: string) => routing.admits({ kind: 'workflow', namespace: '', deploymentId });
    expect([admits('dpl_1'), admits('dpl_2')]).toEqual([false, true]);
    expect(openRouting().admits({ kind: 'workflow', namespace: '', deploymentId: 'dpl_1' })).toBe(true);
  });
});
