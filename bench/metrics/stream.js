import { timed } from '../statistics.js';

/** 100 chunks written by a step and read live by a reader that was there from the start. */
export async function measure(session, { chunks = 100, runs = 15 }) {
  for (let warmUp = 0; warmUp < 5; warmUp++) await writeAndRead(session, chunks);
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await timed(() => writeAndRead(session, chunks)));
  return { samples };
}

async function writeAndRead(session, chunks) {
  const run = await session.start('stream', [chunks]);
  let count = 0;
  for await (const _chunk of run.getReadable()) count += 1;
  if (count !== chunks) throw new Error(`${count} of ${chunks} chunks arrived`);
}
