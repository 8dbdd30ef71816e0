import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The Worlds that are measured side by side; each measurement has a folder of its own. */
export const worlds = {
  pawl: {
    title: 'Pawl on SQLite',
    target: join(here, '..', 'dist', 'index.js'),
    environment: (folder) => ({ WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}` }),
  },
  local: {
    title: 'world-local',
    target: 'local',
    environment: (folder) => ({ WORKFLOW_LOCAL_DATA_DIR: join(folder, 'data') }),
  },
  floor: {
    title: 'floor (in memory)',
    target: join(here, 'floor-world', 'index.js'),
    environment: () => ({}),
  },
};
