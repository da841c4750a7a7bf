/** References of a scenario file: `$copper`, `$weighed.scale[-1]`, `$now+90d`. What they are, and what they stand for. */

import type { Json } from '../../consensus/codec/schema.ts';
import type { Fields } from './plan.ts';

const NOW = /^\$now(?:([+-])(\d+(?:ms|s|m|h|d)))?$/;
const NAME = /^\$([a-z][a-z0-9-]*)(?:\.([a-z][a-z0-9-]*))?(?:\[(-?\d{1,4})(?:\.\.(-?\d{1,4}))?\])?$/;
const TIME = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export type Reference =
  | { readonly type: 'now'; readonly offsetMs: number }
  | {
      readonly type: 'name';
      readonly name: string;
      /** `lei` of a party, or a device of a feed. */
      readonly part: string | undefined;
      /** Readings from one to another, both included; the same twice for `[i]`. */
      readonly range: readonly [from: number, to: number] | undefined;
      /** Whether one reading was asked for, and not a list. */
      readonly single: boolean;
    };

/** `20s`, `1.5h`, `90d`, in ms; `undefined` when it is no time. */
export function parseTime(text: string): number | undefined {
  const [, amount, unit] = TIME.exec(text) ?? [];
  return amount === undefined ? undefined : Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]);
}

export const isReference = (text: string): boolean => text.startsWith('$');

/** `undefined` when it has not the form of one. */
export function parseReference(text: string): Reference | undefined {
  const now = NOW.exec(text);
  if (now !== null)
    return { type: 'now', offsetMs: (now[1] === '-' ? -1 : 1) * (parseTime(now[2] ?? '0ms') ?? 0) };
  const [, name, part, from, to] = NAME.exec(text) ?? [];
  if (name === undefined) return undefined;
  const range = from === undefined ? undefined : ([Number(from), Number(to ?? from)] as const);
  return { type: 'name', name, part, range, single: range !== undefined && to === undefined };
}

/** All references in `json`, wherever they stand, as they are written. */
export function referencesIn(json: Json): string[] {
  if (typeof json === 'string') return isReference(json) ? [json] : [];
  if (typeof json !== 'object' || json === null) return [];
  return Object.values(json).flatMap((entry) => referencesIn(entry as Json));
}

/** `json` with each reference replaced; one that stands for a list stands, in a list, for its members. */
export function resolveReferences(json: Json, lookUp: (reference: string) => Json): Json {
  if (typeof json === 'string') return isReference(json) ? lookUp(json) : json;
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) {
    return (json as readonly Json[]).flatMap((entry): readonly Json[] => {
      const value = resolveReferences(entry, lookUp);
      return typeof entry === 'string' && Array.isArray(value) ? (value as readonly Json[]) : [value];
    });
  }
  return Object.fromEntries(
    Object.entries(json as Fields).map(([field, value]) => [field, resolveReferences(value, lookUp)]),
  );
}

/** Members of `list` from one place to another, negative ones counted from its end; `undefined` when one is missing. */
export function pick<T>(list: readonly T[], [from, to]: readonly [number, number]): readonly T[] | undefined {
  const place = (index: number) => (index < 0 ? list.length + index : index);
  const [first, last] = [place(from), place(to)];
  return first >= 0 && first <= last && last < list.length ? list.slice(first, last + 1) : undefined;
}
