import { warmUp } from '../statistics.js';

const everyMs = 5;

/** From the write of a chunk by a step to its arrival at a reader, chunks some milliseconds apart. */
export async function measure(session, { warmUpMs, chunks = 100, runs = 5 }) {
  await warmUp(warmUpMs, () => writeAndRead(session, chunks));
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(...(await writeAndRead(session, chunks)));
  return { samples };
}

async function writeAndRead(session, chunks) {
  const run = await session.start('pacedStream', [chunks, everyMs]);
  const samples = [];
  for await (const writtenAt of run.getReadable()) samples.push(performance.now() - writtenAt);
  if (samples.length !== chunks) throw new Error(`${samples.length} of ${chunks} chunks arrived.`);
  return samples;
}
