import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readSettings, settingNames } from '../../src/connect/settings.ts';

const page = await readFile(new URL('../../docs/settings.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `([A-Z_]+)` *\| (\S+) *\| (.+?) *\|$/gm)].map(([, name = '', shown = '', meaning = '']) => ({
  name,
  defaultValue: shown === '—' ? undefined : shown.replaceAll('`', ''),
  meaning,
}));
const own = rows.filter(({ name }) => name.startsWith('WORKFLOW_PAWL_'));

describe('docs/settings.md', () => {
  it('lists every setting, in the order of the code, and no other', () => {
    expect(own.map(({ name }) => name)).toEqual(settingNames.map((name) => `WORKFLOW_PAWL_${name}`));
  });

  it.each(rows.filter(({ name }) => name !== 'WORKFLOW_TARGET_WORLD'))('tells the true default of $name', ({ name, defaultValue }) => {
    expect(readSettings({ [name]: defaultValue })).toEqual(readSettings({}));
  });

  it('says of each what it means', () => {
    for (const { name, meaning } of rows) expect(`${name}: ${meaning}`).toMatch(/\w{4}/);
  });
});
