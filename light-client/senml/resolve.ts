/**
 * Resolves a pack: base fields applied, times absolute, version checked (RFC 8428 §4.1 to §4.6). What comes out
 * stands alone, record by record, in the order of the pack.
 */

import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import type { PackRecord } from './labels.ts';
import { senmlLimits } from './limits.ts';
import { isSenmlName } from './name.ts';

/** The only version there is; packs of an older draft are read alike (RFC 8428's own example says 5). */
const VERSION = 10;

export interface ResolvedRecord {
  readonly name: string;
  readonly unit: string | undefined;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** A number is a double whose shortest decimal is what was printed. */
  readonly value: number | string | boolean | Uint8Array | undefined;
  readonly sum: number | undefined;
}

/** The base fields in force at a record. */
type Base = Pick<PackRecord, 'bver' | 'bn' | 'bt' | 'bu' | 'bv' | 'bs'>;

/** `nowMs` is the receiver's clock: what times below 2^28 seconds are relative to. */
export function resolveRecords(
  pack: readonly PackRecord[],
  nowMs: number,
): Result<readonly ResolvedRecord[]> {
  const resolved: ResolvedRecord[] = [];
  let base: Base = {};
  for (const [index, record] of pack.entries()) {
    const { bver = base.bver, bn = base.bn, bt = base.bt, bu = base.bu, bv = base.bv, bs = base.bs } = record;
    if (bver !== undefined) {
      if (!Number.isInteger(bver) || bver < 1 || bver > VERSION) {
        return refuse('E_SCHEMA', { reason: 'version not understood', record: index, bver, newest: VERSION });
      }
      const before = index === 0 ? bver : (base.bver ?? VERSION);
      if (bver !== before)
        return refuse('E_SCHEMA', { reason: 'two versions in one pack', record: index, bver });
    }
    base = definedOf({ bver, bn, bt, bu, bv, bs });
    const one = resolveRecord(record, base, nowMs);
    if (typeof one === 'string') return refuse('E_SCHEMA', { reason: one, record: index });
    resolved.push(one);
  }
  return ok(resolved);
}

/** The record, or why it cannot be one. */
function resolveRecord(record: PackRecord, base: Base, nowMs: number): ResolvedRecord | string {
  const name = (base.bn ?? '') + (record.n ?? '');
  if (name.length > senmlLimits.nameLengthMax) return 'name too long';
  if (!isSenmlName(name)) return name === '' ? 'no name' : 'name has characters that SenML does not allow';

  const timeMs = timeOf((base.bt ?? 0) + (record.t ?? 0), nowMs);
  if (timeMs === undefined) return 'time out of range';

  const values = [record.v, record.vs, record.vb, record.vd].filter((value) => value !== undefined);
  if (values.length > 1) return 'more than one value';
  const sum = record.s === undefined && base.bs === undefined ? undefined : (record.s ?? 0) + (base.bs ?? 0);
  // A base value alone is a value: what is missing counts as 0 (RFC 8428 §4.5.4).
  const value = values.length === 0 && base.bv !== undefined ? 0 : values[0];
  if (value === undefined && sum === undefined) return 'neither a value nor a sum';

  const total = typeof value === 'number' ? addExactly(value, base.bv ?? 0) : value;
  if (typeof total === 'number' && !Number.isFinite(total)) return 'value is not a finite number';
  return { name, unit: record.u ?? base.bu, timeMs, value: total, sum };
}

function timeOf(seconds: number, nowMs: number): number | undefined {
  const ms = Math.round(seconds * 1000);
  const timeMs = ms < senmlLimits.absoluteTimeMsMin ? nowMs + ms : ms;
  return timeMs >= 0 && timeMs <= senmlLimits.timeMsMax ? timeMs : undefined;
}

/** Sum of two doubles as the decimals they print: 0.1 and 0.2 make 0.3. */
function addExactly(a: number, b: number): number {
  if (b === 0) return a;
  const [left, right] = [decimalOf(a), decimalOf(b)];
  if (left === undefined || right === undefined) return a + b;
  const exponent = Math.min(left.exponent, right.exponent);
  const scaled = ({ mantissa, exponent: own }: typeof left) =>
    BigInt(mantissa) * 10n ** BigInt(own - exponent);
  return Number(`${scaled(left) + scaled(right)}e${exponent}`);
}

function definedOf(base: { readonly [B in keyof Base]: Base[B] | undefined }): Base {
  return Object.fromEntries(Object.entries(base).filter(([, value]) => value !== undefined));
}
