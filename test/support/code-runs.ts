import { stringify } from 'devalue';
import type { PawlWorld } from '../../src/index.ts';
import { newRunId } from '../../src/testing/ids.ts';

const specVersion = 3;

/** A value as the SDK writes its payloads. */
export function sdkPayload(value: unknown): Uint8Array {
  const text = stringify(value, {
    BigInt: (given: unknown) => typeof given === 'bigint' && given.toString(),
    Date: (given: unknown) => given instanceof Date && given.toISOString(),
    Map: (given: unknown) => given instanceof Map && [...given],
  });
  return new TextEncoder().encode(`devl${text}`);
}

export interface CodeRun {
  readonly runId?: string;
  readonly input?: Uint8Array;
}

/** The run of a workflow that no worker has, as `start()` of the SDK makes it. */
export async function createCodeRun(
  world: PawlWorld,
  name: string,
  { runId = newRunId(), input = sdkPayload([]) }: CodeRun = {},
): Promise<string> {
  const eventData = { deploymentId: 'dpl_test', workflowName: `workflow//./shop//${name}`, input };
  await writeEvent(world, runId, { eventType: 'run_created', eventData });
  return runId;
}

/** An event as the SDK creates it in the course of a run. */
export async function writeEvent(world: PawlWorld, runId: string, event: Record<string, unknown>): Promise<void> {
  await world.events.create(runId, { specVersion, ...event } as never);
}
