import { newUlid } from '../../base/ulid.ts';
import type { IdSource } from './core.ts';

/** Run ids as the World knows them. */
export const ulidIds: IdSource = {
  execution: (now) => `wrun_${newUlid(now)}`,
  child: (_parentId, now) => `wrun_${newUlid(now)}`,
};
