import { newUlid } from '../../base/ulid.ts';
import { shardOf } from '../../world/shard.ts';
import type { IdSource } from '../engine/core.ts';

const mostTries = 2_000;

/** Run ids; those of children lie on the shard of their parent, so that a commit of both is one of one shard (decisions A2). */
export const worldIds: IdSource = {
  execution: (now) => `wrun_${newUlid(now)}`,
  child(parentId, now) {
    const shard = shardOf(parentId);
    for (let tries = 0; ; tries += 1) {
      const id = `wrun_${newUlid(now)}`;
      if (shardOf(id) === shard || tries >= mostTries) return id;
    }
  },
};
