import { expect, it, vi } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import type { DeliveryRequest } from './deliver.ts';
import { HttpSender } from './http-sender.ts';

it('says of an app that cannot be reached which one, and nothing of the password in its URL', async () => {
  const warn = vi.fn<(message: string) => void>();
  const sender = new HttpSender({
    baseUrl: 'http://app:word-of-pass@127.0.0.1:1',
    belowBasePath: false,
    secret: async () => 'secret',
    now: () => 0,
    logger: { ...silentLogger, warn },
  });
  const message = { payload: {}, headers: {}, messageId: 'msg_1' };
  const key = { of: 'step', shard: 0, runId: 'wrun_1', id: 'step_1', lease: { owner: 'wkr_1', epoch: 1 }, inbox: [] };
  await sender.send({ ...key, name: 'pay', namespace: '', attempt: 1, message } as unknown as DeliveryRequest, 'step');
  const [[said] = ['']] = warn.mock.calls;
  expect(said).toMatch(/^http:\/\/app:\*\*\*@127\.0\.0\.1:1 could not be reached for step "step_1".*http:\/\/app:\*\*\*@/);
  expect(said).not.toContain('word-of-pass');
});
