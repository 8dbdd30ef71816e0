import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { WorkflowWorldError } from '@workflow/errors';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { describeError } from '../base/logger.ts';
import { createWorld } from '../connect/create-world.ts';

// Made for these tests, and valid until 2120: for "db.example.com", signed by itself.
const key = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBhh6jikTxWEuFKwgoGmiAQ2RBWjglBih0y2+x2+MxePoAoGCCqGSM49
AwEHoUQDQgAEgFOPTNk35ij4rmdycz4ObVggFqeVSG8NXPfpU4H3+iEsGPxSkFjF
QwiuTAeQYiCpvpvn9+49ZSwbyhdPQJXT3g==
-----END EC PRIVATE KEY-----`;
const cert = `-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5kYi5leGFt
cGxlLmNvbTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwOZGIuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASA
U49M2TfmKPiuZ3JzPg5tWCAWp5VIbw1c9+lTgff6ISwY/FKQWMVDCK5MB5BiIKm+
m+f37j1lLBvKF09AldPeo0owSDAZBgNVHREEEjAQgg5kYi5leGFtcGxlLmNvbTAM
BgNVHRMEBTADAQH/MB0GA1UdDgQWBBQJBKy7WTle+vGgtLaD/QRqmX6w6jAKBggq
hkjOPQQDAgNIADBFAiBdvGhITjWEh0ulkyoqU1Gn4/0FXDIJQEqsoC3khWnytQIh
AIyJAO9mvPrMECA3KtJXo2gpR5KHj32t384d+a1SxYXo
-----END CERTIFICATE-----`;

describe('TLS to a database that was never reached is refused as a mistake in the settings:', () => {
  it('a certificate that nobody known here has signed', async () => {
    const { where, error } = await open('sslmode=verify-full', speakTls);
    expect(error).toMatchObject({ name: 'WorkflowWorldError', status: 500, code: 'DATABASE_TLS' });
    expect(error.message).toContain(`There is no TLS to PostgreSQL at ${where} (self-signed certificate)`);
    expect(error.message).toMatch(/come from an authority that .* is in the file of sslrootcert/);
  });

  it('a certificate for another host', async () => {
    const authority = join(await scratchFolder(), 'authority.pem');
    await writeFile(authority, cert);
    const { error } = await open(`sslmode=verify-full&sslrootcert=${authority}`, speakTls);
    expect(error).toMatchObject({ status: 500, code: 'DATABASE_TLS' });
    expect(error.message).toMatch(/does not match certificate's altnames.*: its certificate must name the host of WORKFLOW_PAWL_URL/);
  });

  it('a server that speaks none', async () => {
    const { error } = await open('sslmode=verify-full', (socket) => void socket.write('N'));
    expect(error).toMatchObject({ status: 500, code: 'DATABASE_TLS' });
    expect(error.message).toMatch(/does not support SSL connections\): set "ssl = on" in the server, or leave sslmode out/);
  });

  it('an authority whose file is not there', async () => {
    const { where, error } = await open('sslmode=verify-full&sslrootcert=/nowhere/authority.pem', speakTls);
    expect(error).toMatchObject({ status: 500, code: 'DATABASE_TLS' });
    expect(error.message).toContain(`"postgres://u:***@${where}?sslmode=verify-full&sslrootcert=/nowhere/authority.pem": sslrootcert,`);
    expect(error.message).toMatch(/must be files that can be read here \(ENOENT/);
  });

  it('a parameter that the driver does not know what to do with', async () => {
    const { error } = await open('sslnegotiation=perhaps', speakTls);
    expect(error).toMatchObject({ code: 'INVALID_SETTING', message: expect.stringMatching(/^WORKFLOW_PAWL_URL is "postgres:.*perhaps/) });
  });
});

function speakTls(socket: Socket): void {
  socket.write('S');
  const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ key, cert }) });
  secure.on('error', () => {});
}

/** Opens a World of a server that answers the wish for TLS so, and says how that failed. */
async function open(parameters: string, answer: (socket: Socket) => void): Promise<{ where: string; error: WorkflowWorldError }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const where = `127.0.0.1:${(server.address() as AddressInfo).port}/db`;
  const env = { WORKFLOW_PAWL_URL: `postgres://u:a-secret@${where}?${parameters}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const world = createWorld({ env });
  onTestFinished(() => world.close());
  const error = (await world.runs.list({}).then(
    () => new Error('It succeeded.'),
    (refused: unknown) => refused,
  )) as WorkflowWorldError;
  expect([describeError(error), error.stack].join()).not.toContain('a-secret');
  return { where, error };
}
