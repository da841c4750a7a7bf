/**
 * Secrets on disk: a text in an age file under a passphrase, readable by the standard `age` tool. A file that does not open
 * gives nothing: nothing here falls back to anything.
 */

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { armor, Decrypter, Encrypter } from 'age-encryption';

const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';
/** No key file of ours is longer; whatever is was not written by us. */
const FILE_BYTES_MAX = 16 << 10;

/**
 * log2 of scrypt's cost. 15 takes 32 MB and some tenths of a second, so that small devices start; each step up
 * doubles both. The `age` tool writes 18 and reads up to 22.
 */
export const WORK_FACTOR = 15;

/** The key file is missing, damaged, or the passphrase is not its own. The message names the file. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

export async function sealText(
  path: string,
  text: string,
  passphrase: string,
  workFactor: number = WORK_FACTOR,
): Promise<string> {
  if (passphrase === '') throw new KeyFileError(`${path}: an empty passphrase protects nothing`);
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  return armor.encode(await encrypter.encrypt(text));
}

/** The text in a file; `missing` says what to do where there is none. */
export async function openText(path: string, passphrase: string, missing: string): Promise<string> {
  const sealed = await readSealed(path, missing);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(sealed, 'text');
  } catch (cause) {
    // What age-encryption says when no passphrase fits.
    const wrong = (cause as Error).message.startsWith('no identity matched');
    const reason = wrong ? 'wrong passphrase' : `damaged, or no age file: ${(cause as Error).message}`;
    throw new KeyFileError(`key file ${path}: ${reason}`, { cause });
  }
}

async function readSealed(path: string, missing: string): Promise<Uint8Array> {
  try {
    if ((await stat(path)).size > FILE_BYTES_MAX) throw new Error(`larger than ${FILE_BYTES_MAX} bytes`);
    const bytes = await readFile(path);
    const text = bytes.toString('latin1').trim();
    return text.startsWith(ARMOR) ? armor.decode(text) : new Uint8Array(bytes);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? `there is none; ${missing}` : (cause as Error).message;
    throw new KeyFileError(`key file ${path}: ${reason}`, { cause });
  }
}

/** All of the text or no file at all, even when the power fails; an existing file stays as it is. */
export function writeOnce(path: string, text: string): Promise<void> {
  return writeDraft(path, text, async (draft) => {
    try {
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
    }
  });
}

/** All of the text, or the file as it was, even when the power fails. */
export function writeOver(path: string, text: string): Promise<void> {
  return writeDraft(path, text, (draft) => rename(draft, path));
}

/** Synced beside its place first; readable by its owner alone. */
async function writeDraft(
  path: string,
  text: string,
  place: (draft: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await place(draft);
  } finally {
    await file.close().catch(() => {});
    await unlink(draft).catch(() => {});
  }
  const folder = await open(dirname(path), constants.O_RDONLY);
  await folder.sync().catch(() => {});
  await folder.close();
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
