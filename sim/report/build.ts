/** Which build made a report: version, commit, Node and machine. */

import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Build {
  readonly version: string;
  /** As Git has it, with what was changed since told; `unknown` where the package stands in no work tree of its own. */
  readonly commit: string;
  readonly node: string;
  readonly platform: string;
}

const run = promisify(execFile);

export async function readBuild(): Promise<Build> {
  const root = await findRoot(dirname(fileURLToPath(import.meta.url)));
  const { version } = JSON.parse(await readFile(`${root}/package.json`, 'utf8')) as {
    readonly version: string;
  };
  const [first] = cpus();
  const machine = `${platform()} ${arch()}${first === undefined ? '' : `, ${cpus().length} × ${first.model.trim()}`}`;
  return { version, commit: await readCommit(root), node: process.version.slice(1), platform: machine };
}

/** The nearest folder above that has a package.json. */
async function findRoot(folder: string): Promise<string> {
  const has = await readFile(`${folder}/package.json`).catch(() => undefined);
  return has === undefined ? findRoot(dirname(folder)) : folder;
}

async function readCommit(root: string): Promise<string> {
  const git = async (...args: string[]) => (await run('git', ['-C', root, ...args])).stdout.trim();
  try {
    // Installed under somebody else's repository, that one's commit would say nothing.
    if ((await git('rev-parse', '--show-toplevel')) !== (await realpath(root))) return 'unknown';
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return `${await git('rev-parse', '--short=12', 'HEAD')}${changed === '' ? '' : ', with changes not committed'}`;
  } catch {
    return 'unknown';
  }
}
