import { errorOf, finish, type Finished, valueOf } from './finish.ts';
import type { Host } from './host.ts';
import type { HostErrorShape } from './host-api.ts';
import type { LedgerLine } from './ledger.ts';
import { Stage, type WorldUnderTest } from './stage.ts';

export interface AppOptions {
  /** Settings of the World or of the processes, on top of the World's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Rules of the log that the World under test is known to break. */
  readonly tolerated?: RegExp | undefined;
}

/** An application as a user runs it: one worker process, and one other process that starts and watches runs but works on none. */
export class App {
  readonly stage: Stage;
  readonly worker: Host;
  readonly producer: Host;
  readonly #tolerated: RegExp | undefined;

  private constructor(stage: Stage, worker: Host, producer: Host, tolerated: RegExp | undefined) {
    this.stage = stage;
    this.worker = worker;
    this.producer = producer;
    this.#tolerated = tolerated;
  }

  static async open(world: WorldUnderTest, { env = {}, tolerated }: AppOptions = {}): Promise<App> {
    const stage = await Stage.open({ ...world, env: { ...world.env, ...env } });
    try {
      const worker = await stage.startHost('worker');
      const producer = await stage.startHost('producer');
      return new App(stage, worker, producer, tolerated);
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  /** Starts a workflow, named by file and function: `basics//addition`. */
  async start(workflow: string, ...args: readonly unknown[]): Promise<string> {
    return await this.worker.api.start(workflow, args);
  }

  /** Waits until a run has ended and checks its log. */
  async finish(runId: string): Promise<Finished> {
    return await finish(this.worker, runId, this.#tolerated === undefined ? {} : { tolerated: this.#tolerated });
  }

  /** Starts a workflow, waits until it has completed, and gives its value beside its log. */
  async complete(workflow: string, ...args: readonly unknown[]): Promise<Finished & { readonly value: unknown }> {
    const finished = await this.finish(await this.start(workflow, ...args));
    return { ...finished, value: await valueOf(this.worker, finished.runId) };
  }

  /** Starts a workflow that is expected to fail, and gives its error beside its log. */
  async fail(workflow: string, ...args: readonly unknown[]): Promise<Finished & { readonly error: HostErrorShape }> {
    const finished = await this.finish(await this.start(workflow, ...args));
    return { ...finished, error: await errorOf(this.worker, finished.runId) };
  }

  async executions(runId: string): Promise<LedgerLine[]> {
    return await this.stage.executions(runId);
  }

  async close(): Promise<void> {
    await this.stage.close();
  }
}
