import { HttpError } from './problem.ts';

/** The live streams of a server. */
export class Connections {
  readonly #most: number;
  readonly #open = new Set<AbortController>();
  #closed = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** Throws TOO_MANY_STREAMS, or UNAVAILABLE when the server closes. */
  begin(): AbortController {
    if (this.#closed) throw new HttpError(503, 'UNAVAILABLE', 'The server is closing.');
    if (this.#open.size >= this.#most) {
      throw new HttpError(503, 'TOO_MANY_STREAMS', `There are ${this.#most} live streams already: try again later.`, {
        headers: { 'retry-after': '10' },
      });
    }
    const connection = new AbortController();
    this.#open.add(connection);
    return connection;
  }

  end(connection: AbortController): void {
    this.#open.delete(connection);
  }

  endAll(): void {
    this.#closed = true;
    for (const connection of this.#open) connection.abort();
  }
}
