import { describeError, type Logger } from '../base/logger.ts';
import { newUlid } from '../base/ulid.ts';
import { encodeValue } from '../base/codec.ts';
import type { Operator } from '../operate/operator.ts';
import { probeNamespace } from '../world/names.ts';
import { shardOf } from '../world/shard.ts';

// A probe every second must not cost a database more than one in five.
const goodForMs = 1_000;

/**
 * Whether this process can do its work: a message is written, claimed and settled, as every message is. Answers of the last second are
 * given again.
 */
export class Readiness {
  readonly #operator: Operator;
  readonly #name: string;
  #last: { readonly at: number; readonly ready: Promise<void> } | undefined;

  constructor(operator: Operator) {
    this.#operator = operator;
    this.#name = `probe_${newUlid(operator.clock.now())}`;
  }

  /** Throws what the database throws. */
  check(): Promise<void> {
    const at = this.#operator.clock.monotonic();
    if (!this.#last || at - this.#last.at > goodForMs) this.#last = { at, ready: this.#probe() };
    return this.#last.ready;
  }

  async #probe(): Promise<void> {
    const store = await this.#operator.store();
    const now = store.now();
    const owner = this.#name;
    const messageId = `msg_${newUlid(now)}`;
    const message = {
      shard: shardOf(messageId),
      messageId,
      queueName: `__${probeNamespace}_wkf_workflow_ready`,
      namespace: probeNamespace,
      payload: encodeValue({}),
      headers: null,
      // What a probe that was cut off has left behind is taken up by the next one.
      idempotencyKey: owner,
      deploymentId: null,
      runId: null,
      createdAt: now,
      dueAt: now,
      leaseOwner: null,
      leaseEpoch: 0,
      deliveries: 0,
    };
    await store.commit({ kind: 'enqueue', message, wakeRunAt: null });
    const filter = { namespaces: { run: [], step: [], message: [probeNamespace] }, stepNames: null, deploymentId: null };
    const { claims } = await store.commit({
      kind: 'claim',
      owner,
      now: store.now(),
      filter,
      limits: { run: 0, flow: 0, step: 0, message: 16 },
    });
    // None where another server probed at the same moment, and claimed ours with its own.
    for (const row of claims.messages) {
      const lease = { owner, epoch: row.leaseEpoch };
      const rest = { result: { kind: 'done' }, takeRunFor: null, inbox: [] } as const;
      await store.commit({
        kind: 'settle',
        of: 'message',
        shard: row.shard,
        runId: null,
        id: row.messageId,
        lease,
        now: store.now(),
        ...rest,
      });
    }
  }
}

/** What `/readyz` answers. */
export async function readyResponse(readiness: Readiness, logger: Logger): Promise<Response> {
  try {
    await readiness.check();
    return Response.json({ ready: true });
  } catch (error) {
    logger.warn(`Not ready: ${describeError(error)}`);
    return Response.json({ ready: false }, { status: 503 });
  }
}
