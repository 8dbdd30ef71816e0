import type { Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { FlowWorld } from '../../src/flow/world/flow-world.ts';
import { noDispatcher } from '../../src/world/delivery.ts';
import type { Store } from '../../src/world/port.ts';

/** A World for flows without workers: whoever tests drives. */
export function flowWorld(store: Store, clock: Clock): FlowWorld {
  return {
    open: () => store,
    dispatcher: () => noDispatcher,
    executionLeft: () => {},
    clock,
    shared: store,
    logger: silentLogger,
    deploymentId: 'dpl_test',
    namespace: '',
    leaseMs: 1_000,
  };
}
