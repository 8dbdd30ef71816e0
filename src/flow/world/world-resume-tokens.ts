import { encodeFields } from '../../base/codec.ts';
import { specVersion } from '../../world/rules/spec-version.ts';
import { shardOf } from '../../world/shard.ts';
import { FlowError } from '../errors.ts';
import { endOfSpan } from '../instant.ts';
import type { ResumeTokenManager } from '../ports.ts';
import { hashToken, newToken } from '../token.ts';
import { flowStore, type FlowWorld } from './flow-world.ts';
import { hookIdOf } from './names.ts';

/** Resume tokens as hooks of the World, which keeps their hashes only; expiry is judged at use (decisions C6). */
export class WorldResumeTokens implements ResumeTokenManager {
  readonly #world: FlowWorld;

  constructor(world: FlowWorld) {
    this.#world = world;
  }

  async create(executionId: string, ttl?: number): Promise<string> {
    const now = this.#world.clock.now();
    const expiresAt = ttl === undefined ? null : endOfSpan(now, ttl, 'ttl');
    const token = newToken();
    const hash = hashToken(token);
    const hookId = hookIdOf(hash);
    const event = {
      type: 'hook_created',
      correlationId: hookId,
      specVersion,
      occurredAt: null,
      meta: encodeFields({ token: hash }),
      payload: null,
    };
    const flows = await flowStore(this.#world);
    const place = { shard: shardOf(executionId), runId: executionId, hookId, token: hash };
    const { found } = await flows.commit({ kind: 'createToken', ...place, expiresAt, event, now });
    if (found) return token;
    throw new FlowError('EXECUTION_NOT_FOUND', `There is no execution ${executionId} under way; a token needs one.`, {
      details: { executionId },
    });
  }

  async validate(token: string): Promise<string | null> {
    const holder = await (await flowStore(this.#world)).findTokenHolder(hashToken(token), this.#world.clock.now());
    return holder?.runId ?? null;
  }

  async consume(token: string): Promise<string | null> {
    return (await this.#dispose({ token: hashToken(token) })) ?? null;
  }

  async revoke(token: string): Promise<void> {
    await this.#dispose({ token: hashToken(token) });
  }

  async revokeAll(executionId: string): Promise<void> {
    const store = await this.#world.open();
    const live = await store.listHooks({ runId: executionId, after: undefined, order: 'asc', limit: 1 });
    // The commit that ends an execution takes its tokens with it, so mostly there is nothing left to do.
    if (live.length === 0) return;
    await this.#dispose({ runId: executionId });
  }

  async #dispose(of: { readonly token: string } | { readonly runId: string }): Promise<string | undefined> {
    const flows = await flowStore(this.#world);
    const { runId } = await flows.commit({ kind: 'disposeTokens', of, specVersion, now: this.#world.clock.now() });
    return runId;
  }
}
