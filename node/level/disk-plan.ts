/**
 * What a disk budget leaves for data `[STO-3]`. LevelDB writes tables anew before it deletes the old ones, so a hard cap on
 * the folder must set aside what one compaction can take. docs/spec/replica.md.
 */

const MIB = 1 << 20;

/** Below this the database's own needs leave nothing worth the name. */
export const DISK_MIB_MIN = 32;
/**
 * LevelDB sees to it that a table overlaps no more than ten of the next level when it is made, and takes no more than 25 into
 * one compaction: so small ones bound what a compaction takes, and they are no smaller than needed.
 */
const TABLE_BYTES_MIN = MIB / 4;
const TABLE_BYTES_MAX = 2 * MIB;
const TABLES_MIN = 256;
/** Two may be held at once; a full node is to stay near 100 MB in all. */
const WRITE_BUFFER_BYTES_MAX = 8 * MIB;
/** Buffers that a budget can hold at the least. */
const WRITE_BUFFERS_MIN = 64;
/** LevelDB's level 1, all of which one compaction may write anew. */
const LEVEL_1_BYTES = 10 * MIB;
/** Two buffers in memory, whose logs are on disk, and the four tables of level 0 that a compaction takes in. */
const BUFFERS_ASIDE = 6;

export interface DiskPlan {
  /** The most that the folder may ever take; infinite without a budget. */
  readonly capBytes: number;
  /** What of that data may take; infinite without a budget. */
  readonly roomBytes: number;
  readonly writeBufferBytes: number;
  /** A table that is full. */
  readonly tableBytes: number;
}

export function planDisk(capBytes: number = Number.POSITIVE_INFINITY): DiskPlan {
  const writeBufferBytes = Math.floor(Math.min(WRITE_BUFFER_BYTES_MAX, capBytes / WRITE_BUFFERS_MIN));
  return {
    capBytes,
    writeBufferBytes,
    tableBytes: Math.floor(Math.min(TABLE_BYTES_MAX, Math.max(TABLE_BYTES_MIN, capBytes / TABLES_MIN))),
    roomBytes: capBytes - LEVEL_1_BYTES - BUFFERS_ASIDE * writeBufferBytes,
  };
}

export const mebibytes = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

/** The budget is used up: the store takes no more, before the disk has seen anything of what would be too much. */
export class DiskBudgetSpent extends Error {
  override readonly name = 'DiskBudgetSpent';
}

/** Finds it among the causes of an error. */
export function budgetSpentIn(error: unknown): DiskBudgetSpent | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof DiskBudgetSpent) return at;
  return undefined;
}
