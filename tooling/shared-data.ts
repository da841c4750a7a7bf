/** Where recorded data and known answers lie: beside the project, or wherever `TALLY_DATA` points. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Full path of `relative` among the shared data, or `undefined` where it is absent: then skip, and say so. */
export function sharedData(relative: string): string | undefined {
  const path = join(process.env.TALLY_DATA ?? join('..', 'shared', 'data'), relative);
  return existsSync(path) ? path : undefined;
}
