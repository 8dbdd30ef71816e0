import { expect, it, onTestFinished } from 'vitest';
import { Pool } from './pool.ts';

it('a connection that cannot even be begun is one that failed, for each who waits for it', async () => {
  const connectionString = 'postgres://pawl@127.0.0.1:9/pawl?sslmode=verify-full&sslrootcert=/nowhere/authority.pem';
  const pool = new Pool({ connectionString, max: 1, connectionTimeoutMillis: 5_000 });
  onTestFinished(() => pool.end());
  const asked = [pool.connect(), pool.connect(), pool.connect()];
  for (const { status, ...rest } of await Promise.allSettled(asked)) {
    expect(status).toBe('rejected');
    expect(rest).toMatchObject({ reason: { code: 'ENOENT' } });
  }
});
