import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/testing/free-port.ts';
import { findServerUser } from '../../src/testing/postgres-binaries.ts';

export interface Pgbouncer {
  /** The same database, through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What it is called and which version it is, or undefined where there is none. */
export function findPgbouncer(): string | undefined {
  try {
    return execFileSync('pgbouncer', ['--version'], { encoding: 'utf8', env: withSbin() }).split('\n')[0];
  } catch {
    return undefined;
  }
}

/** A pooler in transaction mode with fewer connections than it has clients, so that they never keep one. */
export async function startPgbouncer(databaseUrl: string): Promise<Pgbouncer> {
  const user = await findServerUser();
  const folder = await mkdtemp(join(tmpdir(), 'pawl-pgbouncer-'));
  const { hostname, port: serverPort, username, password, pathname } = new URL(databaseUrl);
  const port = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  await chmod(folder, 0o755);
  if (user) await chown(folder, user.uid, user.gid);
  await writeFile(
    config,
    `[databases]
postgres = host=${hostname} port=${serverPort} user=${username} password=${password} dbname=${pathname.slice(1)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 500
`,
  );
  const pooler = spawn('pgbouncer', [config], { ...user, cwd: folder, stdio: 'ignore', env: withSbin() });
  const ended = once(pooler, 'exit');
  while (!(await accepts(port))) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    url: `postgres://${username}:any@127.0.0.1:${port}/postgres`,
    async stop() {
      pooler.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
