import { defineFlow, openEngine, Result } from 'pawl';
import { databaseUrl, runAsProgram } from './run-as-program.js';

/** Each item is an execution of its own that starts at `resize`; the join waits for all without holding a worker. */
const thumbnails = defineFlow({
  id: 'thumbnails',
  version: '1.0.0',
  initialStepId: 'each',
  steps: {
    each: {
      type: 'map',
      config: { startStepId: 'resize', concurrency: 50, itemKey: 'image' },
      input: { type: 'key', key: 'images' },
      outputKey: 'sizes',
      transitions: { onSuccess: 'sum' },
    },
    resize: {
      type: 'resize',
      input: { type: 'key', key: 'image' },
      retries: { maxAttempts: 3, backoff: 'fixed', initialDelay: 5 },
      transitions: { onSuccess: null },
    },
    sum: {
      type: 'transform',
      config: { expression: '{ "count": $count(sizes), "bytes": $sum(sizes) }' },
      input: { type: 'keys', keys: ['sizes'] },
      outputKey: 'total',
      transitions: { onSuccess: null },
    },
  },
  output: { type: 'key', key: 'total' },
});

/** A thousand images, of which each hundredth fails at first. */
export async function main({ log, url = databaseUrl, images = 1_000 }) {
  let calls = 0;
  const resize = {
    type: 'resize',
    async execute({ input, attempt }) {
      calls += 1;
      if (input % 100 === 99 && attempt === 1) return Result.failure({ code: 'DISK_BUSY', message: 'The disk is busy.' });
      return Result.success(input * 10);
    },
  };
  const engine = await openEngine({ url, handlers: [resize], flows: [thumbnails] });
  await engine.start();
  const { execution } = await engine.create('thumbnails', { images: Array.from({ length: images }, (_, n) => n) });
  const { status, output } = await engine.waitFor(execution.id, { timeoutMs: 60_000 });
  await engine.close();
  log(`${status}: ${output.count} thumbnails, ${output.bytes} bytes, ${calls} calls`);
  return { status, output, calls };
}

await runAsProgram(import.meta.url, main);
