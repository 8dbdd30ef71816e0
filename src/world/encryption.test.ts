import { expect, test } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { encryption } from './encryption.ts';
import type { Store } from './port.ts';

function open() {
  const clock = createFakeClock();
  const looked: string[] = [];
  const getRun = async (runId: string) => void looked.push(runId);
  const context = { open: () => ({ store: { getRun } as unknown as Store, log: undefined as never }) };
  const { getEncryptionKeyForRun: keyOf } = encryption(context, { secrets: ['a secret'], clock });
  return { clock, looked, keyOf: (runId: string) => keyOf?.(runId) };
}

test('a run is looked up once while its key is used', async () => {
  const { clock, looked, keyOf } = open();
  const key = await keyOf('a');
  clock.advance(59_000);
  expect(await keyOf('a')).toEqual(key);
  clock.advance(59_000);
  expect(await keyOf('a')).toEqual(key);
  expect(looked).toEqual(['a']);
});

test('the key of a run that nobody asked about for a minute is forgotten', async () => {
  const { clock, looked, keyOf } = open();
  await keyOf('a');
  clock.advance(61_000);
  await keyOf('b');
  await keyOf('a');
  expect(looked).toEqual(['a', 'b', 'a']);
});
