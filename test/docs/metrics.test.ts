import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (name: string) => readFile(new URL(name, root), 'utf8');
const rows = [...(await read('docs/metrics.md')).matchAll(/^\| `(pawl_\w+)` *\| (\w+) *\| ([^|]*)\|/gm)].map(
  ([, name = '', type = '', labels = '']) => ({ name, type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label) }),
);

describe('docs/metrics.md', async () => {
  const folder = new URL('src/server/', root);
  const files = (await readdir(folder, { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const source = (await Promise.all(files.map((name) => read(`src/server/${name}`)))).join('\n');

  it('has every metric, and no other', () => {
    const given = new Set([...source.matchAll(/name: '(pawl_\w+)'/g)].map(([, name = '']) => name));
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...given].toSorted());
  });

  it('has alert rules for metrics and labels that there are', async () => {
    const rules = await read('docs/guides/monitoring.md');
    const known = new Set(
      rows.flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])),
    );
    const used = [...rules.matchAll(/\b(pawl_\w+)(?:\{(\w+)=)?/g)];
    expect(used.length).toBeGreaterThan(8);
    for (const [, name = '', label] of used) {
      expect(known).toContain(name);
      const { labels } = rows.find((row) => name.startsWith(row.name)) ?? { labels: [] };
      if (label !== undefined) expect(labels).toContain(label);
    }
  });
});
