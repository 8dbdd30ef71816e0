import pg from 'pg';

interface Pending {
  readonly timedOut?: boolean;
  callback(error: unknown, client: undefined, release: () => void): void;
}

// Not in the types of the driver, but what its pool calls for each connection that it makes, also from the events of another one.
const { newClient } = pg.Pool.prototype as unknown as { newClient(this: pg.Pool, pending: Pending): void };

/**
 * The pool of the driver, for which a connection that cannot even be begun, as where a file that its TLS needs is gone, is one that failed:
 * whoever waits for it is told. By itself it throws, at times where nobody could catch that.
 */
export class Pool extends pg.Pool {
  newClient(pending: Pending): void {
    try {
      newClient.call(this, pending);
    } catch (error) {
      process.nextTick(() => {
        if (!pending.timedOut) pending.callback(error, undefined, () => {});
        (this as unknown as { _pulseQueue(): void })._pulseQueue();
      });
    }
  }
}
