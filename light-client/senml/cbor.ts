/** The CBOR form of a SenML pack (RFC 8428 §6). Decides only what is CBOR of the right shape; resolve.ts the rest. */

import { Encoder } from 'cbor-x';
import { DecodeError } from '../../consensus/codec/reader.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { CborReader } from './cbor-reader.ts';
import {
  cborLabel,
  checkRecord,
  isLabel,
  labelOfCbor,
  labels,
  type PackRecord,
  type Scalar,
} from './labels.ts';
import { senmlLimits } from './limits.ts';

type Entries = readonly (readonly [string, Scalar])[];

// Plain maps and byte strings only: nothing of cbor-x's own dialect leaves here.
const encoder = new Encoder({
  useRecords: false,
  mapsAsObjects: false,
  structuredClone: false,
  tagUint8Array: false,
});

export function decodeCborPack(payload: Uint8Array): Result<readonly PackRecord[]> {
  const decoded = readPack(payload);
  if (!decoded.ok) return decoded;
  if (decoded.value.length === 0) return refuse('E_SCHEMA', { reason: 'expected an array of records' });
  const records: PackRecord[] = [];
  for (const [index, entries] of decoded.value.entries()) {
    const checked = checkRecord(entries, index);
    if (!checked.ok) return checked;
    records.push(checked.value);
  }
  return ok(records);
}

export function encodeCborPack(records: readonly PackRecord[]): Uint8Array {
  const pack = records.map((record) => {
    const map = new Map<number, Scalar>();
    for (const label of labels) {
      const value = record[label];
      if (value !== undefined) map.set(cborLabel(label), value);
    }
    return map;
  });
  return new Uint8Array(encoder.encode(pack));
}

function readPack(payload: Uint8Array): Result<readonly Entries[]> {
  try {
    const reader = new CborReader(payload);
    const records: Entries[] = [];
    reader.array(senmlLimits.recordsMax, () => records.push(readRecord(reader)));
    reader.end();
    return ok(records);
  } catch (error) {
    if (error instanceof DecodeError) return refuse('E_ENC', error.facts);
    throw error;
  }
}

function readRecord(reader: CborReader): Entries {
  const entries = new Map<string, Scalar>();
  reader.map(senmlLimits.fieldsPerRecordMax, () => {
    const label = labelText(reader.key());
    if (entries.has(label)) throw new DecodeError('label given twice', { label });
    entries.set(label, reader.scalar());
  });
  return [...entries];
}

/** Integer labels stand for the known fields; text labels only for others, so that no field has two names. */
function labelText(key: number | string): string {
  if (typeof key === 'string') {
    if (isLabel(key)) throw new DecodeError('a known label written as text', { label: key });
    return key;
  }
  const label = labelOfCbor(key);
  if (label === undefined) throw new DecodeError('integer label not in use', { label: key });
  return label;
}
