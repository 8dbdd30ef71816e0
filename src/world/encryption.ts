import { createHash, hkdfSync } from 'node:crypto';
import type { World, WorkflowRun } from '@workflow/world';
import type { Clock } from '../base/clock.ts';
import { RecentlyUsed } from '../base/recently-used.ts';
import type { WorldContext } from './context.ts';
import { currentDelivery } from './delivery.ts';
import { keyMissing } from './errors.ts';

/** Which of the configured secrets a run was encrypted with: a fingerprint, stored with the run, that gives nothing away. */
export function keyIdOf(secret: string): string {
  return createHash('sha256').update(`pawl key id|${secret}`).digest('base64url').slice(0, 11);
}

const mostRuns = 10_000;
const idleMs = 60_000;

export interface EncryptionOptions {
  /** The newest first. */
  readonly secrets: readonly string[];
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * The AES-256 key of a run: HKDF-SHA-256 of a secret and the run id (spec/world.md A5). New runs use the newest secret; a run keeps the one
 * it began with, so secrets can be rotated while runs are under way. Without secrets, encryption is off.
 */
export function encryption(
  context: Pick<WorldContext, 'open'>,
  { secrets, clock }: EncryptionOptions,
): Pick<World, 'getEncryptionKeyForRun'> {
  const byId = new Map(secrets.map((secret) => [keyIdOf(secret), secret]));
  // Null: the run is not encrypted.
  const keys = new RecentlyUsed<Uint8Array | null>({ maxWeight: mostRuns, idleMs, clock });

  async function secretOf(runId: string): Promise<string | undefined> {
    const run = currentDelivery()?.run?.runId === runId ? currentDelivery()?.run : await (await context.open()).store.getRun(runId);
    if (!run) return secrets[0];
    if (run.encryptionKeyId === null) return undefined;
    const secret = byId.get(run.encryptionKeyId);
    if (secret !== undefined) return secret;
    throw keyMissing(runId, run.encryptionKeyId);
  }

  async function keyOf(runId: string): Promise<Uint8Array | null> {
    const secret = await secretOf(runId);
    return secret === undefined ? null : new Uint8Array(hkdfSync('sha256', secret, '', `v1|${runId}`, 32));
  }

  const getEncryptionKeyForRun = async (runOrId: WorkflowRun | string, options?: unknown): Promise<Uint8Array | undefined> => {
    // With a second argument the run is about to begin, or only one of its streams is read: nothing to look up where nothing is encrypted.
    if (secrets.length === 0 && options !== undefined) return undefined;
    const runId = typeof runOrId === 'string' ? runOrId : runOrId.runId;
    const known = keys.use(runId);
    const key = known === undefined ? await keyOf(runId) : known;
    if (known === undefined) keys.put(runId, key, 1);
    return key === null ? undefined : new Uint8Array(key);
  };
  return { getEncryptionKeyForRun };
}
