import { expect, it } from 'vitest';
import { isAway } from '../world/errors.ts';
import { isConnectionLoss, sqlState, toOpenError, toWorldError } from './errors.ts';

const failed = (code: string | undefined, message = 'it failed') => Object.assign(new Error(message), code === undefined ? {} : { code });

const database = { user: 'u', where: 'h:1/d', schema: 's' };

it.each(['ECONNRESET', 'EPIPE', 'EPROTO', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'ERR_STREAM_DESTROYED', '57P01', '08006'])(
  'a connection that ends with %s was lost: what was sent by it may have arrived',
  (code) => expect(isConnectionLoss(failed(code))).toBe(true),
);

it.each(['23505', '55P03', 'ERR_INVALID_ARG_TYPE'])('%s is said of a statement, whose connection is well', (code) =>
  expect(isConnectionLoss(failed(code))).toBe(false),
);

it.each(['53000', '53100', '53200', '53400', '58000', '58030', '58P01'])(
  '%s is trouble of the machine, and may be over the next time',
  (code) =>
    expect(toWorldError(failed(code), database)).toMatchObject({
      status: 503,
      code: 'TRANSPORT',
      message: expect.stringContaining('h:1/d'),
    }),
);

it('a server that only reads may be the wrong one: another connection may do, and what fails meanwhile is given back', () => {
  const told = toWorldError(failed('25006'), database);
  expect(isConnectionLoss(failed('25006'))).toBe(true);
  expect(told).toMatchObject({ status: 503, code: 'DATABASE_READ_ONLY', message: expect.stringContaining('connect to the primary') });
  expect(isAway(told)).toBe(true);
});

it.each([
  ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname/IP does not match'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tlsv1 alert unknown ca'],
  ['ERR_OSSL_PEM_NO_START_LINE', 'no start line'],
  [undefined, 'The server does not support SSL connections'],
])('TLS that ends with %s (%s) is a mistake at the start, and a loss later on', (code, message) => {
  const error = failed(code, message);
  expect(toOpenError(error, database)).toMatchObject({ status: 500, code: 'DATABASE_TLS', message: expect.stringContaining(message) });
  expect(isConnectionLoss(error)).toBe(true);
  expect(toWorldError(error, database)).toMatchObject({ status: 503, code: 'TRANSPORT', message: expect.stringContaining(message) });
});

it('TLS that breaks in the midst of a connection is a loss, whenever', () => {
  const error = failed('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC');
  expect(toOpenError(error, database)).toMatchObject({ status: 503, code: 'TRANSPORT' });
});

it('an error without a code is judged by what the driver says', () => {
  expect(isConnectionLoss(failed(undefined, 'Connection terminated unexpectedly'))).toBe(true);
  expect(isConnectionLoss(failed(undefined, 'Read timeout: no answer within 20 s'))).toBe(true);
  expect(isConnectionLoss(failed(undefined, 'duplicate key'))).toBe(false);
  expect(sqlState(failed('40P01'))).toBe('40P01');
});
