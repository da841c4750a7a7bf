/** `tally bench --report`: one HTML file that needs nothing else, drawn with the simulator's own pieces. */

import { writeFile } from 'node:fs/promises';
import { type Cell, formatTable, type Table } from '../../sim/experiments/experiment.ts';
import { html, Markup } from '../../sim/report/html.ts';
import { css } from '../../sim/report/style.ts';
import { tellConditions } from './conditions.ts';
import type { Findings } from './findings.ts';
import { renderPlot } from './plot.ts';

/** The page needs nothing and may ask for nothing. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export async function writeBenchReport(path: string, findings: Findings): Promise<void> {
  await writeFile(path, renderBenchReport(findings));
}

export function renderBenchReport({
  bench,
  conditions,
  settings,
  tables,
  plots,
  notes,
  faults,
}: Findings): string {
  const title = `tally bench ${bench}`;
  const { text } = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><title>${title}</title>
<style>${new Markup(css)}</style></head><body><main>
<header><p class="over">Tallystick measurement</p><h1>${title}</h1>
<p class="lead">${faults.length === 0 ? 'Every vertex was counted exactly once, and all state roots are equal.' : 'The result is wrong: these figures count for nothing.'}</p></header>
${faults.length > 0 && html`<section><h2>Faults</h2><ul>${faults.map((fault) => html`<li>${fault}</li>`)}</ul></section>`}
${plots.length > 0 && html`<section><h2>Plots</h2><div class="charts">${plots.map(renderPlot)}</div></section>`}
<section><h2>Figures</h2>${tables.map(tableOf)}${notes.map((note) => html`<p class="note">${note}</p>`)}</section>
<section><h2>Conditions</h2><ul>${tellConditions(conditions).map((line) => html`<li>${line}</li>`)}
<li>${Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}</li></ul></section>
</main></body></html>
`;
  return text;
}

function tableOf({ title, columns, rows }: Table): Markup {
  const isNumber = (column: number): boolean => rows.some((row) => typeof row[column] === 'number');
  const cell = (value: Cell, column: number): Markup =>
    isNumber(column)
      ? html`<td class="n">${typeof value === 'number' ? value.toLocaleString('en-US') : value}</td>`
      : html`<td>${value}</td>`;
  return html`<section><h3>${title}</h3><div class="wide"><table><thead><tr>${columns.map(
    (name, column) => html`<th class="${isNumber(column) ? 'n' : ''}">${name}</th>`,
  )}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table></div></section>`;
}

/** The same on a terminal. */
export function formatBenchFindings({ conditions, settings, tables, notes, faults }: Findings): string {
  const sizes = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  return [
    ...tellConditions(conditions),
    sizes.join(', '),
    ...tables.map((table) => `\n${formatTable(table)}`),
    ...(notes.length > 0 ? ['', ...notes] : []),
    ...faults.map((fault) => `WRONG: ${fault}`),
  ].join('\n');
}
