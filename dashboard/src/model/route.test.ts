import { describe, expect, it } from 'vitest';
import { hrefs, parseRoute } from './route.ts';

describe('the address of a page', () => {
  it.each([
    ['/', { page: 'runs' }],
    ['/runs', { page: 'runs' }],
    ['/runs/', { page: 'runs' }],
    ['/runs/wrun_1', { page: 'run', runId: 'wrun_1' }],
    ['/flows', { page: 'flows' }],
    ['/flows/orders', { page: 'flow', flowId: 'orders', version: undefined }],
    ['/flows/orders/1.2.0', { page: 'flow', flowId: 'orders', version: '1.2.0' }],
    ['/triggers', { page: 'triggers' }],
    ['/triggers/nightly', { page: 'trigger', triggerId: 'nightly' }],
    ['/system', { page: 'system' }],
  ])('%s is a page', (path, route) => {
    expect(parseRoute(path)).toEqual(route);
  });

  it.each(['/settings', '/runs/a/b', '/runs/a/b/c', '/flows/a/1.0.0/x', '/system/x', '/runs/%E0%A4%A'])('%s is none', (path) => {
    expect(parseRoute(path)).toEqual({ page: 'not-found', path });
  });

  it('comes back as it went, whatever the id holds', () => {
    expect(parseRoute(`/${hrefs.run('a/b?c#d%')}`)).toEqual({ page: 'run', runId: 'a/b?c#d%' });
    expect(parseRoute(`/${hrefs.flow('a b', '1.0.0-rc.1')}`)).toEqual({ page: 'flow', flowId: 'a b', version: '1.0.0-rc.1' });
  });
});
