/**
 * The stamp of the vote log: the number of the last durable batch, in a small file **beside** the folder of the
 * database, which backups must leave out. By it a node knows that its log of votes is whole `[BFT-1]`: a store that was
 * put back from a backup is behind its stamp, and one that was begun anew has none. It also shows what LevelDB would not
 * say: it takes a damaged end of its own log for a torn write, and drops it without a word.
 *
 * Written after the batch and never synced: it may lag, so it is a lower bound, and cannot run ahead.
 */

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { StoreDamage } from './records.ts';

const STAMP_BYTES = 12;

/** Where the stamp of the store in `directory` lies. */
export function stampOf(directory: string): string {
  return `${directory}.votes`;
}

/** Says that the store in `directory` has never been used: `tally init` does, and a first start by hand. */
export async function makeFirstStamp(directory: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  await writeFile(stampOf(directory), encode(0, Buffer.alloc(STAMP_BYTES)), { flag: 'wx' });
}

function encode(batch: number, into: Buffer): Buffer {
  into.writeBigUInt64BE(BigInt(batch));
  into.writeUInt32BE(crc32(into.subarray(0, 8)), 8);
  return into;
}

export class Stamp {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(STAMP_BYTES);
  /** Number of the last durable batch as the file has it; `undefined` where there was no file, or an empty one. */
  readonly found: number | undefined;

  /** Opens the stamp, or makes an empty one; throws `StoreDamage` when it is not what was written. */
  constructor(directory: string) {
    const path = stampOf(directory);
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    const length = readSync(this.#file, this.#bytes, 0, STAMP_BYTES, 0);
    if (length === 0) return;
    if (length !== STAMP_BYTES || this.#bytes.readUInt32BE(8) !== crc32(this.#bytes.subarray(0, 8))) {
      closeSync(this.#file);
      throw new StoreDamage(`${path} is damaged: its checksum does not match`);
    }
    this.found = Number(this.#bytes.readBigUInt64BE());
  }

  write(batch: number): void {
    writeSync(this.#file, encode(batch, this.#bytes), 0, STAMP_BYTES, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}
