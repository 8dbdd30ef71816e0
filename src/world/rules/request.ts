import type { AnyEventRequest, CreateEventParams } from '@workflow/world';
import type { Lease } from '../rows.ts';
import type { Transition } from '../transition.ts';

/** A request as the rules read it: its shape is checked, its type one that the SDK may send (spec/world.md B4). */
export interface EventRequest {
  readonly runId: string;
  readonly type: AnyEventRequest['eventType'];
  readonly correlationId: string;
  readonly specVersion: number | undefined;
  /** The small fields of `eventData`; the one large field of the type is in `payload` only. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Both as they are stored: encoded at the call, so that nothing the caller does later changes them. */
  readonly meta: string | null;
  readonly payload: Uint8Array | null;
  readonly params: CreateEventParams;
}

export interface RuleContext {
  /** By the clock of the store, which decides what is due. */
  readonly now: number;
  /** The same moment by the clock of this host, which the SDK and its callers go by. */
  readonly hostNow: number;
  readonly namespace: string;
  /** Of the secret that new runs are encrypted with; null: encryption is off. */
  readonly encryptionKeyId: string | null;
  /** The lease under which the writer runs, if it writes as a delivery of this run or of this step. */
  readonly runLease: Lease | null;
  readonly stepLease: Lease | null;
  /** A worker of this process that would deliver a new step at once: the step is born leased to it. */
  readonly bearStepFor: string | null;
  /** True where the 412 guard gives way, so that a stream of hooks faster than the replay cannot keep a run from ending. */
  readonly waiveStaleness: boolean;
}

export type Decision =
  | { readonly kind: 'commit'; readonly transition: Transition }
  /** Nothing to write: things are already as asked for; `eventSeq` names the event that says so, if one does. */
  | { readonly kind: 'unchanged'; readonly eventSeq: number | null };
