import type { Target } from '../target.ts';
import { simulation } from './r9-simulation.ts';

/** In the order of the table. */
export const targets: readonly Target[] = [simulation];
