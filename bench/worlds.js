import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const pawl = join(here, '..', 'dist', 'index.js');

/**
 * The Worlds that are measured side by side. `prepare` gives each measurement a place of its own: the environment that leads there, and
 * what takes it away again. What a World says to its database goes by the URL in `urlVariable`.
 */
export const worlds = {
  pawl: {
    title: 'Pawl on SQLite',
    target: pawl,
    prepare: ({ folder }) => ({ environment: { WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}` } }),
  },
  local: {
    title: 'world-local',
    target: 'local',
    prepare: ({ folder }) => ({ environment: { WORKFLOW_LOCAL_DATA_DIR: join(folder, 'data') } }),
  },
  'pawl-postgres': {
    title: 'Pawl on PostgreSQL',
    target: pawl,
    urlVariable: 'WORKFLOW_PAWL_URL',
    async prepare({ server, name }) {
      const { url, remove } = await server.schema(name);
      return { environment: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: name }, remove };
    },
  },
  'world-postgres': {
    title: 'world-postgres',
    target: fileURLToPath(import.meta.resolve('@workflow/world-postgres')),
    urlVariable: 'WORKFLOW_POSTGRES_URL',
    deliversOverHttp: true,
    async prepare({ server, name }) {
      const { url, remove } = await server.database(name);
      const environment = { WORKFLOW_POSTGRES_URL: url };
      await server.run(fileURLToPath(import.meta.resolve('@workflow/world-postgres/cli')), environment);
      return { environment, remove };
    },
  },
  floor: {
    title: 'floor (in memory)',
    target: join(here, 'floor-world', 'index.js'),
    prepare: () => ({ environment: {} }),
  },
};
