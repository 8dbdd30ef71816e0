import { describe } from 'vitest';
import type { WorldFactory } from '../world-under-test.ts';
import { concurrency } from './concurrency.ts';
import { createContract, type SkippedPolicies } from './contract.ts';
import { cursors } from './cursors.ts';
import { encryption } from './encryption.ts';
import { events } from './events.ts';
import { hooks } from './hooks.ts';
import { input } from './input.ts';
import { invariants } from './invariants.ts';
import { lifecycle } from './lifecycle.ts';
import { payloads } from './payloads.ts';
import { precondition } from './precondition.ts';
import { queueAttempts } from './queue-attempts.ts';
import { queueDelivery } from './queue-delivery.ts';
import { queueIdempotency } from './queue-idempotency.ts';
import { queueNames } from './queue-names.ts';
import { queueOrder } from './queue-order.ts';
import { reads } from './reads.ts';
import { resilientStart } from './resilient-start.ts';
import { retention } from './retention.ts';
import { runs } from './runs.ts';
import { secondWorld } from './second-world.ts';
import { specVersions } from './spec-versions.ts';
import { steps } from './steps.ts';
import { streamReads } from './stream-reads.ts';
import { streamWrites } from './stream-writes.ts';
import { waits } from './waits.ts';

export type { SkippedPolicies } from './contract.ts';

export interface TestWorldOptions {
  /** Policies that this World does not keep, each group with the reason. */
  readonly skip?: readonly SkippedPolicies[];
}

const concerns = [
  lifecycle,
  runs,
  steps,
  hooks,
  waits,
  events,
  payloads,
  input,
  resilientStart,
  precondition,
  specVersions,
  reads,
  cursors,
  queueDelivery,
  queueNames,
  queueAttempts,
  queueIdempotency,
  queueOrder,
  streamWrites,
  streamReads,
  concurrency,
  secondWorld,
  encryption,
  retention,
  invariants,
];

/** Holds a World to everything that Worlds promise. Call it at the top of a vitest file. */
export function testWorld(name: string, factory: WorldFactory, { skip = [] }: TestWorldOptions = {}): void {
  describe(name, () => {
    const contract = createContract(factory, skip);
    for (const concern of concerns) concern(contract);
    contract.assertSkipsExist();
  });
}
