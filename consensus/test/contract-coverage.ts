/**
 * Every pair of transition and code `[ORD-5]`: declared by the transition, and produced by the engine in a case. Cases
 * are gathered from the folder cases/; run as a program, this file runs them all and prints what was produced.
 */

import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { toHex } from '../codec/bytes.ts';
import { transitions } from '../contracts/index.ts';
import { executableInvariants, findBreaches } from '../contracts/invariants.ts';
import type { Cases, Ran } from './cases/cases.ts';

export interface Case {
  readonly transition: string;
  readonly code: string;
  readonly when: string;
  readonly run: () => Ran;
}

/** All cases, from every file of the folder whose source still exists. */
export async function gatherCases(): Promise<readonly Case[]> {
  const folder = new URL('./cases/', import.meta.url);
  const sources = new URL('../../../consensus/test/cases/', import.meta.url);
  const found: Case[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.js') || file === 'cases.js') continue;
    if (!existsSync(new URL(file.replace(/\.js$/, '.ts'), sources))) continue;
    const { cases } = (await import(new URL(file, folder).href)) as { readonly cases: Cases };
    for (const [transition, codes] of Object.entries(cases)) {
      for (const [code, whens] of Object.entries(codes)) {
        for (const [when, run] of Object.entries(whens)) found.push({ transition, code, when, run });
      }
    }
  }
  return found;
}

/** What the engine answered, and why that is not what the case says; `undefined` when it is. */
export function runCase({ code, run }: Case): { readonly got: string; readonly wrong: string | undefined } {
  const ran = run();
  if (typeof ran === 'string')
    return { got: ran, wrong: ran === code ? undefined : `expected ${code}, got ${ran}` };
  const [outcome, conflict] = 'refusal' in ran ? [ran, undefined] : ran;
  const { refusal } = outcome;
  const got = refusal?.code ?? 'OK';
  if (got !== code) return { got, wrong: `expected ${code}, got ${got} ${JSON.stringify(refusal?.facts)}` };
  const broken = got === 'OK' && outcome.world?.tampered === false ? findBreaches(outcome.world) : [];
  if (broken.length > 0) return { got, wrong: `breaks ${JSON.stringify(broken)}` };
  if (conflict === undefined || toHex(refusal?.conflict ?? new Uint8Array()) === toHex(conflict))
    return { got, wrong: undefined };
  return { got, wrong: `expected conflict ${toHex(conflict)}` };
}

/** Pairs that the transitions declare; OK is one of every transition. */
export function declaredPairs(): string[] {
  return [...transitions.values()]
    .flatMap(({ name, codes }) => ['OK', ...codes].map((code) => `${name} ${code}`))
    .sort();
}

export interface Coverage {
  readonly transitions: number;
  readonly codesDeclared: number;
  readonly codesCovered: number;
  readonly invariants: number;
  readonly cases: number;
  readonly missing: readonly string[];
  readonly wrong: readonly string[];
}

/** Runs every case, and counts the pairs that the engine itself produced. */
export async function measureCoverage(): Promise<Coverage> {
  const declared = declaredPairs();
  const produced = new Set<string>();
  const wrong: string[] = [];
  const cases = await gatherCases();
  for (const entry of cases) {
    const { got, wrong: reason } = runCase(entry);
    if (reason === undefined) produced.add(`${entry.transition} ${got}`);
    else wrong.push(`${entry.transition} ${entry.code} (${entry.when}): ${reason}`);
  }
  const missing = declared.filter((pair) => !produced.has(pair));
  return {
    transitions: transitions.size,
    codesDeclared: declared.length,
    codesCovered: declared.length - missing.length,
    invariants: executableInvariants.length,
    cases: cases.length,
    missing,
    wrong,
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(JSON.stringify(await measureCoverage()));
  process.exitCode = 0;
}

/** This file, compiled, for whoever runs it as a program. */
export const script = fileURLToPath(import.meta.url);
