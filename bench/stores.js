/** What Pawl is measured on, each with the Worlds beside it. The floor is measured with each, so that it meets the same moments. */
export const stores = {
  sqlite: { title: 'SQLite', own: 'pawl', worldNames: ['pawl', 'local', 'floor'] },
  postgres: { title: 'PostgreSQL', own: 'pawl-postgres', worldNames: ['pawl-postgres', 'world-postgres', 'floor'] },
};
