import { Connection } from './connection.ts';
import type { OpenDatabase } from './driver.ts';

/** Writes the database, as it was last committed, into a new file. Others may go on working on it. */
export function copyDatabase(openDatabase: OpenDatabase, path: string, file: string): void {
  const db = new Connection(openDatabase(path));
  try {
    db.run('vacuum into :file', { file });
  } finally {
    db.close();
  }
}
