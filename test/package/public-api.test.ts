import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { readonly types: string }>;
};
const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [{ name, types: target.types }],
);

beforeAll(() => {
  if (!existsSync(join(root, 'dist', 'index.d.ts'))) throw new Error('dist is missing: run `npm run build` first.');
});

// What a change of the public API looks like in review. A change that is meant is written by
//   npx vitest run --project e2e test/package/public-api.test.ts --update
describe('the public API', () => {
  it.each(entries)('of $name is what test/package/public-api says', async ({ name, types }) => {
    const declarations = await declarationsOf(join(root, types));
    const text = [...declarations]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, declaration]) => declaration)
      .join('\n\n');
    await expect(`${text}\n`).toMatchFileSnapshot(
      join(root, 'test', 'package', 'public-api', `${name.replace(/^\.\/?/, '') || 'index'}.txt`),
    );
  });

  it('is found whole: a name without its declaration would go unnoticed', async () => {
    for (const { types } of entries) {
      for (const [name, declaration] of await declarationsOf(join(root, types))) {
        expect({ name, declaration }).toEqual({
          name,
          declaration: expect.stringMatching(new RegExp(`\\b${name.replace('$', '\\$')}\\b`)),
        });
      }
    }
  });
});

/** Every exported name of a module with its declaration, wherever that is, without comments. */
async function declarationsOf(file: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const source = withoutComments(await readFile(file, 'utf8'));
  for (const [, names = '', from] of source.matchAll(/^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?;/gm)) {
    for (const { original, exported } of namesIn(names)) {
      const there = from === undefined ? file : fileOf(file, from);
      found.set(exported, there === undefined ? `${exported} of ${from}` : await declarationOf(there, original, exported));
    }
  }
  for (const [, from = ''] of source.matchAll(/^export (?:type )?\* from '([^']+)';/gm)) {
    const there = fileOf(file, from);
    if (there !== undefined) for (const [name, declaration] of await declarationsOf(there)) found.set(name, declaration);
  }
  for (const [, name = '', from = ''] of source.matchAll(/^export (?:type )?\* as (\w+) from '([^']+)';/gm)) {
    const there = fileOf(file, from);
    const members = there === undefined ? [`all of ${from}`] : [...(await declarationsOf(there)).values()];
    found.set(name, [`namespace ${name} {`, ...members, '}'].join('\n'));
  }
  for (const [declaration, name] of ownDeclarations(source)) found.set(name, declaration);
  return found;
}

async function declarationOf(file: string, original: string, exported: string): Promise<string> {
  const declaration = (await declarationsOf(file)).get(original);
  if (declaration === undefined) throw new Error(`${file} declares no "${original}".`);
  return original === exported ? declaration : `${declaration} // as ${exported}`;
}

function namesIn(list: string): { readonly original: string; readonly exported: string }[] {
  return list
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter(Boolean)
    .map((name) => {
      const [original = '', exported = original] = name.split(/\s+as\s+/);
      return { original, exported };
    });
}

/** In what the compiler writes a declaration ends before the next line that is not indented. */
function ownDeclarations(source: string): (readonly [string, string])[] {
  const pattern =
    /^export (?:declare )?(?:abstract )?(?:function|class|const|let|interface|type|enum|namespace) ([\w$]+)[^\n]*(?:\n(?:[ \t}\])][^\n]*|(?=\n)))*/gm;
  return [...source.matchAll(pattern)].map(([declaration, name = '']) => [declaration.trimEnd(), name] as const);
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*\*?[^]*?\*\/\s*/g, '').replaceAll(/^\s*\/\/.*\n/gm, '');
}

function fileOf(importer: string, from: string): string | undefined {
  return from.startsWith('.') ? join(dirname(importer), from.replace(/\.(?:js|ts)$/, '.d.ts')) : undefined;
}
