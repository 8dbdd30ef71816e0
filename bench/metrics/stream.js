import { timed, warmUp } from '../statistics.js';

/** 100 chunks written by a step and read live by a reader that was there from the start. */
export async function measure(session, { warmUpMs, chunks = 100, runs = 15 }) {
  await warmUp(warmUpMs, () => writeAndRead(session, chunks));
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
