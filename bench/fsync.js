import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { percentile } from './statistics.js';

/** How long the disk under `folder` takes to make an append of 4 KiB durable, in milliseconds. */
export function measureFsync(folder, { appends = 300 } = {}) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `fsync-${process.pid}`);
  const page = Buffer.alloc(4096, 7);
  const fd = openSync(file, 'a');
  const samples = [];
  try {
    for (let append = 0; append < appends; append++) {
      const startedAt = performance.now();
      writeSync(fd, page);
      fdatasyncSync(fd);
      samples.push(performance.now() - startedAt);
    }
  } finally {
    closeSync(fd);
    rmSync(file);
  }
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99) };
}

// Run as a program it measures the disk that its own environment gives it.
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(JSON.stringify(measureFsync(process.argv[2] ?? fileURLToPath(new URL('.', import.meta.url)), { appends: 60 })));
}
