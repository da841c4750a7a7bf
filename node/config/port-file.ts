/** Tells other programs which ports were taken where the configuration says 0. */

import { rename, writeFile } from 'node:fs/promises';

/** Writes addresses by name, such as `{"api": "127.0.0.1:40123"}`, all of them or no file at all. */
export async function writePortFile(
  file: string,
  addresses: { readonly [name: string]: string | readonly string[] },
): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify(addresses, undefined, 2)}\n`);
  await rename(draft, file);
}
