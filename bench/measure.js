import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { metrics } from './metrics/index.js';
import { median } from './statistics.js';
import { worlds } from './worlds.js';

const child = fileURLToPath(new URL('child.js', import.meta.url));
const warmUpMs = 3_000;
const longestMs = { quick: 3 * 60_000, whole: 10 * 60_000 };
const tooLong = Symbol('too long');
let count = 0;

/**
 * Measures one metric on several Worlds, in turns, so that whatever else the machine does meets
 * them alike. Answers with the median of all samples of each World; one that takes too long has a reason instead.
 */
export async function measureInTurns({ metricName, worldNames, quick, onRound, ...where }) {
  const metric = metrics[metricName];
  const asked = worldNames.filter((name) => !metric.skip?.[name]);
  const missing = {};
  for (const name of asked) {
    const reason = await worlds[name].missing?.(metric);
    if (reason) missing[name] = { samples: [], details: [], reason };
  }
  const taken = asked.filter((name) => !missing[name]);
  const results = Object.fromEntries(taken.map((name) => [name, { samples: [], details: [], rounds: [] }]));
  for (let round = 0; round < (quick ? 1 : metric.rounds); round++) {
    for (const worldName of taken) {
      const { rounds = metric.rounds, ...special } = metric.perWorld?.[worldName] ?? {};
      if (round >= rounds) continue;
      const options = { warmUpMs: quick ? 300 : warmUpMs, ...metric.options, ...special, ...(quick ? metric.quick : {}) };
      if (missing[worldName]) continue;
      const patienceMs = quick ? longestMs.quick : longestMs.whole;
      const measured = await measureOnce({ metricName, worldName, options, patienceMs }, where);
      if (measured === tooLong) {
        const reason = `“${metric.title}” was not done within ${patienceMs / 60_000} minutes`;
        missing[worldName] = { samples: [], details: [], reason };
        onRound({ worldName, round });
        continue;
      }
      const { samples, details } = measured;
      results[worldName].samples.push(...samples);
      results[worldName].rounds.push(median(samples));
      if (details) results[worldName].details.push(details);
      onRound({ worldName, round, value: median(samples) });
    }
  }
  for (const name of taken) if (!missing[name]) results[name].value = median(results[name].samples);
  return { ...results, ...missing };
}

/** In a place and a process of its own, both gone afterwards. */
async function measureOnce(job, { scratch, server, routes, environment }) {
  const name = `bench_${(count += 1)}`;
  const folder = join(scratch, `${process.pid}-${name}`);
  await mkdir(folder, { recursive: true });
  const place = await worlds[job.worldName].prepare({ folder, name, server });
  try {
    return await runChild({ ...job, routes }, { ...environment, ...place.environment });
  } finally {
    await place.remove?.();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runChild({ patienceMs, ...job }, environment) {
  const options = {
    env: { ...process.env, ...environment },
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  };
  const running = fork(child, [JSON.stringify(job)], options);
  let said = '';
  running.stderr.on('data', (chunk) => (said = `${said}${chunk}`.slice(-4000)));
  let late = false;
  const patience = setTimeout(() => {
    late = true;
    running.kill('SIGKILL');
  }, patienceMs);
  let answer;
  running.on('message', (message) => (answer = message));
  await once(running, 'close');
  clearTimeout(patience);
  if (answer?.result) return answer.result;
  if (late) return tooLong;
  throw new Error(`${job.metricName} on ${job.worldName} gave no figure.\n${answer?.error ?? ''}\n${said}`);
}
