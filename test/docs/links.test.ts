import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const inDocs = (await readdir(join(root, 'docs'), { recursive: true })).map((name) => join('docs', name));
const inRoot = await readdir(root);
const pages = [...inRoot, ...inDocs, join('examples', 'orders', 'README.md')].filter((name) => name.endsWith('.md'));

describe('the documentation', () => {
  it.each(pages)('%s links only to files that are there', async (page) => {
    const text = await readFile(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    const files = links.filter((target) => !/^[a-z]+:/.test(target)).map((target) => join(root, dirname(page), target));
    expect(files.filter((file) => !existsSync(file)).map((file) => relative(root, file))).toEqual([]);
  });

  it('numbers the decisions without gaps', async () => {
    const names = (await readdir(join(root, 'docs', 'adr'))).filter((name) => name.endsWith('.md')).toSorted();
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
    for (const [index, name] of names.entries()) {
      expect(await readFile(join(root, 'docs', 'adr', name), 'utf8')).toMatch(new RegExp(`^# ${index + 1}\\. `));
    }
  });
});
