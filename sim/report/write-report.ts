/** The report of `tally sim --report`: one HTML file that needs nothing else. docs/spec/simulator.md, *The report*. */

import { writeFile } from 'node:fs/promises';
import type { RunResult } from '../run-result.ts';
import { readBuild } from './build.ts';
import { type ReportParts, renderReport } from './page.ts';

export async function writeReport(
  path: string,
  results: readonly RunResult[],
  parts: Omit<ReportParts, 'build' | 'writtenAt'>,
): Promise<void> {
  const html = renderReport(results, {
    ...parts,
    build: await readBuild(),
    writtenAt: new Date().toISOString(),
  });
  await writeFile(path, html);
}
