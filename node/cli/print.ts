/** Output of the commands: JSON for programs, indented lines for people. */

import type { Json } from '../../consensus/codec/schema.ts';

export function print(value: unknown, json: boolean | undefined): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines(value as Json, '').join('\n')}\n`);
}

function lines(value: Json, indent: string): string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${indent}(none)`];
    return (value as readonly Json[]).flatMap((entry) => {
      if (typeof entry !== 'object' || entry === null) return [`${indent}- ${text(entry)}`];
      const [first = '', ...rest] = lines(entry, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  }
  if (typeof value !== 'object' || value === null) return [`${indent}${text(value)}`];
  return Object.entries(value).flatMap(([name, entry]) => {
    if (typeof entry !== 'object' || entry === null)
      return [`${indent}${name}: ${text(entry)}${dated(name, entry)}`];
    if (Array.isArray(entry) && entry.every((item) => typeof item !== 'object'))
      return [`${indent}${name}: ${entry.length === 0 ? '(none)' : entry.join(', ')}`];
    return [`${indent}${name}:`, ...lines(entry as Json, `${indent}  `)];
  });
}

const text = (value: Json | undefined): string =>
  value === null || value === undefined ? '(none)' : String(value);

const TIME_FIELD = /(^|[a-z])(time|deadline|expires|until|maturity|asOf)$/i;
/** Later than 2001, in ms. */
const TIME_MIN_MS = 1e12;

/** A time is also shown as people write it. */
function dated(name: string, value: Json | undefined): string {
  return TIME_FIELD.test(name) && typeof value === 'number' && value > TIME_MIN_MS
    ? `  (${new Date(value).toISOString()})`
    : '';
}
