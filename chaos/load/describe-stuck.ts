import type { PawlWorld } from '../../src/connect/create-world.ts';
import { trustedCaller } from '../../src/operate/caller.ts';
import { explainRun } from '../../src/operate/explain-run.ts';
import { createOperator } from '../../src/operate/operator.ts';
import { readLog } from '../../src/testing/read-log.ts';

/** What a run waits for, as `pawl explain` says it, and its log: nothing else is left of it when its database is thrown away. */
export async function describeStuck(reader: PawlWorld, runId: string): Promise<string> {
  try {
    const { text } = await explainRun(createOperator({ world: reader, caller: trustedCaller('chaos', 'cli') }), runId);
    const log = await readLog(reader, runId);
    const events = log.map(({ eventType, correlationId, createdAt }) => `${createdAt.toISOString()} ${eventType} ${correlationId ?? ''}`);
    return `${text} Its log: ${events.join(', ')}`;
  } catch (error) {
    return `it cannot be explained: ${String(error)}`;
  }
}
