/** The bearer token: made once, kept in a file that only its owner reads, compared in constant time. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';

const TOKEN_BYTES = 32;
const TOKEN_LENGTH_MIN = 32;
const OTHERS_BITS = 0o077;

export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

/** Reads the token in `path`, or makes a new one there. */
export async function readOrMakeToken(path: string): Promise<string> {
  // Linked to its name only once whole: a kill leaves no half token behind, and none is written over.
  const partial = `${path}.${process.pid}.partial`;
  try {
    const file = await open(partial, 'w', 0o600);
    await file.writeFile(`${randomBytes(TOKEN_BYTES).toString('base64url')}\n`);
    await file.sync();
    await file.close();
    await link(partial, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new TokenFileError(`${path}: cannot create the token file: ${(cause as Error).message}`, {
        cause,
      });
    }
  } finally {
    await rm(partial, { force: true });
  }
  return readToken(path);
}

export async function readToken(path: string): Promise<string> {
  try {
    const { mode } = await stat(path);
    if ((mode & OTHERS_BITS) !== 0 && process.platform !== 'win32') {
      throw new TokenFileError(`${path}: others may read the token: chmod 600 ${path}`);
    }
    const token = (await readFile(path, 'utf8')).trim();
    if (token.length < TOKEN_LENGTH_MIN)
      throw new TokenFileError(
        `${path}: expected a token of at least ${TOKEN_LENGTH_MIN} characters; remove the file to have one made`,
      );
    return token;
  } catch (cause) {
    if (cause instanceof TokenFileError) throw cause;
    throw new TokenFileError(`${path}: cannot read the token file: ${(cause as Error).message}`, { cause });
  }
}

/** Whether an `Authorization` header carries `token`. Digests are compared, so that neither length nor place of a difference shows. */
export function makeTokenCheck(token: string): (header: string | undefined) => boolean {
  const wanted = digest(token);
  return (header) => {
    const given = /^Bearer ([\x21-\x7e]+)$/i.exec(header ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(given), wanted);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
