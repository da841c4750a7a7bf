/** Writes a proof bundle beside an answer, and says how to check it. */

import { writeFile } from 'node:fs/promises';
import type { ApiClient } from './api-client.ts';
import { CliError, exits } from './exit-codes.ts';

export async function keepBundle(api: ApiClient, path: string, file: string): Promise<void> {
  const bundle = await api.bytes(path);
  await writeFile(file, bundle).catch((cause) => {
    throw new CliError(exits.usage, `${file}: cannot be written: ${(cause as Error).message}`, { cause });
  });
  process.stderr.write(
    `proof bundle: ${file} (${bundle.length} bytes); check it with: tally verify ${file} --genesis <genesis.json>\n`,
  );
}
