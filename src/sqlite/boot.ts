import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import type { Clock } from '../base/clock.ts';
import type { Boot } from './workers.ts';

let bootId: string | undefined;

/** Leases of an earlier boot are void: its processes are gone, and its ticks mean nothing to this one's. */
export function currentBoot(clock: Clock): Boot {
  bootId ??= readBootId(clock);
  return { id: bootId, tick: clock.monotonic(), found: new Map() };
}

function readBootId(clock: Clock): string {
  if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  if (process.platform === 'darwin') return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
  // To the nearest ten minutes, so that small changes of the wall clock do not look like a restart.
  return `${hostname()}-up-since-${Math.round((clock.now() / 1_000 - uptime()) / 600)}`;
}
