/** A refusal as people are told it. */

import type { Json } from '../../consensus/codec/schema.ts';

/** A refusal, of a dry run or on record. */
export interface Refused {
  readonly code: string;
  readonly meaning: string;
  readonly remedy?: string;
  readonly facts?: { readonly [fact: string]: Json };
  readonly object?: { readonly type: string; readonly id: string } | null;
}
/** For people: the code, what stood in the way, the figures, and what would make it pass. */
export function sayRefused(
  { code, meaning, object, facts, remedy }: Refused,
  json: boolean | undefined,
): void {
  if (json) return;
  const lines = [`refused: ${code}, ${meaning}`];
  if (object != null) lines.push(`in the way: ${object.type} ${object.id}`);
  const figures = Object.entries(facts ?? {}).map(([name, value]) => `${name}: ${value}`);
  if (figures.length > 0) lines.push(figures.join(', '));
  if (remedy !== undefined) lines.push(`to pass: ${remedy}`);
  process.stderr.write(`${lines.join('\n  ')}\n`);
}
