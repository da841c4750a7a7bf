/**
 * The stakeholder's secret on disk: an Ed25519 seed in an age file under a passphrase. Below the passphrase stands one line,
 * `TALLY-KEY-1` and the seed in hexadecimal.
 */

import { randomBytes } from 'node:crypto';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { KeyFileError, openText, sealText, writeOnce } from './age-file.ts';

export { KeyFileError, WORK_FACTOR } from './age-file.ts';

const LINE = /^TALLY-KEY-1([0-9A-F]{64})$/m;

export interface KeyFileOptions {
  readonly workFactor?: number;
  /** 32 bytes; fresh random ones when left out. */
  readonly seed?: Uint8Array;
}

/** Writes a new key file, readable by its owner alone, and returns the seed. Never overwrites a file. */
export async function createKeyFile(
  path: string,
  passphrase: string,
  options: KeyFileOptions = {},
): Promise<Uint8Array> {
  const seed = options.seed ?? new Uint8Array(randomBytes(32));
  if (seed.length !== 32)
    throw new TypeError(`"seed" expected Uint8Array of length 32, got length=${seed.length}`);
  const text = `TALLY-KEY-1${toHex(seed).toUpperCase()}\n`;
  await writeOnce(path, await sealText(path, text, passphrase, options.workFactor));
  return seed;
}

/** The seed in a key file. */
export async function openKeyFile(path: string, passphrase: string): Promise<Uint8Array> {
  const text = await openText(path, passphrase, '`tally init` makes one');
  const hex = LINE.exec(text)?.[1];
  const seed = hex === undefined ? undefined : fromHex(hex);
  if (seed === undefined)
    throw new KeyFileError(`key file ${path}: opened, but it holds no TALLY-KEY-1 line`);
  return seed;
}
