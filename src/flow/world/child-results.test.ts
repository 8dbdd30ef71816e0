import { expect, it } from 'vitest';
import type { ChildResultRow } from '../../world/flow-port.ts';
import type { Store } from '../../world/port.ts';
import { childResults } from './child-results.ts';

it('a child of code whose run is kept no longer has failed, and says so, whatever it gave', async () => {
  const row = { index: 0, childId: 'wrun_gone', kind: 'code', status: 'completed', output: null, error: null } as unknown as ChildResultRow;
  const store = { getRun: async () => undefined, flows: { listChildResults: async () => [row] } } as unknown as Store;
  const [result] = await childResults(store, { parentId: 'wrun_parent', group: 'g', after: -1, limit: 10 });
  expect(result).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('wrun_gone gave is gone'), retryable: false },
  });
});
