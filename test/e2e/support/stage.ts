import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../fixtures/app/build.js';
import { Host, type HostRole } from './host.ts';
import { type LedgerLine, readLedger } from './ledger.ts';

/** How a test reaches the World it is about: settings for the host processes, and a way to take it down. */
export interface WorldUnderTest {
  readonly env: Readonly<Record<string, string>>;
  /** Its `close()` is known to leave timers behind: processes on it have to be killed. */
  readonly keepsProcessesAlive?: true;
  close(): Promise<void>;
}

/**
 * Everything that one group of tests shares: a World, the host processes on it, a ledger and gates.
 * It owns all of them; `close()` leaves no process and no file behind, whatever state the tests ended in.
 */
export class Stage {
  readonly world: WorldUnderTest;
  readonly directory: string;
  readonly #hosts: Host[] = [];
  readonly #routes: string;
  readonly #ledger: string;
  readonly #gates: string;

  private constructor(world: WorldUnderTest, directory: string, routes: string) {
    this.world = world;
    this.directory = directory;
    this.#routes = routes;
    this.#ledger = join(directory, 'ledger.jsonl');
    this.#gates = join(directory, 'gates');
  }

  /** Takes the World over: `close()` closes it too. The hosts serve the workflows compiled into `routes`, by default those of the tests. */
  static async open(world: WorldUnderTest, routes?: string): Promise<Stage> {
    routes ??= await buildApp();
    const directory = await mkdtemp(join(tmpdir(), 'pawl-e2e-'));
    const stage = new Stage(world, directory, routes);
    await mkdir(stage.#gates);
    await writeFile(stage.#ledger, '');
    return stage;
  }

  /** Starts a host and waits until it serves. */
  async startHost(role: HostRole, env: Readonly<Record<string, string>> = {}): Promise<Host> {
    return await this.launchHost(role, env).ready();
  }

  /** Starts a host and returns at once, for tests that act while it starts. */
  launchHost(role: HostRole, env: Readonly<Record<string, string>> = {}): Host {
    const host = Host.launch({
      id: `${role}-${this.#hosts.length + 1}`,
      role,
      cwd: this.directory,
      env: {
        E2E_ROUTES: this.#routes,
        E2E_LEDGER: this.#ledger,
        E2E_GATES: this.#gates,
        ...this.world.env,
        ...env,
      },
    });
    this.#hosts.push(host);
    return host;
  }

  /** The step bodies that were executed, those of one run or all. */
  async executions(runId?: string): Promise<LedgerLine[]> {
    return await readLedger(this.#ledger, runId);
  }

  /** A gate that is closed until `openGate`; step bodies wait at it. */
  newGate(): string {
    return randomUUID();
  }

  async openGate(gate: string): Promise<void> {
    await writeFile(join(this.#gates, gate), '');
  }

  /** Ends every host that still runs, and fails if one of them does not end by itself. */
  async stopHosts(): Promise<void> {
    for (const host of this.#hosts) host.resume();
    await this.openGate('all');
    const endHost = async (host: Host) => (this.world.keepsProcessesAlive === true ? await host.kill() : await host.stop());
    const ends = await Promise.allSettled(this.#hosts.map(endHost));
    const failed = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    if (failed.length > 0) throw new AggregateError(failed, failed.map(String).join('\n'));
  }

  async close(): Promise<void> {
    try {
      await this.stopHosts();
    } finally {
      await this.world.close();
      await rm(this.directory, { recursive: true, force: true });
    }
  }
}
