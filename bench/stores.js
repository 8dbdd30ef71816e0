import { settingNames } from './settings.js';

const slowDiskMs = 5;

/**
 * The sections of the page: what is measured on which store, each with what stands beside it. The floor is measured with each, so that it
 * meets the same moments. `metrics` names what is measured; without it, whatever wants to be measured there.
 */
export const stores = {
  sqlite: { part: 'worlds', title: 'SQLite', own: 'pawl', worldNames: ['pawl', 'local', 'floor'] },
  postgres: {
    part: 'worlds',
    title: 'PostgreSQL',
    server: true,
    own: 'pawl-postgres',
    worldNames: ['pawl-postgres', 'world-postgres', 'floor'],
  },
  'flows-sqlite': { part: 'flows', title: 'Flows on SQLite', own: 'pawl', worldNames: ['pawl', 'openworkflow'] },
  'flows-postgres': {
    part: 'flows',
    title: 'Flows on PostgreSQL',
    server: true,
    own: 'pawl-postgres',
    worldNames: ['pawl-postgres', 'dbos', 'openworkflow-postgres'],
  },
  'slow-sqlite': { ...slow('SQLite'), own: 'pawl', worldNames: ['pawl', 'floor'] },
  'slow-postgres': { ...slow('PostgreSQL'), server: true, own: 'pawl-postgres', worldNames: ['pawl-postgres', 'floor'] },
  'settings-sqlite': settings('SQLite', 'pawl'),
  'settings-postgres': { ...settings('PostgreSQL', 'pawl-postgres'), server: true },
  'profile-sqlite': profile('SQLite', 'pawl'),
  'profile-postgres': { ...profile('PostgreSQL', 'pawl-postgres'), server: true },
};

export const parts = [...new Set(Object.values(stores).map(({ part }) => part))];

function slow(title) {
  return { part: 'slow-disk', title: `${title} on a slow disk`, slowDiskMs, metrics: ['throughput', 'stso', 'alone'] };
}

function settings(title, own) {
  const worldNames = settingNames(own);
  return { part: 'settings', title: `What each setting costs on ${title}`, own, worldNames, metrics: ['stso', 'throughput', 'alone'] };
}

function profile(title, own) {
  const metrics = ['profileSequence', 'profileThroughput', 'profileFlows'];
  return { part: 'profile', title: `Where the time goes on ${title}`, own, worldNames: [own], metrics };
}
