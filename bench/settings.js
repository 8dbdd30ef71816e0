import { cpSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const copies = fileURLToPath(new URL('../.tmp/bench-copies/', import.meta.url));

/**
 * What can be set, one at a time, beside Pawl as it is delivered. `window` is the group commit's, which is no setting: it is set in a copy
 * of the built package.
 */
const settings = {
  default: { title: 'as delivered' },
  sync: { title: '`WORKFLOW_PAWL_SYNC=normal`: answers do not wait for the disk', environment: { WORKFLOW_PAWL_SYNC: 'normal' } },
  memory: {
    title: '`WORKFLOW_PAWL_URL=sqlite::memory:`: no file at all',
    environment: { WORKFLOW_PAWL_URL: 'sqlite::memory:' },
    only: 'pawl',
  },
  encryption: {
    title: '`WORKFLOW_PAWL_ENCRYPTION_KEYS` set',
    environment: { WORKFLOW_PAWL_ENCRYPTION_KEYS: 'of-the-benchmark-and-public' },
  },
  http: {
    title: '`WORKFLOW_PAWL_DELIVERY=http`: signed HTTP to the app’s routes',
    environment: { WORKFLOW_PAWL_DELIVERY: 'http' },
    http: true,
  },
  tracing: { title: 'OpenTelemetry: a provider that keeps every span, and drops it', tracing: true },
  alone: { title: 'group commit: each act a transaction of its own', window: { maxActs: 1 } },
  eager: { title: 'group commit: the end of a delivery waits for nobody (2 ms as delivered)', window: { patienceMs: 0 } },
  patient: { title: 'group commit: the end of a delivery waits 20 ms', window: { patienceMs: 20 } },
};

/** The names in the list of Worlds under which Pawl on a store is measured with each setting; the first is Pawl as delivered. */
export function settingNames(own) {
  return Object.keys(settings)
    .filter((name) => (settings[name].only ?? own) === own)
    .map((name) => `${own}+${name}`);
}

/** Pawl with each setting, as Worlds to be measured. */
export function worldsWithSettings(worlds) {
  const entries = Object.entries(worlds).flatMap(([own, world]) => settingNames(own).map((name) => [name, withSetting(name, world)]));
  return Object.fromEntries(entries);
}

function withSetting(name, world) {
  const { title, environment = {}, window, http, tracing } = settings[name.split('+')[1]];
  const copy = join(copies, name);
  return {
    ...world,
    title,
    deliversOverHttp: http,
    tracing,
    target: window ? join(copy, 'index.js') : world.target,
    async prepare(place) {
      if (window) copyWithWindow(copy, window);
      const prepared = await world.prepare(place);
      return { ...prepared, environment: { ...prepared.environment, ...environment } };
    },
  };
}

/** The built package with another window for its group commit. It lies inside the repository, so that it finds what it depends on. */
function copyWithWindow(copy, window) {
  cpSync(dist, copy, { recursive: true });
  renameSync(join(copy, 'store', 'group-commit.js'), join(copy, 'store', 'group-commit-delivered.js'));
  const code = `import { GroupCommit as Delivered } from './group-commit-delivered.js';
export * from './group-commit-delivered.js';
const window = ${JSON.stringify(window)};
for (const name of Object.keys(window)) {
  if (!String(Delivered).includes(name)) throw new Error(\`The group commit has no \${name} any more.\`);
}
export class GroupCommit extends Delivered {
  constructor(options) {
    super({ ...options, ...window });
  }
}
`;
  writeFileSync(join(copy, 'store', 'group-commit.js'), code);
}
