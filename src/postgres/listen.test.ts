import { expect, it, onTestFinished, vi } from 'vitest';
import type { Database } from './database.ts';
import { Hints } from './listen.ts';

it('a listener that cannot even begin to connect, as where the file of a certificate is away, tries again', async () => {
  const connection = vi.fn(() => {
    throw new Error("ENOENT: no such file or directory, open '/nowhere/authority.pem'");
  });
  const hints = new Hints({ name: { schema: 'pawl' }, connection } as unknown as Database);
  onTestFinished(() => hints.close());
  hints.enable();
  hints.listen(() => {});
  await vi.waitFor(() => expect(connection.mock.calls.length).toBeGreaterThan(1), { timeout: 10_000 });
});
