/** Where the passphrase of a key file comes from: a file, the environment, or the person at the terminal. */

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { KeyFileError } from './key-file.ts';

/** Reads TALLY_PASSPHRASE_FILE, then TALLY_PASSPHRASE, then asks, if there is somebody to ask. */
export async function readPassphrase(what: string): Promise<string> {
  const file = process.env['TALLY_PASSPHRASE_FILE'];
  if (file !== undefined) {
    const content = await readFile(file, 'utf8').catch((cause) => {
      throw new KeyFileError(`TALLY_PASSPHRASE_FILE=${file}: ${(cause as Error).message}`, { cause });
    });
    return content.replace(/\r?\n$/, '');
  }
  const given = process.env['TALLY_PASSPHRASE'];
  if (given !== undefined) return given;
  if (!process.stdin.isTTY) {
    throw new KeyFileError(`no passphrase for ${what}: set TALLY_PASSPHRASE_FILE or TALLY_PASSPHRASE, or start it at a terminal`);
  }
  return ask(`Passphrase for ${what}: `);
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  // What is typed is not shown.
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: hidden, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
