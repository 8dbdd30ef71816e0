/** What Pawl is measured on, each with the Worlds beside it. The floor is measured with each, so that it meets the same moments. */
export const stores = {
  sqlite: { title: 'SQLite', own: 'pawl', worldNames: ['pawl', 'local', 'floor'] },
  postgres: { title: 'PostgreSQL', server: true, own: 'pawl-postgres', worldNames: ['pawl-postgres', 'world-postgres', 'floor'] },
  'flows-sqlite': { title: 'Flows on SQLite', own: 'pawl', worldNames: ['pawl', 'openworkflow'] },
  'flows-postgres': {
    title: 'Flows on PostgreSQL',
    server: true,
    own: 'pawl-postgres',
    worldNames: ['pawl-postgres', 'dbos', 'openworkflow-postgres'],
  },
};
