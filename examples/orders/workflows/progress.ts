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
    await writer.write({ stage, text, at: new Date(), pid: process.pid });
  } finally {
    writer.releaseLock();
  }
}
