/**
 * The fields of a SenML record: label in JSON, label in CBOR, type (RFC 8428 §4.3 and §6). Decides what a record
 * may hold before anything is resolved; the JSON and the CBOR form both end here.
 */

import { ok, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import { senmlLimits } from './limits.ts';

/** All that a field can hold; RFC 8428 has no nested values. */
export type Scalar = number | string | boolean | Uint8Array;

/** One record as it was sent. */
export interface PackRecord {
  readonly bver?: number;
  readonly bn?: string;
  readonly bt?: number;
  readonly bu?: string;
  readonly bv?: number;
  readonly bs?: number;
  readonly n?: string;
  readonly u?: string;
  readonly v?: number;
  readonly vs?: string;
  readonly vb?: boolean;
  readonly vd?: Uint8Array;
  readonly s?: number;
  readonly t?: number;
  readonly ut?: number;
}
export type Label = keyof PackRecord;

type FieldType = 'number' | 'string' | 'boolean' | 'bytes';

/** Order here is the order in which an encoder writes them. */
const fields: { readonly [L in Label]: readonly [cbor: number, type: FieldType] } = {
  bn: [-2, 'string'],
  bt: [-3, 'number'],
  bu: [-4, 'string'],
  bv: [-5, 'number'],
  bs: [-6, 'number'],
  bver: [-1, 'number'],
  n: [0, 'string'],
  u: [1, 'string'],
  v: [2, 'number'],
  vs: [3, 'string'],
  vb: [4, 'boolean'],
  s: [5, 'number'],
  t: [6, 'number'],
  ut: [7, 'number'],
  vd: [8, 'bytes'],
};

export const labels = Object.keys(fields) as readonly Label[];
const types = new Map<string, FieldType>(labels.map((label) => [label, fields[label][1]]));
const byCbor = new Map<number, Label>(labels.map((label) => [fields[label][0], label]));

export const cborLabel = (label: Label): number => fields[label][0];
export const labelOfCbor = (label: number): Label | undefined => byCbor.get(label);
export const isLabel = (label: string): label is Label => types.has(label);

/**
 * Checks the fields of one record. Fields that we do not know are dropped, unless their label ends in `_`: those
 * must be understood, so the pack is refused (RFC 8428 §4.4).
 */
export function checkRecord(
  entries: readonly (readonly [string, unknown])[],
  index: number,
): Result<PackRecord> {
  if (entries.length > senmlLimits.fieldsPerRecordMax) {
    return refuse('E_SCHEMA', {
      reason: 'too many fields',
      record: index,
      limit: senmlLimits.fieldsPerRecordMax,
    });
  }
  const record: Record<string, Scalar> = {};
  for (const [label, value] of entries) {
    if (label.length > senmlLimits.labelLengthMax)
      return refuse('E_SCHEMA', { reason: 'label too long', record: index });
    const type = types.get(label);
    if (type === undefined && label.endsWith('_'))
      return fieldRefusal(index, label, 'a field that we must understand and do not');
    const shown = typeOf(value);
    if (shown === undefined)
      return fieldRefusal(index, label, 'expected a number, text, yes or no, or bytes');
    if (type === undefined) continue;
    if (shown !== type) return fieldRefusal(index, label, `expected ${type}, got ${shown}`);
    record[label] = value as Scalar;
  }
  return ok(record);
}

function typeOf(value: unknown): FieldType | undefined {
  if (value instanceof Uint8Array) return 'bytes';
  const type = typeof value;
  return type === 'string' || type === 'boolean' || type === 'number' ? type : undefined;
}

function fieldRefusal(record: number, field: string, reason: string): Refusal {
  return refuse('E_SCHEMA', { reason, record, field });
}
