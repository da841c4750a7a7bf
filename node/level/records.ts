/**
 * Values of the database. Consensus objects keep their canonical bytes; what is this node's alone is msgpack with
 * named fields, which only we ever write. Every value is sealed: a checksum over key and value stands before it, so
 * that neither a flipped bit nor a value under another's key is ever served (R007).
 */

import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { certificateSchema } from '../../consensus/checkpoint/certificate.ts';
import { headerSchema } from '../../consensus/checkpoint/header.ts';
import { outcomeSchema } from '../../consensus/checkpoint/outcome.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { list, record, type Schema } from '../../consensus/codec/schema.ts';
import type { Pruned } from '../ports.ts';
import { describeKey } from './keys.ts';

/** Another number here means: not readable by this program. */
export const FORMAT = 4;
const CHECKSUM_BYTES = 4;
/** The most that a list can hold; a genesis allows fewer for one checkpoint `[ORD-4]`. */
const OUTCOMES_MAX = 65_535;

/** Counters that go on from one life of the node to the next. */
export interface Counters {
  /** Batches written so far. */
  batch: number;
  /** Greatest and least height of a stored checkpoint; 0 when there is none. */
  height: number;
  firstHeight: number;
  nextOrdinal: number;
  nextVote: number;
  /** Least height at which this seat may vote; null while the vote log is not whole. */
  votesFrom: number | null;
  objectCount: number;
  historyCount: number;
  headerCount: number;
  changeCount: number;
  /** A snapshot was installed, and what it needs besides is not all there yet. */
  joining: boolean;
  /** Batches of readings that were let go `[STO-3]`; absent while none were looked at. */
  pruned?: Pruned;
}

/** What the database says about itself; rewritten with every batch, so that a batch that is missing shows. */
export interface Meta {
  readonly format: number;
  readonly counters: Counters;
  readonly openCount: number;
  readonly voteCount: number;
  /** Absent where an earlier version wrote: it knew none. */
  readonly pendingCount?: number;
  readonly messageCount?: number;
}

/** In the index for a vertex that was buried, not confirmed: no checkpoint but the genesis has this height. */
export const BURIED_HEIGHT = 0;

/** Where the body of a confirmed or buried vertex lies, whether it holds its payload, and where it was confirmed. */
export interface IndexEntry {
  readonly ordinal: number;
  readonly payload: boolean;
  readonly height: number;
  readonly index: number;
}

export const storedCheckpoint = record('stored-checkpoint', {
  header: headerSchema,
  certificate: certificateSchema,
  outcomes: list(outcomeSchema, OUTCOMES_MAX),
});

const packr = new Packr({ useRecords: false, structuredClone: false });

/** The database is damaged, or not ours. Nothing of it may be served. */
export class StoreDamage extends Error {
  override readonly name = 'StoreDamage';
}

export function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(CHECKSUM_BYTES + value.length);
  writeChecksum(sealed, checksum(key, value));
  sealed.set(value, CHECKSUM_BYTES);
  return sealed;
}

/** The value below the seal; throws `StoreDamage` when it is not what was written under this key. */
export function unseal(directory: string, key: Uint8Array, sealed: Uint8Array): Uint8Array {
  // The database gives Buffers; a plain view is what the rest of the program expects.
  const value = new Uint8Array(sealed.buffer, sealed.byteOffset, sealed.length).subarray(CHECKSUM_BYTES);
  if (sealed.length < CHECKSUM_BYTES || checksumIn(sealed) !== checksum(key, value)) {
    throw new StoreDamage(`${directory}: ${describeKey(key)} is damaged: its checksum does not match`);
  }
  return value;
}

function checksum(key: Uint8Array, value: Uint8Array): number {
  return crc32(value, crc32(key));
}

function writeChecksum(sealed: Uint8Array, sum: number): void {
  for (let place = CHECKSUM_BYTES - 1, rest = sum; place >= 0; place--, rest >>>= 8)
    sealed[place] = rest & 0xff;
}

function checksumIn(sealed: Uint8Array): number {
  return new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
}

export function encodeHeight(height: number): Uint8Array {
  return packr.pack(height);
}

export function decodeHeight(bytes: Uint8Array): number {
  return packr.unpack(bytes) as number;
}

export function encodeOwn(value: Meta | IndexEntry): Uint8Array {
  return packr.pack(value);
}

/** Only for bytes below a seal: msgpackr must never see foreign ones. */
export function decodeOwn<T extends Meta | IndexEntry>(bytes: Uint8Array): T {
  return packr.unpack(bytes) as T;
}

/** A consensus object below a seal. */
export function decodeStored<T>(directory: string, key: Uint8Array, schema: Schema<T>, bytes: Uint8Array): T {
  const decoded = schema.decode(bytes);
  if (decoded.ok) return decoded.value;
  throw new StoreDamage(`${directory}: ${describeKey(key)} does not decode: ${describeRefusal(decoded)}`);
}
