import { systemClock, type Clock } from '../../base/clock.ts';
import { endOfSpan } from '../instant.ts';
import type { ResumeTokenManager } from '../ports.ts';
import { hashToken, newToken } from '../token.ts';

interface Row {
  readonly executionId: string;
  readonly expiresAt: number;
}

/** Resume tokens in memory. Like every manager it keeps hashes only; expiry is judged at use (flow.md §2, tokens). */
export class MemoryResumeTokens implements ResumeTokenManager {
  readonly #clock: Clock;
  readonly #rows = new Map<string, Row>();
  readonly #byExecution = new Map<string, Set<string>>();

  constructor({ clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#clock = clock;
  }

  async create(executionId: string, ttl?: number): Promise<string> {
    const expiresAt = ttl === undefined ? Number.POSITIVE_INFINITY : endOfSpan(this.#clock.now(), ttl, 'ttl');
    const token = newToken();
    const hash = hashToken(token);
    this.#rows.set(hash, { executionId, expiresAt });
    this.#byExecution.set(executionId, (this.#byExecution.get(executionId) ?? new Set()).add(hash));
    return token;
  }

  async validate(token: string): Promise<string | null> {
    return this.#live(hashToken(token))?.executionId ?? null;
  }

  async consume(token: string): Promise<string | null> {
    const hash = hashToken(token);
    const row = this.#live(hash);
    this.#remove(hash);
    return row?.executionId ?? null;
  }

  async revoke(token: string): Promise<void> {
    this.#remove(hashToken(token));
  }

  async revokeHash(hash: string): Promise<void> {
    this.#remove(hash);
  }

  async revokeAll(executionId: string): Promise<void> {
    for (const hash of this.#byExecution.get(executionId) ?? []) this.#remove(hash);
  }

  #live(hash: string): Row | undefined {
    const row = this.#rows.get(hash);
    if (row === undefined || row.expiresAt > this.#clock.now()) return row;
    this.#remove(hash);
    return undefined;
  }

  #remove(hash: string): void {
    const row = this.#rows.get(hash);
    if (!row) return;
    this.#rows.delete(hash);
    const hashes = this.#byExecution.get(row.executionId);
    hashes?.delete(hash);
    if (hashes?.size === 0) this.#byExecution.delete(row.executionId);
  }
}
