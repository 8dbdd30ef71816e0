import type { Event } from '@workflow/world';
import { describeRun } from './finish.ts';
import type { Host } from './host.ts';
import { HostError } from './host-api.ts';
import type { Random } from './random.ts';
import { until } from './until.ts';

/** A run that was acknowledged: its id came back. Whatever happens to the workers, it has to give this value. */
export interface Accepted {
  readonly runId: string;
  readonly workflow: string;
  readonly expected: number;
}

interface Program {
  readonly workflow: string;
  readonly args: readonly unknown[];
  readonly expected: number;
  readonly hook?: { readonly token: string; readonly amount: number };
}

// A run may have to outlive several kills, each of which costs a lease, on a machine that is busy starting processes.
const END_MS = 180_000;

/** Keeps a number of runs of four kinds going, each started when the one before it has ended. */
export class Load {
  readonly accepted: Accepted[] = [];
  /** Reads of a log that did not begin with what an earlier read had shown. */
  readonly changedLogs: string[] = [];
  readonly #host: Host;
  readonly #random: Random;
  #ended = false;
  #tokens = 0;

  constructor(host: Host, random: Random) {
    this.#host = host;
    this.#random = random;
  }

  /** Resolves when, after `end()`, every run has ended. */
  async run(parallel: number): Promise<void> {
    await Promise.all(Array.from({ length: parallel }, async () => await this.#keepGoing()));
  }

  /** No further run is started. */
  end(): void {
    this.#ended = true;
  }

  async #keepGoing(): Promise<void> {
    while (!this.#ended) {
      const program = this.#choose();
      const runId = await this.#host.api.start(program.workflow, program.args);
      this.accepted.push({ runId, workflow: program.workflow, expected: program.expected });
      if (program.hook !== undefined) await this.#resume(runId, program.hook);
      await this.#follow(runId);
    }
  }

  #choose(): Program {
    const size = this.#random.between(3, 8);
    const token = `order ${(this.#tokens += 1)}`;
    return this.#random.pick([
      { workflow: 'survivors//walk', args: [size], expected: size },
      { workflow: 'survivors//spread', args: [size], expected: (size * (size + 1)) / 2 },
      { workflow: 'survivors//rest', args: [size * 30], expected: 4 },
      { workflow: 'survivors//listen', args: [token], expected: 2 + size, hook: { token, amount: size } },
    ]);
  }

  async #resume(runId: string, { token, amount }: { token: string; amount: number }): Promise<void> {
    await until(
      `the hook of run ${runId}`,
      async () =>
        await this.#host.api.resume(token, { amount }).catch((error: unknown) => {
          if (error instanceof HostError && error.name === 'HookNotFoundError') return undefined;
          throw error;
        }),
      this.#patience(runId),
    );
  }

  /** Reads the log again and again until it has an end; what was read once must never change. */
  async #follow(runId: string): Promise<void> {
    let seen: readonly string[] = [];
    await until(
      `run ${runId} to end`,
      async () => {
        const events = await this.#host.api.events(runId);
        const ids = events.map(({ eventId }) => eventId);
        if (!seen.every((id, index) => ids[index] === id)) this.changedLogs.push(`${seen.join(' ')} became ${ids.join(' ')}`);
        seen = ids;
        return events.some(endsRun) ? true : undefined;
      },
      this.#patience(runId),
    );
  }

  #patience(runId: string) {
    return { deadlineMs: END_MS, everyMs: 100, onDeadline: async () => await describeRun(this.#host, runId) };
  }
}

function endsRun({ eventType }: Event): boolean {
  return eventType === 'run_completed' || eventType === 'run_failed' || eventType === 'run_cancelled';
}
