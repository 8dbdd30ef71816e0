import { setTimeout as delay } from 'node:timers/promises';
import { resumeHook } from 'workflow/api';
import { timed, warmUp } from '../statistics.js';

const settleMs = 30;

/** From the resume of a hook to the acknowledged completion of the run that waited for it. */
export async function measure(session, { warmUpMs, runs = 30 }) {
  let count = 0;
  const once = () => resumeOnce(session, `bench-${(count += 1)}`);
  await warmUp(warmUpMs, once);
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await once());
  return { samples };
}

async function resumeOnce(session, token) {
  const hooked = new Promise((resolve) => {
    const stop = session.onEvent((_runId, eventType) => {
      if (eventType !== 'hook_created') return;
      stop();
      resolve();
    });
  });
  const done = session.run('hook', [token]);
  await hooked;
  // The delivery that made the hook is still on its way out.
  await delay(settleMs);
  return await timed(async () => {
    await resumeHook(token, 'go');
    await done;
  });
}
