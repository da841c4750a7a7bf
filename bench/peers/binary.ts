/** Where `cometbft` is, or how somebody who wants it gets it. It is never installed from here. */

import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The version whose settings and answers this driver was written for. */
export const COMET_VERSION = 'v0.38.26';
export const INSTALL_LINE = `go install github.com/cometbft/cometbft/cmd/cometbft@${COMET_VERSION}`;

export class PeerMissingError extends Error {
  constructor(places: readonly string[]) {
    super(`"cometbft" is not in ${places.join(', nor in ')}. This brings it:\n${INSTALL_LINE}`);
    this.name = 'PeerMissingError';
  }
}

/** On PATH first, then where `go install` puts it. Throws `PeerMissingError`. */
export async function findComet(
  path = process.env['PATH'] ?? '',
  goPath: () => Promise<string | undefined> = askGoPath,
): Promise<string> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, 'cometbft');
    if (folder !== '' && (await isExecutable(file))) return file;
  }
  const folders = (await goPath())?.split(delimiter).filter((folder) => folder !== '') ?? [];
  for (const folder of folders) {
    const file = join(folder, 'bin', 'cometbft');
    if (await isExecutable(file)) return file;
  }
  throw new PeerMissingError(['PATH', ...folders.map((folder) => join(folder, 'bin'))]);
}

export async function cometVersion(binary: string): Promise<string> {
  return (await run(binary, ['version'])).stdout.trim();
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** `undefined` where there is no Go. */
function askGoPath(): Promise<string | undefined> {
  return run('go', ['env', 'GOPATH']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}
