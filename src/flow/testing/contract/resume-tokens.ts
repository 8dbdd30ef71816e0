import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../base/clock.ts';
import { createFakeClock, type FakeClock } from '../../../base/fake-clock.ts';
import type { ResumeTokenManager } from '../../ports.ts';
import { hashToken } from '../../token.ts';

export interface TokensUnderTest {
  readonly tokens: ResumeTokenManager;
  /** Makes an execution to which tokens can belong; default: any id will do. */
  createExecution?(id: string): Promise<void>;
  close?(): Promise<void>;
}

/** What every ResumeTokenManager promises (seed page, flow.md §2, tokens). */
export function testResumeTokens(
  name: string,
  factory: (options: { readonly clock: Clock }) => Promise<TokensUnderTest> | TokensUnderTest,
): void {
  describe(`${name}: resume tokens`, () => {
    let clock: FakeClock;
    let underTest: TokensUnderTest;
    let tokens: ResumeTokenManager;

    beforeEach(async () => {
      clock = createFakeClock();
      underTest = await factory({ clock });
      tokens = underTest.tokens;
      for (const id of ['exec-1', 'exec-2']) await underTest.createExecution?.(id);
    });
    afterEach(async () => {
      await underTest.close?.();
    });

    it('are 32 random bytes as base64url, each different', async () => {
      const made = await Promise.all(Array.from({ length: 50 }, () => tokens.create('exec-1')));
      expect(new Set(made).size).toBe(50);
      for (const token of made) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    });

    it('name their execution, as often as they are asked', async () => {
      const [first, second] = [await tokens.create('exec-1'), await tokens.create('exec-2')];
      expect(await tokens.validate(first)).toBe('exec-1');
      expect(await tokens.validate(first)).toBe('exec-1');
      expect(await tokens.validate(second)).toBe('exec-2');
    });

    it('are null when they were never made, whatever they look like', async () => {
      for (const token of ['', 'nope', '__proto__', 'a'.repeat(43), 'sha256:abc']) {
        expect(await tokens.validate(token)).toBeNull();
      }
    });

    it('end with their ttl, in milliseconds', async () => {
      const token = await tokens.create('exec-1', 1_000);
      const lasting = await tokens.create('exec-1');
      clock.advance(999);
      expect(await tokens.validate(token)).toBe('exec-1');
      clock.advance(1);
      expect(await tokens.validate(token)).toBeNull();
      clock.advance(60 * 86_400_000);
      expect(await tokens.validate(lasting)).toBe('exec-1');
    });

    it('refuse a ttl that is no time span', async () => {
      for (const ttl of [0, -1, Number.NaN]) await expect(tokens.create('exec-1', ttl)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    });

    it('are worthless once revoked, and only they', async () => {
      const [gone, kept] = [await tokens.create('exec-1'), await tokens.create('exec-1')];
      await tokens.revoke(gone);
      await tokens.revoke(gone);
      await tokens.revoke('never made');
      expect(await tokens.validate(gone)).toBeNull();
      expect(await tokens.validate(kept)).toBe('exec-1');
    });

    it('are worthless once revoked by their hash', async ({ skip }) => {
      if (!tokens.revokeHash) return skip('the manager does not revoke by hash');
      const [gone, kept] = [await tokens.create('exec-1'), await tokens.create('exec-1')];
      for (const hash of [hashToken(gone), hashToken(gone), hashToken('never made')]) await tokens.revokeHash(hash);
      expect(await tokens.validate(gone)).toBeNull();
      expect(await tokens.validate(kept)).toBe('exec-1');
    });

    it('are consumed by exactly one of many', async ({ skip }) => {
      if (!tokens.consume) return skip('the manager does not consume by itself');
      const token = await tokens.create('exec-1');
      const taken = await Promise.all(Array.from({ length: 100 }, async () => tokens.consume?.(token)));
      expect(taken.filter((id) => id === 'exec-1')).toHaveLength(1);
      expect(taken.filter((id) => id === null)).toHaveLength(99);
      expect(await tokens.validate(token)).toBeNull();
    });

    it('go all at once with their execution', async ({ skip }) => {
      if (!tokens.revokeAll) return skip('the manager does not revoke by execution');
      const [mine, other] = [await tokens.create('exec-1'), await tokens.create('exec-2')];
      await tokens.revokeAll('exec-1');
      expect(await tokens.validate(mine)).toBeNull();
      expect(await tokens.validate(other)).toBe('exec-2');
    });
  });
}
