/** The JSON form of a SenML pack (RFC 8428 §5). Decides only what is JSON of the right shape; resolve.ts the rest. */

import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { checkRecord, labels, type PackRecord } from './labels.ts';
import { senmlLimits } from './limits.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function decodeJsonPack(payload: Uint8Array): Result<readonly PackRecord[]> {
  let pack: unknown;
  try {
    pack = JSON.parse(utf8.decode(payload));
  } catch {
    // The parser's message quotes the payload, which belongs to the owner of the goods: it stays out of our logs.
    return refuse('E_ENC', { reason: 'not JSON' });
  }
  if (!Array.isArray(pack) || pack.length === 0)
    return refuse('E_SCHEMA', { reason: 'expected an array of records' });
  if (pack.length > senmlLimits.recordsMax) {
    return refuse('E_SCHEMA', {
      reason: 'too many records',
      records: pack.length,
      limit: senmlLimits.recordsMax,
    });
  }
  const records: PackRecord[] = [];
  for (const [index, item] of (pack as unknown[]).entries()) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      return refuse('E_SCHEMA', { reason: 'expected an object', record: index });
    }
    const entries = Object.entries(item).map(
      ([label, value]) => [label, label === 'vd' ? fromBase64url(value) : value] as const,
    );
    const checked = checkRecord(entries, index);
    if (!checked.ok) return checked;
    records.push(checked.value);
  }
  return ok(records);
}

export function encodeJsonPack(records: readonly PackRecord[]): Uint8Array {
  const pack = records.map((record) =>
    Object.fromEntries(
      labels.flatMap((label) => {
        const value = record[label];
        if (value === undefined) return [];
        return [[label, value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value]];
      }),
    ),
  );
  return new TextEncoder().encode(JSON.stringify(pack));
}

/** Bytes of base64url without padding; anything else comes back as it is, and fails as "not bytes". */
function fromBase64url(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const decoded = Buffer.from(value, 'base64url');
  // Buffer skips what it cannot read; only text that comes out again unchanged was base64url.
  return decoded.toString('base64url') === value ? new Uint8Array(decoded) : value;
}
