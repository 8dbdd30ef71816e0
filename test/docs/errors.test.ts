import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { flowErrorCodes } from '../../src/flow/errors.ts';

const root = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/errors.md', root), 'utf8');
const documented = new Set([...page.matchAll(/^\| `([A-Z][A-Z_]+)`/gm)].map(([, code = '']) => code));

describe('docs/errors.md', () => {
  it('has every code that the source gives, and no other', async () => {
    const given = new Set(['ERROR', ...flowErrorCodes, ...(await codesInSource())]);
    expect([...documented].toSorted()).toEqual([...given].toSorted());
  });

  it('has every error of the SDK that the World throws', async () => {
    const source = await readFile(new URL('src/world/errors.ts', root), 'utf8');
    const names = [...source.matchAll(/new (\w+Error)\(/g)].map(([, name = '']) => name).filter((name) => name !== 'WorkflowWorldError');
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(page).toContain(`\`${name}\``);
  });
});

async function codesInSource(): Promise<string[]> {
  const names = (await readdir(new URL('src', root), { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const files = names.filter((name) => !/^(?:testing|flow[\\/]testing)[\\/]/.test(name));
  const sources = await Promise.all(files.map((name) => readFile(new URL(`src/${name}`, root), 'utf8')));
  const given =
    /\bcode: '([A-Z][A-Z_]{3,})'|new (?:Cli|Operate|Http)Error\(\s*(?:'[a-z-]+',\s*|\d+,\s*)?'([A-Z][A-Z_]{3,})'|problemOf\(\d+, '([A-Z][A-Z_]{3,})'/g;
  return sources.flatMap((source) => [...source.matchAll(given)].map((match) => match.slice(1).find(Boolean) ?? ''));
}
