/**
 * The stakeholder's secret on disk: an Ed25519 seed in an age file under a passphrase, readable by the standard `age`
 * tool. Below the passphrase stands one line, `TALLY-KEY-1` and the seed in hexadecimal. A file that does not open
 * gives no key: nothing here falls back to anything.
 */

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { armor, Decrypter, Encrypter } from 'age-encryption';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';

const LINE = /^TALLY-KEY-1([0-9A-F]{64})$/m;
const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';
/** No key file of ours is longer; whatever is was not written by us. */
const FILE_BYTES_MAX = 16 << 10;

/**
 * log2 of scrypt's cost. 15 takes 32 MB and some tenths of a second, so that small devices start; each step up
 * doubles both. The `age` tool writes 18 and reads up to 22.
 */
export const WORK_FACTOR = 15;

export interface KeyFileOptions {
  readonly workFactor?: number;
  /** 32 bytes; fresh random ones when left out. */
  readonly seed?: Uint8Array;
}

/** The key file is missing, damaged, or the passphrase is not its own. The message names the file. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
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
  if (passphrase === '') throw new KeyFileError(`${path}: an empty passphrase protects nothing`);
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(options.workFactor ?? WORK_FACTOR);
  const sealed = await encrypter.encrypt(`TALLY-KEY-1${toHex(seed).toUpperCase()}\n`);
  await mkdir(dirname(path), { recursive: true });
  await writeOnce(path, armor.encode(sealed));
  return seed;
}

/** The seed in a key file. */
export async function openKeyFile(path: string, passphrase: string): Promise<Uint8Array> {
  const sealed = await readSealed(path);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let text: string;
  try {
    text = await decrypter.decrypt(sealed, 'text');
  } catch (cause) {
    // What age-encryption says when no passphrase fits.
    const wrong = (cause as Error).message.startsWith('no identity matched');
    const reason = wrong ? 'wrong passphrase' : `damaged, or no age file: ${(cause as Error).message}`;
    throw new KeyFileError(`key file ${path}: ${reason}`, { cause });
  }
  const hex = LINE.exec(text)?.[1];
  const seed = hex === undefined ? undefined : fromHex(hex);
  if (seed === undefined)
    throw new KeyFileError(`key file ${path}: opened, but it holds no TALLY-KEY-1 line`);
  return seed;
}

async function readSealed(path: string): Promise<Uint8Array> {
  try {
    if ((await stat(path)).size > FILE_BYTES_MAX) throw new Error(`larger than ${FILE_BYTES_MAX} bytes`);
    const bytes = await readFile(path);
    const text = bytes.toString('latin1').trim();
    return text.startsWith(ARMOR) ? armor.decode(text) : new Uint8Array(bytes);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'there is none; `tally init` makes one' : (cause as Error).message;
    throw new KeyFileError(`key file ${path}: ${reason}`, { cause });
  }
}

/** All of the text or no file at all, even when the power fails; an existing file stays as it is. */
async function writeOnce(path: string, text: string): Promise<void> {
  const draft = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    // A link, unlike a renaming, fails where there is a file already.
    await link(draft, path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new KeyFileError(`key file ${path}: there is one already, and it stays`, { cause });
    if (code !== 'EPERM' && code !== 'ENOTSUP') throw cause;
    // A file system without links.
    if (await exists(path)) throw new KeyFileError(`key file ${path}: there is one already, and it stays`);
    await rename(draft, path);
  } finally {
    await file.close().catch(() => {});
    await unlink(draft).catch(() => {});
  }
  const folder = await open(dirname(path), constants.O_RDONLY);
  await folder.sync().catch(() => {});
  await folder.close();
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
