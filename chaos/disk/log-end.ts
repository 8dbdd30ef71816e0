import { readFileSync } from 'node:fs';

const logHeaderBytes = 32;
const frameHeaderBytes = 24;

/**
 * Where the last commit ends in the write-ahead log of this file; its size says nothing, for zeros are kept ahead of the commits. Only this
 * process may write to the file meanwhile. Throws where the log was copied into the file: then a cut takes nothing of that away.
 */
export function logEnd(file: string): number {
  // The index of the log is in the byte order of the machine (https://sqlite.org/walformat.html).
  const { buffer } = new Uint8Array(readFileSync(`${file}-shm`).subarray(0, 136));
  const index = new Uint32Array(buffer);
  const [frames, copied] = [index[4] ?? 0, index[24] ?? 0];
  if (copied > 0) throw new Error(`${copied} of ${frames} frames of ${file}-wal were copied into the file: write less before the cuts.`);
  const pageBytes = new Uint16Array(buffer)[7] ?? 0;
  return logHeaderBytes + frames * (frameHeaderBytes + pageBytes);
}
