import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('slow-disk.c', import.meta.url));
const fsync = fileURLToPath(new URL('fsync.js', import.meta.url));

/**
 * The environment that gives a child process a disk whose fsync takes `ms` longer, with the
 * figure measured in such a process; or the reason why this machine cannot pretend.
 */
export function simulateSlowDisk({ ms }) {
  if (process.platform !== 'linux') return { reason: 'only Linux can put a library before the C library' };
  const folder = mkdtempSync(join(tmpdir(), 'pawl-slow-disk-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const library = join(folder, 'slow-disk.so');
  try {
    // As root the server runs as another user, who has to be able to read it.
    chmodSync(folder, 0o755);
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { stdio: 'pipe' });
  } catch {
    remove();
    return { reason: 'no C compiler here' };
  }
  const environment = { LD_PRELOAD: library, SLOW_FSYNC_US: String(ms * 1000) };
  const measured = execFileSync(process.execPath, [fsync], { env: { ...process.env, ...environment } });
  return { environment, fsync: JSON.parse(measured), remove };
}
