/** Verdicts on foreign bytes: they never throw, they answer with a code and facts. */

import type { Code } from './codes.ts';

/** What a refusal knows: small, printable values that help the reader find the cause. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

export interface Refusal {
  readonly ok: false;
  readonly code: Code;
  readonly facts: Facts;
}

export type Result<T> = { readonly ok: true; readonly value: T } | Refusal;

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function refuse(code: Code, facts: Facts = {}): Refusal {
  return { ok: false, code, facts };
}

/** One line for people: `E_ENC: frame longer than its limit (bytes=70000, limit=65536)`. */
export function describeRefusal(refusal: Refusal): string {
  const facts = Object.entries(refusal.facts).map(([name, value]) => `${name}=${value}`);
  return facts.length === 0 ? refusal.code : `${refusal.code} (${facts.join(', ')})`;
}

/** A broken invariant of ours. It stops the process: a node that is wrong about itself must not go on. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`);
}
