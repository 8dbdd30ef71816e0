import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { settingNames } from '../../src/connect/settings.ts';
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

// What is no code of ours, though it looks like one.
const known = new Set<string>([
  ...settingNames,
  ...settingNames.map((name) => `WORKFLOW_PAWL_${name}`),
  'EAI_AGAIN',
  'NEXT_RUNTIME',
  'NO_COLOR',
  'WORKFLOW_JSON_MODE',
  'WORKFLOW_LOCAL_BASE_URL',
  'WORKFLOW_MAX_EVENTS',
  'WORKFLOW_QUEUE_NAMESPACE',
]);

async function codesInSource(): Promise<string[]> {
  const all = (await readdir(new URL('src', root), { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const files = all.filter((name) => !/^(?:testing|flow[\\/]testing)[\\/]/.test(name));
  const sources = await Promise.all(files.map((name) => readFile(new URL(`src/${name}`, root), 'utf8')));
  // A code of one word stands where an error is made; one of several words, anywhere in quotes, is a code or something that is known.
  const made =
    /\bcode: '([A-Z]{4,})'|new (?:Cli|Operate|Http)Error\(\s*(?:'[a-z-]+',\s*|\d+,\s*)?'([A-Z]{4,})'|problemOf\(\d+, '([A-Z]{4,})'/g;
  const named = /'([A-Z]+(?:_[A-Z]+)+)'/g;
  const found = sources.flatMap((source) => [...source.matchAll(made), ...source.matchAll(named)]);
  const names = found.map((match) => match.slice(1).find(Boolean) ?? '');
  return names.filter((name) => !name.startsWith('ERR_') && !known.has(name));
}
