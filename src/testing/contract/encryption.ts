import { describe, expect } from 'vitest';
import type { World } from '@workflow/world';
import { pendingRun } from '../arrange.ts';
import { newRunId } from '../ids.ts';
import { countingBytes } from '../payload.ts';
import type { Contract } from './contract.ts';

const setting = 'WORKFLOW_PAWL_ENCRYPTION_KEYS';
const [firstSecret, secondSecret] = [1, 2].map((seed) => Buffer.from(countingBytes(32, seed * 7)).toString('base64'));

export function encryption({ policy, sharedPolicy }: Contract): void {
  describe('encryption keys', () => {
    policy('there is no key unless one is set', async ({ world }) => {
      expect(await keyFor(world, newRunId())).toBeUndefined();
    });

    const env = { [setting]: String(firstSecret) };

    policy(
      'a key has 32 bytes and differs from run to run',
      async ({ world }) => {
        const [first, second] = [await keyFor(world, newRunId()), await keyFor(world, newRunId())];
        expect(first).toBeInstanceOf(Uint8Array);
        expect(first).toHaveLength(32);
        expect(second).not.toEqual(first);
      },
      { env },
    );

    // Steps know the id only, start() asks before the run exists, and the rest has the run itself.
    policy(
      'a run has the same key before it exists, by its id and by itself',
      async ({ world }) => {
        const runId = newRunId();
        const before = await world.getEncryptionKeyForRun?.(runId, { deploymentId: 'dpl_test' });
        await pendingRun(world, {}, runId);
        expect(await keyFor(world, runId)).toEqual(before);
        expect(await world.getEncryptionKeyForRun?.(await world.runs.get(runId))).toEqual(before);
      },
      { env },
    );

    policy(
      'a key that was handed out may be overwritten without hurting the next',
      async ({ world }) => {
        const runId = newRunId();
        const key = await keyFor(world, runId);
        const copy = key?.slice();
        key?.fill(0);
        expect(await keyFor(world, runId)).toEqual(copy);
      },
      { env },
    );

    sharedPolicy(
      'another process finds the same key',
      async ({ world, another }) => {
        const runId = await pendingRun(world);
        expect(await keyFor(await another(), runId)).toEqual(await keyFor(world, runId));
      },
      { env },
    );

    policy(
      'several keys may be set',
      async ({ world }) => {
        expect(await keyFor(world, newRunId())).toHaveLength(32);
      },
      { env: { [setting]: `${secondSecret},${firstSecret}` } },
    );
  });
}

async function keyFor(world: World, runId: string): Promise<Uint8Array | undefined> {
  return world.getEncryptionKeyForRun?.(runId);
}
