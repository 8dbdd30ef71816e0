import type { HookRow, Lease, RunRow, RunStatus, StepRow, WaitRow } from './rows.ts';

/** Stands in a row for the instant of the commit, which only the commit knows: never before the run's newest event. */
export const atCommit = -1;

/** Stands in a row for the sequence of the `index`-th event of the same transition. */
export function seqOfEvent(index: number): number {
  return -1 - index;
}

export interface NewEvent {
  readonly type: string;
  readonly correlationId: string | null;
  readonly specVersion: number;
  readonly occurredAt: number | null;
  readonly meta: string | null;
  readonly payload: Uint8Array | null;
}

/** What must still be true of the run at the commit; anything else loses and is decided again. */
export type RunGuard =
  | { readonly absent: true }
  | {
      readonly absent: false;
      readonly status: RunStatus;
      /** The writer's lease on the run, if it writes as a delivery of it. */
      readonly lease: Lease | null;
      /** Refuse if an event from outside is newer than this (the 412 guard, spec/world.md B6). */
      readonly markerAtMost: number | null;
    };

export type RunChange =
  | { readonly kind: 'create'; readonly row: RunRow }
  | { readonly kind: 'append' }
  | { readonly kind: 'start' }
  | { readonly kind: 'finish'; readonly status: RunStatus; readonly error: string | null; readonly outputSeq: number | null }
  /** A legacy run is changed without an event (spec/world.md B8). */
  | { readonly kind: 'cancelLegacy' };

/**
 * One atomic act on one run: decided by a pure rule, written by a store under its guards or not at all.
 * Steps, waits and hooks are whole next rows; a store writes one only over the row whose `version` is one less (0: no row).
 */
export interface Transition {
  readonly shard: number;
  readonly runId: string;
  readonly guard: RunGuard;
  readonly now: number;
  readonly run: RunChange;
  /** True if an event comes from outside the replay: it gets an instant later than any before it and moves the marker. */
  readonly external: boolean;
  readonly events: readonly NewEvent[];
  readonly steps: readonly StepRow[];
  readonly waits: readonly WaitRow[];
  readonly hooks: readonly HookRow[];
  /** A hook that must still be as it was seen, though it does not change. */
  readonly holdHook: { readonly hookId: string; readonly version: number } | null;
  /** A hook token that must be free, and is taken. */
  readonly takeToken: { readonly token: string; readonly hookId: string } | null;
  readonly releaseToken: string | null;
  /** The run is to be delivered at this instant at the latest. */
  readonly wakeAt: number | null;
}

/** The worker that a step of this transition is born leased to. */
export function bornTo({ steps }: Transition): string | null {
  return steps.find(({ version, leaseOwner }) => version === 1 && leaseOwner !== null)?.leaseOwner ?? null;
}
