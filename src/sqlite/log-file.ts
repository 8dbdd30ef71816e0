import { closeSync, fdatasync, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs';

// Up to what SQLite's own checkpoint lets the log grow to, with room for the commit that triggers it.
const mostReserved = 18 * 2 ** 20;
const leastReserved = 256 * 2 ** 10;
// A commit is some ten pages, so that many fit into what is reserved.
const commitsPerLook = 4;

// A disk that answers this fast is cheaper to wait for than to come back to: the way through the thread pool costs 0.1 ms.
const quickMs = 1;

/**
 * The write-ahead log as a file. SQLite writes it; we see to it that it has room and that it is on the disk, so that this process can do
 * something else while the disk works.
 */
export class LogFile {
  readonly #file: number;
  #reserved = -1;
  #untilLook = 0;
  // In real time, whatever clock was injected: the disk does not live by it.
  #usualMs = 0;

  /** The log must exist, as it does once a connection has begun to read or write. */
  constructor(databasePath: string) {
    this.#file = openSync(`${databasePath}-wal`, 'r+');
  }

  /**
   * Keeps zeroed space ahead of the commits: a sync of a file that has grown writes its metadata too and takes half as long again. SQLite
   * reads a log up to the first frame whose checksum is wrong, so zeros after the last commit mean nothing. Call it inside a write
   * transaction: while we hold the lock nobody else writes the log. Never throws; a full disk is SQLite's to tell.
   */
  reserve(): void {
    this.#untilLook -= 1;
    if (this.#untilLook > 0) return;
    this.#untilLook = commitsPerLook;
    try {
      const { size } = fstatSync(this.#file);
      // As we left it, or grown for good: longer because SQLite went past what was reserved, shorter because another process cut it.
      if (size === this.#reserved || size >= mostReserved) return;
      const more = Math.min(Math.max(size, leastReserved), mostReserved - size);
      writeSync(this.#file, new Uint8Array(more), 0, more, size);
      this.#reserved = size + more;
    } catch {
      this.#reserved = -1;
    }
  }

  /** Resolves, or returns, when everything written to the log is on the disk. `busy`: this process has something else to do meanwhile. */
  sync(busy: boolean): Promise<void> | void {
    const startedAt = performance.now();
    if (busy || this.#usualMs > quickMs) return this.#syncInBackground(busy ? undefined : startedAt);
    fdatasyncSync(this.#file);
    this.#learn(startedAt);
  }

  close(): void {
    closeSync(this.#file);
  }

  #syncInBackground(startedAt: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#file, (error) => {
        // Whoever is busy notices late, which says nothing of the disk.
        if (startedAt !== undefined) this.#learn(startedAt);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  #learn(startedAt: number): void {
    this.#usualMs += (performance.now() - startedAt - this.#usualMs) / 8;
  }
}
