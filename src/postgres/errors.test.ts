import { expect, it } from 'vitest';
import { isConnectionLoss, sqlState } from './errors.ts';

const failed = (code: string | undefined, message = 'it failed') => Object.assign(new Error(message), code === undefined ? {} : { code });

it.each(['ECONNRESET', 'EPIPE', 'EPROTO', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'ERR_STREAM_DESTROYED', '57P01', '08006'])(
  'a connection that ends with %s was lost: what was sent by it may have arrived',
  (code) => expect(isConnectionLoss(failed(code))).toBe(true),
);

it.each(['23505', '55P03', 'ERR_INVALID_ARG_TYPE'])('%s is said of a statement, whose connection is well', (code) =>
  expect(isConnectionLoss(failed(code))).toBe(false),
);

it('an error without a code is judged by what the driver says', () => {
  expect(isConnectionLoss(failed(undefined, 'Connection terminated unexpectedly'))).toBe(true);
  expect(isConnectionLoss(failed(undefined, 'Read timeout: no answer within 20 s'))).toBe(true);
  expect(isConnectionLoss(failed(undefined, 'duplicate key'))).toBe(false);
  expect(sqlState(failed('40P01'))).toBe('40P01');
});
