/**
 * The number of the last durable batch, kept in a small file beside the database. LevelDB takes a damaged end of its
 * log for a torn write and drops it without a word; votes that were sent would be forgotten `[BFT-1]`. The file is
 * written after the batch and never synced: it may lag, so it is a lower bound, and cannot run ahead.
 */

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { StoreDamage } from './records.ts';

const FILE = 'acknowledged';
const FILE_BYTES = 12;

export class Acknowledged {
  readonly #path: string;
  readonly #file: number;
  readonly #bytes = Buffer.alloc(FILE_BYTES);

  constructor(directory: string) {
    this.#path = join(directory, FILE);
    this.#file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o644);
  }

  /** 0 when no durable batch was ever written. */
  read(): number {
    const length = readSync(this.#file, this.#bytes, 0, FILE_BYTES, 0);
    if (length === 0) return 0;
    if (length !== FILE_BYTES || this.#bytes.readUInt32BE(8) !== crc32(this.#bytes.subarray(0, 8))) {
      throw new StoreDamage(`${this.#path} is damaged: its checksum does not match`);
    }
    return Number(this.#bytes.readBigUInt64BE());
  }

  write(batch: number): void {
    this.#bytes.writeBigUInt64BE(BigInt(batch));
    this.#bytes.writeUInt32BE(crc32(this.#bytes.subarray(0, 8)), 8);
    writeSync(this.#file, this.#bytes, 0, FILE_BYTES, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}
