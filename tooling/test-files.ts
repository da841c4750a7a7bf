/**
 * Which compiled tests to run: those whose source still exists. `tsc -b` never removes what it once wrote, so
 * a deleted or renamed test would otherwise go on passing.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface TestFile {
  /** Path of the `.ts` file from the project's root, for people and filters. */
  source: string;
  /** Full path of the `.js` file to run. */
  compiled: string;
}

/** Test files under `root`/dist in byte order of their path; with filters, those that contain one of them. */
export function findTests(root: string, filters: readonly string[]): TestFile[] {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return [];
  const found: TestFile[] = [];
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const path = name.replaceAll('\\', '/');
    if (!path.endsWith('.test.js')) continue;
    const source = path.replace(/\.js$/, '.ts');
    if (!existsSync(join(root, source))) continue;
    if (filters.length > 0 && !filters.some((filter) => source.includes(filter))) continue;
    found.push({ source, compiled: join(dist, name) });
  }
  return found.sort((a, b) => (a.source < b.source ? -1 : 1));
}
