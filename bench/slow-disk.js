import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('slow-disk.c', import.meta.url));
const fsync = fileURLToPath(new URL('fsync.js', import.meta.url));

/**
 * The environment that gives a child process a disk whose fsync takes `ms` longer, with the
 * figure measured in such a process; or the reason why this machine cannot pretend.
 */
export function simulateSlowDisk({ ms, scratch }) {
  if (process.platform !== 'linux') return { reason: 'only Linux can put a library before the C library' };
  const library = join(scratch, 'slow-disk.so');
  try {
    mkdirSync(scratch, { recursive: true });
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { stdio: 'pipe' });
  } catch {
    return { reason: 'no C compiler here' };
  }
  const environment = { LD_PRELOAD: library, SLOW_FSYNC_US: String(ms * 1000) };
  const measured = execFileSync(process.execPath, [fsync, scratch], { env: { ...process.env, ...environment } });
  return { environment, fsync: JSON.parse(measured) };
}
