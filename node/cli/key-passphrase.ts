/** The passphrase of a key file for a command: from the file that an option names, else as node/keys/ has it. */

import { readPassphrase } from '../keys/passphrase.ts';
import { CliError, exits } from './exit-codes.ts';

export async function askPassphrase(
  keyFile: string,
  passphraseFile: string | undefined,
  isNew = false,
): Promise<string> {
  const env = passphraseFile === undefined ? process.env : { TALLY_PASSPHRASE_FILE: passphraseFile };
  const question = isNew ? `New passphrase for ${keyFile}` : `Passphrase of ${keyFile}`;
  try {
    return await readPassphrase(question, isNew, { env });
  } catch (cause) {
    throw new CliError(exits.failed, (cause as Error).message, { cause });
  }
}
