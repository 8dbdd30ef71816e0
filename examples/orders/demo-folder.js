import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const kept = 5;

/**
 * Makes the folder of one start of the example: its database, the ledger of the world outside and
 * the logs of its workers. Folders of earlier starts stay for a look, but only the last few.
 */
export async function createDemoFolder(root) {
  const demos = join(root, '.pawl', 'demo');
  await mkdir(demos, { recursive: true });
  await removeOldFolders(demos);

  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const folder = join(demos, `${stamp}-${process.pid}`);
  await mkdir(folder);
  return {
    folder,
    database: join(folder, 'pawl.db'),
    charges: join(folder, 'charges.jsonl'),
    workerLog: (number) => join(folder, `worker-${number}.log`),
  };
}

async function removeOldFolders(demos) {
  const earlier = (await readdir(demos)).toSorted().slice(0, -kept + 1 || undefined);
  for (const name of earlier) {
    if (isAlive(Number(name.split('-').at(-1)))) continue;
    await rm(join(demos, name), { recursive: true, force: true });
  }
}

/** The name of a folder ends with the process that made it; its database may still be in use. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
