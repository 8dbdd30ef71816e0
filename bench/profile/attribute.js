import { fileURLToPath } from 'node:url';

const dist = new URL('../../dist/', import.meta.url).href;
const bench = new URL('../', import.meta.url).href;
const routes = new URL('../../.tmp/workflows/', import.meta.url).href;

/** What V8 names instead of a function, and what it means. */
const states = {
  '(idle)': 'idle',
  '(garbage collector)': 'garbage collection',
  '(program)': 'V8 and native code, unnamed',
  '(root)': 'V8 and native code, unnamed',
};

/**
 * Whose each frame is, by where its code lies. What has no place (a native function, or one of V8's own) is its caller's: a statement of
 * SQLite is called by the driver's wrapper, `JSON.parse` by whoever parses.
 */
export function attribute({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const owners = new Map();
  const ownerOf = (id) => {
    if (!owners.has(id))
      owners.set(
        id,
        findOwner(byId.get(id).callFrame, () => (parents.has(id) ? ownerOf(parents.get(id)) : undefined)),
      );
    return owners.get(id);
  };

  const groups = new Map();
  const functions = new Map();
  let totalUs = 0;
  for (const [at, id] of samples.entries()) {
    const { group, place } = ownerOf(id);
    // The profiler's own beginning and end.
    if (group === 'profiler') continue;
    const us = Math.max(0, timeDeltas[at]);
    totalUs += us;
    groups.set(group, (groups.get(group) ?? 0) + us);
    if (!place) continue;
    const { functionName } = byId.get(id).callFrame;
    const name = `${functionName || '(anonymous)'} in ${place}`;
    functions.set(name, (functions.get(name) ?? 0) + us);
  }
  const share = (us) => us / totalUs;
  const descending = (counts) => [...counts].toSorted(([, a], [, b]) => b - a).map(([name, us]) => ({ name, share: share(us) }));
  return { ms: totalUs / 1000, groups: descending(groups), functions: descending(functions).slice(0, 12) };
}

function findOwner({ url, functionName }, ownerOfCaller) {
  if (Object.hasOwn(states, functionName)) return { group: states[functionName] };
  if (url === 'node:inspector') return { group: 'profiler' };
  if (url) return ownerByPlace(asUrl(url));
  const caller = ownerOfCaller() ?? { group: 'V8 and native code, unnamed' };
  // The wrapper calls nothing native but the driver.
  if (caller.place === 'sqlite/connection.ts') return { group: 'SQLite, driver and engine' };
  return caller;
}

/** Modules of CommonJS are known by their file, those of ES by their URL. */
function asUrl(url) {
  return url.startsWith('/') ? `file://${url}` : url;
}

function ownerByPlace(url) {
  if (url.startsWith(dist)) {
    const place = url.slice(dist.length).replace(/\.js$/, '.ts');
    return { group: `Pawl: ${place.split('/')[0]}`, place };
  }
  if (url === 'node:vm') return { group: 'Workflow SDK: a VM context for each replay (node:vm)' };
  if (url.startsWith('node:')) return { group: 'Node.js' };
  if (url.startsWith(routes) || /\/node_modules\/(?:@workflow\/|workflow\/)/.test(url)) return { group: 'Workflow SDK' };
  if (url.startsWith(bench)) return { group: 'the benchmark itself' };
  const name = packageOf(url);
  if (/^(?:pg|pg-.*|postgres-.*)$/.test(name)) return { group: 'pg, driver' };
  if (name === '@photostructure/sqlite') return { group: 'SQLite, driver and engine' };
  if (name) return { group: `package ${name}` };
  // Code that the SDK gives a name of its own: the workflow in its context.
  return { group: 'Workflow SDK' };
}

function packageOf(url) {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? '';
}
