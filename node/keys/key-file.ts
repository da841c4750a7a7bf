/**
 * The stakeholder's key at rest: a 32-byte Ed25519 seed in a file that the standard `age` tool can open with the same
 * passphrase. Nothing of it is ever logged or shown.
 */

import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { Decrypter, Encrypter } from 'age-encryption';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';

/** scrypt with N = 2^15 takes 32 MiB and about a tenth of a second: what a small gateway can spare. */
const WORK_FACTOR_DEFAULT = 15;
const CONTENT_PREFIX = 'TALLY-SEED-';

export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/** Makes a new key, or keeps the `seed` given, in a new file; an existing file is never written over. */
export async function createKeyFile(
  path: string,
  passphrase: string,
  { workFactor = WORK_FACTOR_DEFAULT, seed = new Uint8Array(randomBytes(32)) }: { readonly workFactor?: number; readonly seed?: Uint8Array } = {},
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  const sealed = await encrypter.encrypt(`${CONTENT_PREFIX}${toHex(seed)}\n`);
  // Linked to its name only once whole: a kill leaves no half key behind, and no key is written over.
  const partial = `${path}.partial`;
  try {
    const file = await open(partial, 'w', 0o600);
    await file.writeFile(sealed);
    await file.sync();
    await file.close();
    await link(partial, path);
  } catch (cause) {
    throw new KeyFileError(`${path}: cannot create the key file: ${(cause as Error).message}`, { cause });
  } finally {
    await rm(partial, { force: true });
  }
  return seed;
}

/** The seed in a key file. A wrong passphrase, or a damaged file, fails closed. */
export async function openKeyFile(path: string, passphrase: string): Promise<Uint8Array> {
  const sealed = await readFile(path).catch((cause) => {
    throw new KeyFileError(`${path}: cannot read the key file: ${(cause as Error).message}`, { cause });
  });
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  const content = await decrypter.decrypt(sealed, 'text').catch((cause) => {
    throw new KeyFileError(`${path}: wrong passphrase, or not a key file of ours`, { cause });
  });
  const seed = content.startsWith(CONTENT_PREFIX) ? fromHex(content.slice(CONTENT_PREFIX.length).trim()) : undefined;
  if (seed?.length !== 32) throw new KeyFileError(`${path}: decrypted, but holds no Tallystick key`);
  return seed;
}
