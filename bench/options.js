import { parseArgs } from 'node:util';
import { metrics } from './metrics/index.js';
import { stores } from './stores.js';
import { worlds } from './worlds.js';

export const usage = `npm run bench [-- options]

  --stores <stores>   of ${Object.keys(stores).join(', ')}
  --only <metrics>    of ${Object.keys(metrics).join(', ')}
  --worlds <worlds>   of ${Object.keys(worlds).join(', ')}
  --quick             fewer runs and one round: to see that it works, not to quote
  --no-slow-disk      leave out the runs on a simulated disk of 5 ms
  --write             write docs/performance.md even if not everything was measured`;

/** Reads the command line; a whole, unhurried run is what may be written into the documentation. */
export function readOptions(args) {
  const options = {
    stores: { type: 'string' },
    only: { type: 'string' },
    worlds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    'no-slow-disk': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  };
  const { values } = parseArgs({ args, options });
  const metricNames = choose('--only', values.only, Object.keys(metrics));
  const worldNames = choose('--worlds', values.worlds, Object.keys(worlds));
  const plan = choose('--stores', values.stores, Object.keys(stores))
    .map((storeName) => ({
      storeName,
      worldNames: stores[storeName].worldNames.filter((name) => worldNames.includes(name)),
      metricNames: metricNames.filter((name) => metrics[name].wants[storeName]),
    }))
    .filter((part) => part.worldNames.length > 0 && part.metricNames.length > 0);
  const whole = !values.stores && !values.only && !values.worlds && !values.quick;
  return { plan, quick: values.quick, slowDisk: !values['no-slow-disk'], write: values.write || whole };
}

function choose(option, text, known) {
  if (!text) return known;
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) throw new Error(`${option} ${unknown} is not known; choose of ${known.join(', ')}.`);
  return names;
}
