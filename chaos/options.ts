import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Target } from './target.ts';

export interface Options {
  readonly targets: readonly Target[];
  readonly seed: number;
  /** Undefined: each target's own short form. */
  readonly scale: number | undefined;
  readonly write: boolean;
  /** How long each target may take; what it did until then is its report. */
  readonly minutes: number | undefined;
  /** The version before this one, for R13. */
  readonly previous: string | undefined;
}

export function usage(targets: readonly Target[]): string {
  return `npm run chaos [-- options]

  --only <targets>   of ${targets.map(({ id }) => id).join(', ')}; R1 stands for R1 on every store
  --seed <n>         repeats a run: every run prints its seed
  --scale <n>        how much of the whole, 1 by default: 0.01 takes minutes where 1 takes hours
  --minutes <n>      R6, R7, R8, R9 and R11 end after so long with what they have done by then
  --short            of each target what takes seconds: what \`npm test\` does
  --write            writes the table of docs/reliability.md anew, of the largest report of each target
  --table            does only that
  --previous <ref>   the version that R13 comes from: a tag or a commit, by default the newest release

Reports are kept in reports/. The exit code is 1 if anything happened that must not.`;
}

/** Reads the command line. Throws an error that says what is wrong with it. */
export function readOptions(args: readonly string[], targets: readonly Target[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seed: { type: 'string' },
      scale: { type: 'string', default: '1' },
      short: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      previous: { type: 'string' },
      table: { type: 'boolean', default: false },
    },
  });
  const scale = Number(values.scale);
  if (!(scale > 0)) throw new Error(`--scale is "${values.scale}"; it must be a number above 0.`);
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  if (minutes !== undefined && !(minutes > 0)) throw new Error(`--minutes is "${values.minutes}"; it must be a number above 0.`);
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`--seed is "${values.seed}"; it must be a whole number.`);
  const chosen = values.table ? [] : choose(values.only, targets);
  const { previous } = values;
  return { targets: chosen, seed, scale: values.short ? undefined : scale, write: values.write || values.table, minutes, previous };
}

function choose(only: string | undefined, targets: readonly Target[]): readonly Target[] {
  if (only === undefined) return targets;
  return only.split(',').flatMap((name) => {
    const chosen = targets.filter(({ id }) => id === name || id.startsWith(`${name}-`));
    if (chosen.length === 0) throw new Error(`--only ${name} is not known; choose of ${targets.map(({ id }) => id).join(', ')}.`);
    return chosen;
  });
}
