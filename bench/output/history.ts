/** `bench/history.ndjson`: one line for each recorded run, and which ratios have become worse since the one before. */

import { appendFile, readFile } from 'node:fs/promises';
import type { Table } from '../../sim/experiments/experiment.ts';
import { rounded } from '../../sim/experiments/experiment.ts';
import type { Conditions } from './conditions.ts';
import type { Findings } from './findings.ts';

/** A ratio that lost this part of itself is told of. */
export const REGRESSION_PART = 0.1;

export interface HistoryLine {
  readonly bench: string;
  readonly conditions: Conditions;
  readonly settings: Findings['settings'];
  readonly ratios: Findings['ratios'];
}

export interface Comparison {
  readonly bench: string;
  readonly ratio: string;
  readonly before: number;
  readonly after: number;
  readonly beforeCommit: string;
  readonly afterCommit: string;
  readonly isWorse: boolean;
}

export async function appendHistory(file: string, findings: Findings): Promise<void> {
  const { bench, conditions, settings, ratios } = findings;
  const line: HistoryLine = { bench, conditions, settings, ratios };
  await appendFile(file, `${JSON.stringify(line)}\n`);
}

/** Throws when the file is not one of ours; a missing one is empty. */
export async function readHistory(file: string): Promise<HistoryLine[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => {
      try {
        const parsed = JSON.parse(line) as HistoryLine;
        if (typeof parsed.bench !== 'string' || typeof parsed.ratios !== 'object')
          throw new Error('not a record');
        return parsed;
      } catch (cause) {
        throw new Error(`${file}:${at + 1}: ${(cause as Error).message}`, { cause });
      }
    });
}

/** The newest line of each command against the one before it with the same settings and as many cores. */
export function compareHistory(lines: readonly HistoryLine[]): Comparison[] {
  const newest = new Map<string, HistoryLine>();
  for (const line of lines) newest.set(line.bench, line);
  return [...newest.values()].flatMap((after) => {
    const before = lines.filter((line) => line !== after && isAlike(line, after)).at(-1);
    if (before === undefined) return [];
    return Object.entries(after.ratios).flatMap(([ratio, value]): Comparison[] => {
      const old = before.ratios[ratio];
      if (old === undefined) return [];
      return [
        {
          ...{ bench: after.bench, ratio, before: old, after: value },
          ...{ beforeCommit: before.conditions.commit, afterCommit: after.conditions.commit },
          isWorse: value < old * (1 - REGRESSION_PART),
        },
      ];
    });
  });
}

function isAlike(a: HistoryLine, b: HistoryLine): boolean {
  const names = new Set([...Object.keys(a.settings), ...Object.keys(b.settings)]);
  return (
    a.bench === b.bench &&
    a.conditions.cores === b.conditions.cores &&
    [...names].every((name) => a.settings[name] === b.settings[name])
  );
}

export function comparisonTable(comparisons: readonly Comparison[]): Table {
  return {
    title: `Ratios since the record before; worse by ${100 * REGRESSION_PART} % or more is a regression`,
    columns: ['bench', 'ratio', 'before', 'after', 'change %', 'verdict'],
    rows: comparisons.map(({ bench, ratio, before, after, isWorse }) => [
      ...[bench, ratio, before, after, rounded(100 * (after / before - 1), 1)],
      isWorse ? 'REGRESSION' : 'ok',
    ]),
  };
}
