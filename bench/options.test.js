import { expect, it } from 'vitest';
import { readOptions } from './options.js';

const planned = (...args) => readOptions(args).plan.map(({ sectionName }) => sectionName);

it('without options everything is measured, and written', () => {
  const { plan, write } = readOptions([]);
  expect(plan.length).toBe(10);
  expect(plan.every(({ metricNames, worldNames }) => metricNames.length > 0 && worldNames.length > 0)).toBe(true);
  expect(write).toBe(true);
});

it('a part of the page is measured alone by its name', () => {
  expect(planned('--only', 'settings')).toEqual(['settings-sqlite', 'settings-postgres']);
  expect(planned('--only', 'profile,slow-disk')).toEqual(['slow-sqlite', 'slow-postgres', 'profile-sqlite', 'profile-postgres']);
  expect(planned('--stores', 'settings-sqlite')).toEqual(['settings-sqlite']);
});

it('a metric is measured beside the other Worlds, and with each setting only where that is asked for', () => {
  expect(planned('--only', 'stso')).toEqual(['sqlite', 'postgres']);
  expect(planned('--only', 'stso', '--stores', 'settings-sqlite')).toEqual(['settings-sqlite']);
});

it('what is hurried or not whole is shown and not written', () => {
  expect(readOptions(['--quick']).write).toBe(false);
  expect(readOptions(['--worlds', 'pawl']).write).toBe(false);
  expect(readOptions(['--no-write']).write).toBe(false);
  expect(readOptions(['--only', 'stso']).write).toBe(true);
  expect(readOptions(['--render'])).toMatchObject({ plan: [], write: true });
});

it('the slow disk can be left out', () => {
  expect(planned('--no-slow-disk').some((name) => name.startsWith('slow'))).toBe(false);
});

it('a name that is not known is refused with those that are', () => {
  expect(() => readOptions(['--only', 'speed'])).toThrow(/--only speed is not known; choose of worlds, flows/);
  expect(() => readOptions(['--only', 'flowMap', '--stores', 'sqlite'])).toThrow(/Nothing is left to measure/);
});
