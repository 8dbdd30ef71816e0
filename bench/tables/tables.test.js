import { expect, it } from 'vitest';
import { renderMarkdown } from '../markdown.js';
import { settingsTable } from './settings.js';
import { profileTable } from './profile.js';

const machine = { cpus: 2, model: 'Processor', platform: 'linux x64', node: '20.19.0' };
const measured = (day, command = 'npm run bench') => ({
  at: `${day}T10:00:00.000Z`,
  commit: 'abc1234',
  command,
  machine,
  fsync: { p50: 0.2, p99: 0.4 },
});
const figure = (...rounds) => ({ value: rounds[0], rounds, samples: rounds });

it('each section says when, of which commit and by which command it was measured', () => {
  const kept = {
    sqlite: { throughput: { measured: measured('2026-01-02'), results: { pawl: figure(100, 90, 110), local: figure(500) } } },
  };
  const page = renderMarkdown(kept);
  expect(page).toContain('Measured on 2 × Processor, linux x64, Node 20.19.0.');
  expect(page).toContain('2026-01-02 at `abc1234`, `npm run bench`; fdatasync of 4 KiB p50 0.20 ms, p99 0.40 ms.\n');
  expect(page).toContain('| 100 ms (90.0–110) | 500 ms | – |');
  expect(page).toContain('5.00× yes; –');
});

it('rows of several runs name the run they are of', () => {
  const results = { pawl: figure(5) };
  const kept = {
    sqlite: {
      throughput: { measured: measured('2026-01-02'), results },
      stso: { measured: measured('2026-01-03', 'npm run bench -- --only stso'), results },
    },
  };
  const lines = renderMarkdown(kept).split('\n');
  const told = lines.filter((line) => line.startsWith('2026-'));
  expect(told).toEqual([
    '2026-01-03 at `abc1234`, `npm run bench -- --only stso`; fdatasync of 4 KiB p50 0.20 ms, p99 0.40 ms: `stso`.',
    '2026-01-02 at `abc1234`, `npm run bench`; fdatasync of 4 KiB p50 0.20 ms, p99 0.40 ms: `throughput`.',
  ]);
});

it('a cell without a figure has its reason below, and so has a section', () => {
  const results = { pawl: figure(15_945), floor: figure(16_060) };
  const page = renderMarkdown({ sqlite: { fanOut1000: { measured: measured('2026-01-02'), results } } });
  expect(page).toContain('“fan-out 1,000, start to end” was not measured for world-local: 200 take it two minutes');
  expect(page).toContain('“What each setting costs on PostgreSQL” (`--stores settings-postgres`)');
});

it('a section without figures is no section', () => {
  expect(renderMarkdown({})).toBe('');
});

it('a setting is told beside Pawl as delivered', () => {
  const rows = { stso: { measured: measured('2026-01-02'), results: { 'pawl+default': figure(4), 'pawl+sync': figure(3) } } };
  const [table] = settingsTable({ worldNames: ['pawl+default', 'pawl+sync'], rows });
  expect(table.split('\n')[2]).toBe('| as delivered | 4.00 ms |');
  expect(table.split('\n')[3]).toContain('| 3.00 ms = 0.75× |');
});

it('a profile adds up to the whole, ours first, and says what ours is of the time that is not idle', () => {
  const groups = [
    { name: 'idle', share: 0.5 },
    { name: 'Workflow SDK', share: 0.3 },
    { name: 'Pawl: world', share: 0.15 },
    { name: 'Pawl: sqlite', share: 0.048 },
    { name: 'package tiny', share: 0.002 },
  ];
  const details = [
    {
      groups,
      functions: [
        { name: 'parse in world/a.ts', share: 0.1 },
        { name: 'rare in world/b.ts', share: 0.001 },
      ],
    },
  ];
  const rows = { profileSequence: { measured: measured('2026-01-02'), results: { pawl: { details } } } };
  const lines = profileTable({ own: 'pawl', rows }).join('\n').split('\n');
  expect(lines.slice(2, 10)).toEqual([
    '| Pawl: sqlite | 4.8 % |',
    '| Pawl: world | 15.0 % |',
    '| Workflow SDK | 30.0 % |',
    '| idle | 50.0 % |',
    '| everything else | 0.2 % |',
    '| **Pawl, all rooms** | 19.8 % |',
    '| **Pawl, of the time that is not idle** | 39.6 % |',
    '',
  ]);
  expect(lines.at(-1)).toBe('- Workflow SDK, one run at a time: `parse in world/a.ts` 10.0 %.');
});
