import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page as ApiPage, RunDetail, RunSummary } from '../../../../src/server/api-types.ts';
import { Program } from '../../../support/program.ts';
import type { Host } from '../../support/host.ts';
import { pawl } from '../../support/sqlite-world.ts';
import { Stage } from '../../support/stage.ts';
import { until } from '../../support/until.ts';

const cli = fileURLToPath(new URL('../../../../dist/cli/main.js', import.meta.url));
const app = fileURLToPath(new URL('../../../fixtures/dashboard/shop.mjs', import.meta.url));

/** A shop as a team runs it: `pawl serve` with its flows, and an application with workflow functions, on one SQLite file. */
export class Shop {
  /** Where the dashboard is. */
  readonly url: string;
  /** The application's worker. */
  readonly worker: Host;
  readonly #folder: string;
  readonly #stage: Stage;
  readonly #programs: Program[];
  readonly #env: Readonly<Record<string, string>>;

  private constructor(parts: { url: string; worker: Host; folder: string; stage: Stage; program: Program; env: Record<string, string> }) {
    this.url = parts.url;
    this.worker = parts.worker;
    this.#folder = parts.folder;
    this.#stage = parts.stage;
    this.#programs = [parts.program];
    this.#env = parts.env;
  }

  static async open(): Promise<Shop> {
    const folder = await mkdtemp(join(tmpdir(), 'pawl-e2e-dashboard-'));
    const env = { WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}`, SHOP_FOLDER: folder };
    const keys = { WORKFLOW_PAWL_ENCRYPTION_KEYS: 'a key of the shop alone' };
    const program = serve(['--import', app], { cwd: folder, env: { ...env, ...keys } });
    const url = await addressOf(program);
    const stage = await Stage.open({ env: { ...env, ...keys, WORKFLOW_TARGET_WORLD: pawl }, close: async () => {} });
    const worker = await stage.startHost('worker');
    return new Shop({ url, worker, folder, stage, program, env });
  }

  /** Another server on the same database, mounted below a path, which has no keys and lets nobody in without one of these tokens. */
  async serveWithTokens(tokens: string): Promise<string> {
    const program = serve(['--no-worker', '--base-path', '/below'], {
      cwd: this.#folder,
      env: { ...this.#env, WORKFLOW_PAWL_TOKENS: tokens },
    });
    this.#programs.push(program);
    return `${await addressOf(program)}/below`;
  }

  async startFlow(flowId: string, input: Record<string, unknown>): Promise<string> {
    const run = await this.#ask<RunSummary>('POST', `/flows/${flowId}/start`, { input });
    return run.runId;
  }

  async run(runId: string): Promise<RunDetail> {
    return await this.#ask<RunDetail>('GET', `/runs/${runId}`);
  }

  async runs(query: string): Promise<readonly RunSummary[]> {
    return (await this.#ask<ApiPage<RunSummary>>('GET', `/runs?${query}`)).data;
  }

  async post(path: string, body: unknown): Promise<void> {
    await this.#ask('POST', path, body);
  }

  /** Resolves when the run has this status. */
  async reaches(runId: string, status: RunDetail['status']): Promise<RunDetail> {
    return await until(`run ${runId} to be ${status}`, async () => {
      const run = await this.run(runId);
      return run.status === status ? run : undefined;
    });
  }

  /** From now on deliveries arrive. */
  async openRoad(): Promise<void> {
    await writeFile(join(this.#folder, 'road-is-open'), '');
  }

  newGate(): string {
    return this.#stage.newGate();
  }

  async openGate(gate: string): Promise<void> {
    await this.#stage.openGate(gate);
  }

  async close(): Promise<void> {
    await this.#stage.close();
    await Promise.all(this.#programs.map(async (program) => await program.end()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${this.url}/api/v1${path}`, init);
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}

/** `pawl serve` on a free port. */
export function serve(args: readonly string[], options: { cwd: string; env: Readonly<Record<string, string>> }): Program {
  return Program.node([cli, 'serve', '--port', '0', '--json', ...args], options);
}

/** Where it answers, once it does. */
export async function addressOf(program: Program): Promise<string> {
  return await program.match(/"url":"([^"]+)"/);
}
