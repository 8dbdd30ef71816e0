import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { worldsWithSettings } from './settings.js';

const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL('.', import.meta.url));
const pawl = join(here, '..', 'dist', 'index.js');

const pawls = {
  pawl: {
    title: 'Pawl on SQLite',
    target: pawl,
    contestant: './contestants/pawl.js',
    prepare: ({ folder }) => ({ environment: { WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}` } }),
  },
  'pawl-postgres': {
    title: 'Pawl on PostgreSQL',
    target: pawl,
    contestant: './contestants/pawl.js',
    urlVariable: 'WORKFLOW_PAWL_URL',
    async prepare({ server, name }) {
      const { url, remove } = await server.schema(name);
      return { environment: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: name }, remove };
    },
  },
};

/**
 * The Worlds that are measured side by side, and what runs beside flows. `missing` says why one cannot be measured. `prepare` gives each measurement a place of its own: the environment that leads there, and
 * what takes it away again. What a World says to its database goes by the URL in `urlVariable`.
 */
export const worlds = {
  ...pawls,
  ...worldsWithSettings(pawls),
  local: {
    title: 'world-local',
    target: 'local',
    prepare: ({ folder }) => ({ environment: { WORKFLOW_LOCAL_DATA_DIR: join(folder, 'data') } }),
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
  // No Worlds, but engines that do the same work as flows do.
  openworkflow: {
    title: 'OpenWorkflow',
    contestant: './contestants/openworkflow.js',
    missing: () => missingPackage('openworkflow'),
    prepare: ({ folder }) => ({ environment: { OPENWORKFLOW_SQLITE: join(folder, 'openworkflow.db') } }),
  },
  'openworkflow-postgres': {
    title: 'OpenWorkflow',
    contestant: './contestants/openworkflow.js',
    missing: () => missingPackage('openworkflow') ?? missingPackage('postgres'),
    async prepare({ server, name }) {
      const { url, remove } = await server.database(name);
      return { environment: { OPENWORKFLOW_POSTGRES: url }, remove };
    },
  },
  dbos: {
    title: 'DBOS Transact',
    contestant: './contestants/dbos.js',
    missing: () => missingPackage('@dbos-inc/dbos-sdk'),
    async prepare({ server, name }) {
      const { url, remove } = await server.database(name);
      return { environment: { DBOS_SYSTEM_DATABASE_URL: url }, remove };
    },
  },
};

/** Why it cannot be measured here, if so. */
function missingPackage(name) {
  try {
    require.resolve(name);
    return undefined;
  } catch (error) {
    return error.code === 'MODULE_NOT_FOUND' ? `the package ${name} is not installed` : undefined;
  }
}
