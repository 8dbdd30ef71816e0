import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseTokens, TokenBook } from './tokens.ts';

const secret = 'a-secret-of-sixteen';

describe('tokens', () => {
  it('have a name, scopes, maybe a tenant, and a secret', () => {
    expect(parseTokens(`ci:act:${secret}, ops@example:read+act+admin:acme:${secret}2`)).toEqual([
      { name: 'ci', scopes: ['act'], tenantId: null, secret },
      { name: 'ops@example', scopes: ['read', 'act', 'admin'], tenantId: 'acme', secret: `${secret}2` },
    ]);
  });

  it('may stand in a file, one on each line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-tokens-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'tokens');
    writeFileSync(file, `# of the team\nada:read:${secret}\n\n  bob:act:${secret}2\r\n`);
    expect(parseTokens(file).map(({ name }) => name)).toEqual(['ada', 'bob']);
    expect(() => parseTokens(join(folder, 'none'))).toThrow(/neither tokens nor a file that can be read \(ENOENT\)/);
    writeFileSync(file, '# nobody yet\n');
    expect(() => parseTokens(file)).toThrow(/holds no token/);
  });

  it.each([
    ['no secret', 'ci:act:', /wrong token "ci"/],
    ['a short secret', 'ci:act:short-secret', /at least 16 characters/],
    ['an unknown scope', `ci:act+write:${secret}`, /read, act and admin/],
    ['no scope', `ci::${secret}`, /wrong token "ci"/],
    ['an empty tenant', `ci:act::${secret}`, /wrong token "ci"/],
    ['no name', `:act:${secret}`, /wrong token 1/],
    ['too many parts', `ci:act:acme:x:${secret}`, /wrong token "ci"/],
    ['the same name twice', `ci:act:${secret},ci:read:${secret}2`, /two tokens called "ci"/],
  ])('with %s are refused, without a word of the secret', (_, text, message) => {
    expect(() => parseTokens(text)).toThrow(message);
    expect(() => parseTokens(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_SETTING', message: expect.not.stringContaining(secret) as string }),
    );
  });

  it('are found by their whole secret only', () => {
    const book = new TokenBook(parseTokens(`a:read:${secret},b:act:${secret}2`));
    expect(book.find(`${secret}2`)?.name).toBe('b');
    for (const wrong of ['', secret.slice(1), `${secret}3`, `a:read:${secret}`]) expect(book.find(wrong)).toBeUndefined();
  });
});
