/** Where a passphrase comes from: the environment, a file that it names, or the person at the terminal. */

import { readFile } from 'node:fs/promises';
import type { ReadStream } from 'node:tty';

export interface PassphraseSources {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>;
  /** Where the question goes; standard error, so that output can be piped on. */
  readonly output?: { write(text: string): unknown };
}

/** The person pressed Ctrl-C or Ctrl-D instead of answering. */
export class PassphraseCancelled extends Error {
  override readonly name = 'PassphraseCancelled';
}

/**
 * Takes the first that is there: `TALLY_PASSPHRASE`; the first line of the file that `TALLY_PASSPHRASE_FILE` names;
 * an answer at the terminal, unseen, asked for twice when `isNew`.
 */
export async function readPassphrase(
  question: string,
  isNew = false,
  sources: PassphraseSources = {},
): Promise<string> {
  const { env = process.env, input = process.stdin, output = process.stderr } = sources;
  if (env.TALLY_PASSPHRASE !== undefined) return demandSome(env.TALLY_PASSPHRASE, 'TALLY_PASSPHRASE');
  const file = env.TALLY_PASSPHRASE_FILE;
  if (file === '') throw new Error('TALLY_PASSPHRASE_FILE is set, but names no file');
  if (file !== undefined) {
    const text = await readFile(file, 'utf8').catch((cause: Error) => {
      throw new Error(`TALLY_PASSPHRASE_FILE ${file} cannot be read: ${cause.message}`, { cause });
    });
    return demandSome(text.split(/\r?\n/, 1)[0]!, `TALLY_PASSPHRASE_FILE ${file}`);
  }
  if (!input.isTTY) {
    throw new Error(
      'no passphrase: set TALLY_PASSPHRASE or TALLY_PASSPHRASE_FILE, or run this at a terminal',
    );
  }
  for (;;) {
    const answer = await askUnseen(`${question}: `, input, output);
    if (answer === '') output.write('A passphrase is needed.\n');
    else if (!isNew || (await askUnseen('Once more: ', input, output)) === answer) return answer;
    else output.write('The two differ; again.\n');
  }
}

function demandSome(passphrase: string, source: string): string {
  if (passphrase === '') throw new Error(`${source} is empty`);
  return passphrase;
}

function askUnseen(
  question: string,
  input: NonNullable<PassphraseSources['input']>,
  output: NonNullable<PassphraseSources['output']>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const finish = (end: () => void): void => {
      input.off('data', onData);
      input.setRawMode(false);
      input.pause();
      output.write('\n');
      end();
    };
    const onData = (chunk: Buffer | string): void => {
      for (const character of chunk.toString()) {
        if (character === '\r' || character === '\n') return finish(() => resolve(typed.join('')));
        if (character === '\u0003' || character === '\u0004') {
          return finish(() => reject(new PassphraseCancelled('no passphrase was given')));
        }
        // Backspace, and Ctrl-U for the whole line.
        if (character === '\u007f' || character === '\b') typed.pop();
        else if (character === '\u0015') typed = [];
        else if (character >= ' ') typed.push(character);
      }
    };
    output.write(question);
    input.setRawMode(true);
    input.on('data', onData);
    input.resume();
  });
}
