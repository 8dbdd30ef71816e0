import { createHook, getWritable, sleep } from 'workflow';

async function add(sum: number, value: number): Promise<number> {
  'use step';
  return sum + value;
}

/** Steps one after another. */
export async function sequence(count: number): Promise<number> {
  'use workflow';
  let sum = 0;
  for (let value = 0; value < count; value++) sum = await add(sum, value);
  return sum;
}

/** Steps all at once. */
export async function fanOut(count: number): Promise<number> {
  'use workflow';
  const values = await Promise.all(Array.from({ length: count }, (_, value) => add(0, value)));
  return values.reduce((sum, value) => sum + value, 0);
}

type Hear = (key: string, begun: number, ended: number) => void;

/** Tells the process that measures when its body began and ended. */
async function mark(key: string): Promise<void> {
  'use step';
  const begun = performance.now();
  const hear = (globalThis as { [bench: symbol]: Hear | undefined })[Symbol.for('bench.mark')];
  hear?.(key, begun, performance.now());
}

/** Steps one after another that tell of themselves. */
export async function marked(key: string, count: number): Promise<void> {
  'use workflow';
  for (let step = 0; step < count; step++) await mark(key);
}

async function writeStamps(count: number, everyMs: number): Promise<void> {
  'use step';
  const writable = getWritable<number>();
  const writer = writable.getWriter();
  for (let index = 0; index < count; index++) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    await writer.write(performance.now());
  }
  writer.releaseLock();
  await writable.close();
}

/** Chunks that say when they were written, some time apart. */
export async function pacedStream(count: number, everyMs: number): Promise<void> {
  'use workflow';
  await writeStamps(count, everyMs);
}

async function writeChunks(count: number): Promise<void> {
  'use step';
  const writable = getWritable<string>();
  const writer = writable.getWriter();
  for (let index = 0; index < count; index++) await writer.write(`chunk ${index}`);
  writer.releaseLock();
  await writable.close();
}

/** Chunks written to the run's own stream. */
export async function stream(count: number): Promise<void> {
  'use workflow';
  await writeChunks(count);
}

/** A wait for somebody outside. */
export async function hook(token: string): Promise<string> {
  'use workflow';
  return await createHook<string>({ token });
}

/** A long wait for nothing but time. */
export async function sleeper(): Promise<void> {
  'use workflow';
  await sleep('30 days');
}
