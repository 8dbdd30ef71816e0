import { parseArgs } from 'node:util';
import { metrics, metricsOf } from './metrics/index.js';
import { parts, stores } from './stores.js';
import { worlds } from './worlds.js';

const settingsOf = (name) => name.includes('+');

export const usage = `npm run bench [-- options]

  --only <names>      parts of the page: ${parts.join(', ')};
                      or metrics: ${Object.keys(metrics).join(', ')}
  --stores <names>    of ${Object.keys(stores).join(', ')}
  --worlds <names>    of ${Object.keys(worlds)
    .filter((name) => !settingsOf(name))
    .join(', ')},
                      or of Pawl with a setting, as in pawl+sync
  --quick             fewer runs and one round: to see that it works, not to quote
  --no-slow-disk      leave out the simulated disk of 5 ms
  --no-write          keep nothing and write no page
  --render            measure nothing: write the page and its plots from the figures that are kept

A run keeps its raw figures in reports/bench and writes docs/performance.md anew from the newest of each row; what it did not measure stays.
With --quick or --worlds it only shows them.`;

/** Reads the command line into what is to be measured, section by section, and whether that is kept. Throws on a name that is not known. */
export function readOptions(args) {
  const options = {
    stores: { type: 'string' },
    only: { type: 'string' },
    worlds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    'no-slow-disk': { type: 'boolean', default: false },
    'no-write': { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
  };
  const { values } = parseArgs({ args, options });
  const only = choose('--only', values.only, [...parts, ...Object.keys(metrics)]);
  const worldNames = choose('--worlds', values.worlds, Object.keys(worlds));
  const plan = choose('--stores', values.stores, Object.keys(stores))
    .filter((name) => !(values['no-slow-disk'] && stores[name].slowDiskMs))
    .map((sectionName) => planSection(sectionName, { only, worldNames, named: Boolean(values.stores) }))
    .filter((section) => section.worldNames.length > 0 && section.metricNames.length > 0);
  if (plan.length === 0 && !values.render) throw new Error('Nothing is left to measure: no store has such metrics and Worlds.');
  const write = values.render || !(values.quick || values.worlds || values['no-write']);
  return { plan: values.render ? [] : plan, quick: values.quick, write };
}

/** A part that is named brings its own metrics; a metric that is named is not measured with each setting too, unless that store is named. */
function planSection(sectionName, { only, worldNames, named }) {
  const section = stores[sectionName];
  const measured = metricsOf(sectionName, section);
  const selectable = named || ['worlds', 'flows', 'profile'].includes(section.part);
  const metricNames = only.includes(section.part) ? measured : measured.filter((name) => selectable && only.includes(name));
  return { sectionName, metricNames, worldNames: section.worldNames.filter((name) => worldNames.includes(name)) };
}

function choose(option, text, known) {
  if (!text) return known;
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) throw new Error(`${option} ${unknown} is not known; choose of ${known.join(', ')}.`);
  return names;
}
