import type { Target } from '../target.ts';
import { kills, killsAtDefaultLease } from './r1-kills.ts';
import { longStep } from './r2-long-step.ts';
import { disturbances, outages } from './r4-outages.ts';
import { disk } from './r6-disk.ts';
import { writersPostgres, writersSqlite } from './r8-writers.ts';
import { fuzz } from './r11-fuzz.ts';
import { soak } from './r12-soak.ts';
import { rolling } from './r13-rolling.ts';
import { upgrade } from './r13-upgrade.ts';
import { clocks, flows, onPostgres, simulation } from './r9-simulation.ts';

/** In the order of the table. */
export const targets: readonly Target[] = [
  kills('sqlite'),
  kills('postgres'),
  longStep,
  killsAtDefaultLease('sqlite'),
  killsAtDefaultLease('postgres'),
  outages,
  disturbances,
  disk,
  clocks,
  writersSqlite,
  writersPostgres,
  simulation,
  flows,
  onPostgres,
  fuzz,
  soak('sqlite'),
  soak('postgres'),
  upgrade,
  rolling('sqlite'),
  rolling('postgres'),
];
