/** What an experiment gives: tables under stated conditions, and the rules that its figures must keep. */

import type { Seeds } from '../options.ts';

export type Cell = string | number;

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Rule {
  readonly rule: string;
  readonly measured: string;
  readonly holds: boolean;
}

export interface Findings {
  readonly conditions: readonly string[];
  readonly tables: readonly Table[];
  readonly rules: readonly Rule[];
}

export interface Experiment {
  /** As on the command line. */
  readonly name: string;
  readonly summary: string;
  /** Those that it runs unless others are asked for; absent where the seeds are part of what is measured. */
  readonly seeds?: Seeds;
  /** `say` tells people how far it is; `seeds` are there when the experiment has some. */
  run(say: (progress: string) => void, seeds: Seeds | undefined): Promise<Findings>;
}

/** For a terminal and for a fenced block: columns as wide as their widest cell, numbers to the right. */
export function formatFindings({ conditions, tables, rules }: Findings): string {
  const kept = rules.map(
    ({ rule, measured, holds }) => `${holds ? 'holds' : 'BROKEN'}: ${rule}: ${measured}`,
  );
  return [...conditions, ...tables.map((table) => `\n${formatTable(table)}`), '', ...kept]
    .join('\n')
    .trimEnd();
}

export function formatTable({ title, columns, rows }: Table): string {
  const texts = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  const isLeft = (column: number) => rows.some((row) => typeof row[column] === 'string');
  const lines = texts.map((row) =>
    row
      .map((text, column) => (isLeft(column) ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines].join('\n');
}

/** Rounded to as many digits after the point; for cells. */
export function rounded(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}
