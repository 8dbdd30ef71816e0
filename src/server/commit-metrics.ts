import { errorCode } from '../base/error-code.ts';
import { Counter, Histogram, type Registry } from 'prom-client';
import { dropOldest } from '../base/drop-oldest.ts';
import { type ExecutionWrite, flowNamespace } from '../world/flow-port.ts';
import type { CommitNote } from '../world/port.ts';
import type { NewEvent, Transition } from '../world/transition.ts';

type Kind = 'code' | 'flow';

const runOutcomes: Readonly<Record<string, string>> = {
  run_created: 'created',
  run_completed: 'completed',
  run_failed: 'failed',
  run_cancelled: 'cancelled',
};
const stepOutcomes: Readonly<Record<string, string>> = { step_completed: 'completed', step_failed: 'failed', step_retrying: 'retried' };
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts what the transactions of this process say. What other processes do they count themselves. */
export class CommitMetrics {
  readonly #runs: Counter<'kind' | 'outcome'>;
  readonly #steps: Counter<'kind' | 'outcome'>;
  readonly #toFirstStep: Histogram<'kind'>;
  readonly #stepToStep: Histogram<'kind'>;
  readonly #acts: Histogram;
  readonly #seconds: Histogram;
  readonly #errors: Counter<'code'>;
  readonly #leaseLosses: Counter;
  readonly #reaped: Counter;
  readonly #created = new Recent();
  readonly #lastStepEnd = new Recent();

  constructor(register: Registry) {
    const registers = [register];
    this.#runs = new Counter({
      name: 'pawl_runs_total',
      help: 'Runs by what became of them here',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.#steps = new Counter({
      name: 'pawl_steps_total',
      help: 'Attempts of steps by how they ended here',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    const first = { name: 'pawl_run_first_step_seconds', help: 'From the creation of a run to the start of its first step' };
    this.#toFirstStep = new Histogram({ ...first, labelNames: ['kind'], buckets: seconds, registers });
    const between = { name: 'pawl_step_to_step_seconds', help: 'From the end of a step to the start of the next one of its run' };
    this.#stepToStep = new Histogram({ ...between, labelNames: ['kind'], buckets: seconds, registers });
    const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    this.#acts = new Histogram({ name: 'pawl_commit_acts', help: 'Acts that shared a transaction', buckets: sizes, registers });
    this.#seconds = new Histogram({ name: 'pawl_commit_seconds', help: 'How long a transaction took', buckets: seconds, registers });
    this.#errors = new Counter({ name: 'pawl_database_errors_total', help: 'Transactions that failed', labelNames: ['code'], registers });
    this.#leaseLosses = new Counter({
      name: 'pawl_lease_losses_total',
      help: 'Deliveries whose lease was gone when they ended',
      registers,
    });
    this.#reaped = new Counter({ name: 'pawl_reaped_deliveries_total', help: 'Deliveries taken back from workers that died', registers });
  }

  note({ acts, outcomes, ms, error }: CommitNote): void {
    this.#acts.observe(acts.length);
    this.#seconds.observe(ms / 1_000);
    if (error !== undefined) this.#errors.inc({ code: errorCode(error) });
    for (const [index, outcome] of outcomes.entries()) {
      if (!outcome) continue;
      const act = acts[index];
      if (act?.kind === 'write' && outcome.kind === 'written') this.#write(act.transition, outcome.at);
      if (act?.kind === 'flowCommit' && outcome.kind === 'committed') for (const write of act.writes) this.#flow(write);
      if (act?.kind === 'flowCommit' && outcome.kind === 'lost' && 'why' in outcome && outcome.why === 'lease') this.#leaseLosses.inc();
      if (act?.kind === 'settle' && 'held' in outcome && !outcome.held) this.#leaseLosses.inc();
      if (outcome.kind === 'reaped') this.#reaped.inc(outcome.deliveries);
    }
  }

  #write({ runId, run, events }: Transition, at: number): void {
    const isFlow = run.kind === 'create' && run.row.namespace === flowNamespace;
    this.#count(isFlow ? 'flow' : 'code', { runId, events, at });
  }

  #flow({ runId, events, now }: ExecutionWrite): void {
    this.#count('flow', { runId, events, at: now });
  }

  #count(kind: Kind, { runId, events, at }: { readonly runId: string; readonly events: readonly NewEvent[]; readonly at: number }): void {
    for (const { type } of events) {
      const [runOutcome, stepOutcome] = [runOutcomes[type], stepOutcomes[type]];
      if (runOutcome) this.#runs.inc({ kind, outcome: runOutcome });
      if (stepOutcome) this.#steps.inc({ kind, outcome: stepOutcome });
      if (type === 'run_created') this.#created.set(runId, at);
      if (stepOutcome) this.#lastStepEnd.set(runId, at);
      if (type === 'step_started') {
        this.#observe(this.#toFirstStep, kind, at, this.#created.take(runId));
        this.#observe(this.#stepToStep, kind, at, this.#lastStepEnd.take(runId));
      }
      if (runOutcome && runOutcome !== 'created') {
        this.#created.take(runId);
        this.#lastStepEnd.take(runId);
      }
    }
  }

  #observe(histogram: Histogram<'kind'>, kind: Kind, at: number, since: number | undefined): void {
    if (since !== undefined) histogram.observe({ kind }, Math.max(0, at - since) / 1_000);
  }
}

const mostRuns = 20_000;

/** Instants of the runs that were noted last. */
class Recent {
  readonly #instants = new Map<string, number>();

  set(runId: string, at: number): void {
    this.#instants.delete(runId);
    this.#instants.set(runId, at);
    dropOldest(this.#instants, mostRuns);
  }

  take(runId: string): number | undefined {
    const at = this.#instants.get(runId);
    this.#instants.delete(runId);
    return at;
  }
}
