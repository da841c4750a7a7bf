/** The bearer token of the gateway's API: made once, in a file that only its owner reads. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';

const LENGTH_MIN = 32;

export async function readOrMakeToken(path: string): Promise<string> {
  const partial = `${path}.${process.pid}.partial`;
  try {
    const file = await open(partial, 'w', 0o600);
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await file.sync();
    await file.close();
    // Only once whole, and never over one that is there.
    await link(partial, path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST') throw cause;
    });
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0 && process.platform !== 'win32')
      throw new Error(`others may read it: chmod 600 ${path}`);
    const token = (await readFile(path, 'utf8')).trim();
    if (token.length < LENGTH_MIN)
      throw new Error(`expected at least ${LENGTH_MIN} characters; remove the file to have one made`);
    return token;
  } catch (cause) {
    throw new Error(`${path}: no token: ${(cause as Error).message}`, { cause });
  } finally {
    await rm(partial, { force: true });
  }
}

/** Whether an `Authorization` header carries `token`; digests are compared, so that no difference shows in time. */
export function makeTokenCheck(token: string): (header: string | undefined) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const wanted = digest(token);
  return (header) =>
    timingSafeEqual(digest(/^Bearer ([\x21-\x7e]+)$/i.exec(header ?? '')?.[1] ?? ''), wanted);
}
