import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/known-defects.md', root), 'utf8');
const named = [...page.matchAll(/^\|[^|]+\| `(.+)` +\|$/gm)].map(([, name = '']) => name);

it('every test that docs/known-defects.md names is there', async () => {
  const tests = (await Promise.all(['src/', 'test/'].map(sourcesIn))).join('\n');
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((name) => !tests.includes(name))).toEqual([]);
});

async function sourcesIn(folder: string): Promise<string> {
  const base = new URL(folder, root);
  const names = (await readdir(base, { recursive: true })).filter((name) => name.endsWith('.ts'));
  return (await Promise.all(names.map((name) => readFile(new URL(name, base), 'utf8')))).join('\n');
}
