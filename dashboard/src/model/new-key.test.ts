import { describe, expect, it, vi } from 'vitest';
import { newKey } from './new-key.ts';

describe('an idempotency key', () => {
  it('is made without what a page has in secure contexts only', () => {
    const { getRandomValues } = crypto;
    vi.stubGlobal('crypto', { getRandomValues: getRandomValues.bind(crypto) });
    try {
      const keys = new Set(Array.from({ length: 100 }, newKey));
      expect(keys.size).toBe(100);
      for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
