import { createCipheriv, randomBytes } from 'node:crypto';
import { stringify } from 'devalue';
import { invalid } from './errors.ts';
import type { Operator } from './operator.ts';

/** A value as the SDK would write it. Throws INVALID_INPUT for one that cannot be kept. */
export function framePayload(value: unknown): Uint8Array {
  try {
    return new Uint8Array(Buffer.from(`devl${stringify(value, forms)}`));
  } catch (error) {
    throw invalid(`What was given cannot be kept: ${(error as Error).message}.`);
  }
}

/** A framed payload as it is stored with this run: encrypted where the World says so. */
export async function sealPayload(
  { world }: Operator,
  framed: Uint8Array,
  { runId, isNew }: { readonly runId: string; readonly isNew: boolean },
): Promise<Uint8Array> {
  const key = await (isNew ? world.getEncryptionKeyForRun(runId, {}) : world.getEncryptionKeyForRun(runId));
  if (!key) return framed;
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return new Uint8Array(Buffer.concat([Buffer.from('encr'), nonce, cipher.update(framed), cipher.final(), cipher.getAuthTag()]));
}

/** The forms that the SDK has of its own for what JSON has none for. */
const forms: Record<string, (value: unknown) => unknown> = {
  BigInt: (value) => typeof value === 'bigint' && value.toString(),
  Date: (value) => value instanceof Date && value.toISOString(),
  Map: (value) => value instanceof Map && [...value],
  Set: (value) => value instanceof Set && [...value],
};
