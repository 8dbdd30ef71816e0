import { cpus, totalmem } from 'node:os';
import { readCommit } from '../scripts/read-commit.js';

/** When, of which code, by which command and on what a run measures. */
export function describeRun(args) {
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  return { at: new Date().toISOString(), commit: readCommit(['src', 'bench', 'package.json']), command, machine: describeMachine() };
}

/**
 * Where the rows of a section come from: a sentence for each run that brought some of them, newest first, with the names of its rows where
 * there are several runs.
 */
export function tellProvenance(rows) {
  const runs = new Map();
  for (const [name, { measured }] of Object.entries(rows)) {
    const sentence = tellRun(measured);
    const run = runs.get(sentence) ?? { at: measured.at, names: [] };
    run.names.push(name);
    runs.set(sentence, run);
  }
  return [...runs]
    .toSorted(([, a], [, b]) => (a.at < b.at ? 1 : -1))
    .map(([sentence, { names }]) => (runs.size > 1 ? `${sentence}: ${names.map((name) => `\`${name}\``).join(', ')}.` : `${sentence}.`));
}

/** The machines on which the rows of all sections were measured; it should be one. */
export function tellMachines(sections) {
  const rows = Object.values(sections).flatMap((section) => Object.values(section));
  const machines = new Set(
    rows.map(({ measured: { machine } }) => `${machine.cpus} × ${machine.model}, ${machine.platform}, Node ${machine.node}`),
  );
  return [...machines].toSorted().map((machine) => `Measured on ${machine}.`);
}

function tellRun({ at, commit, command, fsync }) {
  const of = commit ? ` at \`${commit}\`` : '';
  const disk = fsync ? `; fdatasync of 4 KiB p50 ${fsync.p50.toFixed(2)} ms, p99 ${fsync.p99.toFixed(2)} ms` : '';
  return `${at.slice(0, 10)}${of}, \`${command}\`${disk}`;
}

function describeMachine() {
  const { model } = cpus()[0];
  const platform = `${process.platform} ${process.arch}`;
  return { cpus: cpus().length, model, platform, node: process.versions.node, memoryGiB: Math.round(totalmem() / 2 ** 30) };
}
