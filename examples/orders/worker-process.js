import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('worker.js', import.meta.url));
const drainMs = 5000;

/** Starts a worker in a process of its own and answers when it takes work. What it says goes to `logFile`. */
export async function startWorker({ logFile, onUnexpectedExit }) {
  const log = openSync(logFile, 'a');
  const child = fork(script, { execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const exited = once(child, 'exit');
  let expected = false;
  child.once('exit', (code, signal) => {
    if (!expected) onUnexpectedExit(lastWords(code, signal, logFile));
  });

  await Promise.race([once(child, 'message'), exited]);
  return {
    pid: child.pid,
    /** What `kill -9` does: no clean-up, no goodbye. */
    async kill() {
      expected = true;
      child.kill('SIGKILL');
      await exited;
    },
    /** Lets the worker finish what it is doing, for a few seconds. */
    async stop() {
      expected = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), drainMs);
      await exited;
      clearTimeout(patience);
    },
  };
}

function lastWords(code, signal, logFile) {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return `A worker ended by itself (${signal ?? `exit code ${code}`}). Its last words:\n${lines.slice(-20).join('\n')}`;
}
