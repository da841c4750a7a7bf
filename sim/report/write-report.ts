/** The report of `tally sim --report`: one HTML file that needs nothing else, a row for each seed, failures first. */

import { writeFile } from 'node:fs/promises';
import type { RunResult } from '../run-result.ts';

export async function writeReport(path: string, results: readonly RunResult[]): Promise<void> {
  const failed = results.filter(({ failure }) => failure !== undefined);
  const passed = results.length - failed.length;
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tallystick simulation</title><style>
body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#222}table{border-collapse:collapse}
td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:right}td:nth-child(2),th:nth-child(2){text-align:left}
.failed{background:#fee}pre{background:#f6f6f6;padding:1rem;overflow:auto}</style></head><body>
<h1>${passed} of ${results.length} passed</h1>
<pre>${escapeHtml(JSON.stringify(results[0]?.settings, null, 2) ?? '')}</pre>
<table><tr><th>seed</th><th>verdict</th><th>heights</th><th>final</th><th>p50 ms</th><th>p99 ms</th><th>view changes</th><th>events</th></tr>
${[...failed, ...results.filter(({ failure }) => failure === undefined)].map(row).join('\n')}</table>
${failed.map(section).join('\n')}
</body></html>
`;
  await writeFile(path, html);
}

function row({
  seed,
  verdict,
  failure,
  heights,
  vertices,
  finalityMs,
  viewChanges,
  events,
}: RunResult): string {
  const cells = [
    seed,
    verdict,
    heights,
    vertices.final,
    finalityMs?.p50,
    finalityMs?.p99,
    viewChanges,
    events,
  ];
  const marked = failure === undefined ? '' : ' class="failed"';
  return `<tr${marked}>${cells.map((cell) => `<td>${escapeHtml(String(cell ?? ''))}</td>`).join('')}</tr>`;
}

function section({ seed, failure, trace }: RunResult): string {
  const lines = trace.map(
    ({ event, atMs, where, what }) => `${event}  ${atMs.toFixed(3)} ms  ${where}  ${what}`,
  );
  const head = `${failure!.verdict}: ${failure!.check} at ${failure!.atMs} ms, event ${failure!.event}. ${failure!.what}`;
  return `<h2>Seed ${seed}</h2><p>${escapeHtml(head)}</p><pre>${escapeHtml(lines.join('\n'))}</pre>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
