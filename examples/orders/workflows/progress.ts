import { getWritable } from 'workflow';

export type Stage = 'checked' | 'reserved' | 'retrying' | 'paid' | 'packing' | 'shipped';

/** One line of a run's progress log. */
export interface Progress {
  readonly stage: Stage;
  readonly text: string;
  readonly at: Date;
  readonly pid: number;
}

/** Appends a line to the run's stream; whoever reads the stream sees it at once. Only for steps. */
export async function report(stage: Stage, text: string): Promise<void> {
  const writer = getWritable<Progress>().getWriter();
  try {
    await writer.write(line(stage, text));
  } finally {
    writer.releaseLock();
  }
}

/** Appends the last line and ends the stream: through one writer, so that the end cannot overtake the line. */
export async function reportLast(stage: Stage, text: string): Promise<void> {
  const writer = getWritable<Progress>().getWriter();
  await writer.write(line(stage, text));
  await writer.close();
}

function line(stage: Stage, text: string): Progress {
  return { stage, text, at: new Date(), pid: process.pid };
}
