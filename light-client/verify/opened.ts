/** What a state proof opens of an object: its fields as values, and as words. */

import type { Refusal } from '../../consensus/codec/result.ts';
import { checkStateProof, type ShownPart, type StateProof } from '../proof/state-proof.ts';

type Opened = { readonly ok: true; readonly value: object | undefined } | Refusal;

/** The opened fields of a state proof; `undefined` for an absence. Every opened part must be canonical for its type. */
export function openObject(
  proof: StateProof,
  type: { readonly classes: readonly { decode(bytes: Uint8Array): Opened | { ok: true; value: object } }[] },
): Opened {
  const shown = checkStateProof(proof);
  if (!shown.ok) return shown;
  if (shown.value === 'absent') return { ok: true, value: undefined };
  const fields = {};
  for (const [index, bytes] of shown.value.entries()) {
    if (bytes === undefined) continue;
    const decoded = type.classes[index]!.decode(bytes);
    if (!decoded.ok) return decoded;
    Object.assign(fields, decoded.value);
  }
  return { ok: true, value: fields };
}

export type Classes = readonly { decode(bytes: Uint8Array): unknown; toJson(value: never): unknown }[];

/** Opened fields as `name value`, and which classes stayed sealed. */
export function describeFields(proof: StateProof, { classes }: { readonly classes: Classes }): string {
  return describeParts(proof.parts ?? [], classes);
}

/** The same of the parts of an object or a call; a text longer than `textMax` is cut. */
export function describeParts(
  parts: readonly ShownPart[],
  classes: Classes,
  textMax = Number.POSITIVE_INFINITY,
): string {
  const texts: string[] = [];
  for (const [index, part] of parts.entries()) {
    const schema = classes[index]!;
    if (part.type === 'sealed') {
      texts.push(`V${index} sealed`);
      continue;
    }
    const decoded = schema.decode(part.value) as { readonly ok: boolean; readonly value: never };
    if (!decoded.ok) {
      texts.push(`V${index} unreadable`);
      continue;
    }
    const fields = schema.toJson(decoded.value) as { readonly [name: string]: unknown };
    for (const [name, value] of Object.entries(fields)) {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      texts.push(`${name} ${text.length > textMax ? `${text.slice(0, textMax)}…` : text}`);
    }
  }
  return texts.join(', ');
}
