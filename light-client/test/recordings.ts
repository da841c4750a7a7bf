/** Where recorded data lies, when it does: `../shared/data` from the project's root, or `TALLY_DATA`. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** Path below the recordings, or `undefined` after saying what is skipped. */
export function findRecording(path: string): string | undefined {
  const found = join(process.env['TALLY_DATA'] ?? join(root, '../shared/data'), path);
  if (existsSync(found)) return found;
  console.log(`skipped: ${found} is not here`);
  return undefined;
}
