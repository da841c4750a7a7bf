/** The LevelDB below the store, and how it is tuned: sequential keys, no compression, little memory. */

import { Level } from 'level';
import { type DiskPlan, planDisk } from './disk-plan.ts';

/** What `level` does on Node beside what it does everywhere. */
interface OnDisk {
  approximateSize(start: Uint8Array, end: Uint8Array): Promise<number>;
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
}
export type Database = Level<Uint8Array, Uint8Array> & OnDisk;

const MIB = 1 << 20;

/** Opens or creates the database; `E_LOCKED` in another process becomes an error that says what to do. */
export async function openDatabase(
  directory: string,
  { writeBufferBytes, tableBytes }: DiskPlan = planDisk(),
): Promise<Database> {
  const db = new Level<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    // Hashes and signatures do not compress.
    compression: false,
    writeBufferSize: writeBufferBytes,
    maxFileSize: tableBytes,
    cacheSize: 8 * MIB,
    maxOpenFiles: 256,
  }) as Database;
  try {
    await db.open();
    return db;
  } catch (cause) {
    const inner = (cause as Error).cause as { code?: string; message?: string } | undefined;
    if (inner?.code === 'LEVEL_LOCKED') {
      throw new Error(`${directory} is in use by another process: stop it, or choose another data_dir`, {
        cause,
      });
    }
    const reason = inner?.message ?? (cause as Error).message;
    throw new Error(`${directory} cannot be opened as a database: ${reason}`, { cause });
  }
}
