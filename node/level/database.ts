/** The LevelDB below the store, and how it is tuned: sequential keys, no compression, little memory. */

import { Level } from 'level';

export type Database = Level<Uint8Array, Uint8Array>;

const MIB = 1 << 20;

/** Opens or creates the database; `E_LOCKED` in another process becomes an error that says what to do. */
export async function openDatabase(directory: string): Promise<Database> {
  const db = new Level<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    // Hashes and signatures do not compress.
    compression: false,
    // Two write buffers may be held at once; a full node is to stay near 100 MB in all.
    writeBufferSize: 8 * MIB,
    cacheSize: 8 * MIB,
    maxOpenFiles: 256,
  });
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
