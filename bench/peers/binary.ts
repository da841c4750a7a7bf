/** Where the peer's programs are, or how somebody who wants them gets them. They are never installed from here. */

import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CHECKED_KVSTORE } from './settings.ts';

const run = promisify(execFile);

/** The version whose settings and answers this driver was written for. */
export const COMET_VERSION = 'v0.38.26';
export const INSTALL_LINE = `go install github.com/cometbft/cometbft/cmd/cometbft@${COMET_VERSION}`;
const CHECKED_FOLDER = `bench/peers/${CHECKED_KVSTORE}`;
/** In a clone of the repository. */
export const CHECKED_INSTALL_LINE = `go install -C ${CHECKED_FOLDER} .`;
/** From the compiled file. */
const checkedSource = fileURLToPath(new URL(`../../../${CHECKED_FOLDER}`, import.meta.url));

export class PeerMissingError extends Error {
  constructor(places: readonly string[]) {
    super(`"cometbft" is not in ${places.join(', nor in ')}. This brings it:\n${INSTALL_LINE}`);
    this.name = 'PeerMissingError';
  }
}

/** On PATH first, then where `go install` puts it. Throws `PeerMissingError`. */
export async function findComet(path = ownPath(), goPath: GoPath = askGoPath): Promise<string> {
  const ofGo = await foldersOfGo(goPath);
  const file = await findExecutable('cometbft', [...split(path), ...ofGo]);
  if (file === undefined) throw new PeerMissingError(['PATH', ...ofGo]);
  return file;
}

/**
 * CometBFT with the application that verifies signatures: looked for like the other, else built into this folder where
 * there is Go. `undefined` where it can not be had: the reason, and the line that brings it, were said.
 */
export async function findChecked(
  buildFolder: string,
  say: (text: string) => void,
  path = ownPath(),
  goPath: GoPath = askGoPath,
): Promise<string | undefined> {
  const found = await findExecutable(CHECKED_KVSTORE, [...split(path), ...(await foldersOfGo(goPath))]);
  if (found !== undefined) return found;
  const file = join(buildFolder, CHECKED_KVSTORE);
  try {
    say(`building "${CHECKED_KVSTORE}" …`);
    await run('go', ['build', '-C', checkedSource, '-o', file, '.'], { env: { ...process.env, PATH: path } });
    return file;
  } catch (error) {
    say(`it cannot be built here: ${(error as Error).message.trim()}`);
    say(
      `The cases of CometBFT that check signatures are left out. In a clone, this brings the program:\n${CHECKED_INSTALL_LINE}`,
    );
    return undefined;
  }
}

export async function cometVersion(binary: string): Promise<string> {
  return (await run(binary, ['version'])).stdout.trim();
}

async function findExecutable(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function ownPath(): string {
  return process.env['PATH'] ?? '';
}

function split(path: string): string[] {
  return path.split(delimiter).filter((folder) => folder !== '');
}

async function foldersOfGo(goPath: GoPath): Promise<string[]> {
  return split((await goPath()) ?? '').map((folder) => join(folder, 'bin'));
}

type GoPath = () => Promise<string | undefined>;

/** `undefined` where there is no Go. */
function askGoPath(): Promise<string | undefined> {
  return run('go', ['env', 'GOPATH']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}
