import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { worldProgram } from '../../../support/built-world.ts';
import type { Program } from '../../../support/program.ts';
import { addressOf, serve } from './shop.ts';

/** A database with so many runs that nobody works on, and its dashboard. */
export class ManyRuns {
  readonly url: string;
  readonly #folder: string;
  readonly #program: Program;

  private constructor(url: string, folder: string, program: Program) {
    this.url = url;
    this.#folder = folder;
    this.#program = program;
  }

  static async open(count: number): Promise<ManyRuns> {
    const folder = await mkdtemp(join(tmpdir(), 'pawl-e2e-many-'));
    const env = { WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}`, WORKFLOW_PAWL_SYNC: 'normal' };
    const create = `
      const eventData = { deploymentId: 'd', workflowName: 'workflow//./workflows/bulk//bulk', input: new Uint8Array(2) };
      const create = () => world.events.create(null, { eventType: 'run_created', specVersion: 3, eventData });
      for (let made = 0; made < ${count}; made += 1000) await Promise.all(Array.from({ length: 1000 }, create));`;
    const { code, stderr } = await worldProgram(create, { url: env.WORKFLOW_PAWL_URL, cwd: folder, env }).ended();
    if (code !== 0) throw new Error(`The runs were not created:\n${stderr}`);
    const program = serve(['--no-worker'], { cwd: folder, env });
    return new ManyRuns(await addressOf(program), folder, program);
  }

  async close(): Promise<void> {
    await this.#program.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
