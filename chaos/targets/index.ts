import type { Target } from '../target.ts';
import { kills } from './r1-kills.ts';
import { disk } from './r6-disk.ts';
import { writersPostgres, writersSqlite } from './r8-writers.ts';
import { clocks, simulation } from './r9-simulation.ts';

/** In the order of the table. */
export const targets: readonly Target[] = [kills('sqlite'), kills('postgres'), disk, clocks, writersSqlite, writersPostgres, simulation];
