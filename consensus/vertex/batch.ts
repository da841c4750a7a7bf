/**
 * Batches of frames `[VTX-5]`: a Merkle tree over salted frames, and a summary that anyone who holds the frames can
 * derive again. The vertex commits to both by one hash, so a batch costs the ledger 32 bytes; a frame's proof repeats
 * the summary's salted commitment only, so it stays below 1 KB and tells nothing of other devices.
 */

import { compareBytes, uint32Bytes } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import { Reader } from '../codec/reader.ts';
import { ok, type Result, refuse } from '../codec/result.ts';
import { choice, fixed, hash32, type Infer, int, list, record, text, timeMs } from '../codec/schema.ts';
import { hash } from '../crypto/hash.ts';
import { inclusionPath, leafHash, rootFromPath, treeLevels, treeRoot } from '../merkle/tree.ts';
import { compareDecimals, decimal } from './decimal.ts';
import { compareFrames, type Frame, frame, frameDefect } from './frame.ts';
import { type QuantityName, quantityNames } from './quantities.ts';

const SERIES_MAX = 1024;

export const series = record('series', {
  device: text(64, 1),
  quantity: choice(...(quantityNames as readonly [QuantityName, ...QuantityName[]])),
  count: int(1),
  min: decimal,
  max: decimal,
  last: decimal,
});
export type Series = Infer<typeof series>;

export const batchSummary = record('batch-summary', {
  frames: int(1, limits.framesPerBatchMax),
  firstTime: timeMs,
  lastTime: timeMs,
  series: list(series, SERIES_MAX),
});
export type BatchSummary = Infer<typeof batchSummary>;

/** The payload of a readings vertex. One salt per batch; the salts of each frame and of the summary derive from it. */
export const batch = record('batch', {
  salt: fixed(32),
  summary: batchSummary,
  frames: list(frame, limits.framesPerBatchMax, 1),
});
export type Batch = Infer<typeof batch>;

/** One frame, provable alone: it reveals its own salt and nothing of its neighbours. */
export const frameProof = record('frame-proof', {
  frame,
  salt: fixed(32),
  index: int(0, limits.framesPerBatchMax - 1),
  /** How many frames the batch has. */
  frames: int(1, limits.framesPerBatchMax),
  path: list(hash32, 8),
  /** Commitment to the summary, which stays closed. */
  summary: hash32,
});
export type FrameProof = Infer<typeof frameProof>;

/** Builds a batch from frames in any order; they must be distinct by (device, session, counter). */
export function makeBatch(frames: readonly Frame[], salt: Uint8Array): Batch {
  const sorted = frames.slice().sort(compareFrames);
  return { salt, summary: summarise(sorted), frames: sorted };
}

export function batchHash({ salt, summary, frames }: Batch): Uint8Array {
  return hashEncoded(
    salt,
    batchSummary.encode(summary),
    frames.map((entry) => frame.encode(entry)),
  );
}

/** `batchHash` of a batch from its bytes, which `batch.decode` took: its parts are hashed as they came. */
export function encodedBatchHash(encoded: Uint8Array): Uint8Array {
  const reader = new Reader(encoded, true);
  reader.array(batch.fieldNames.length);
  const salt = reader.bytes(32, 32);
  const summary = reader.value();
  const frames: Uint8Array[] = [];
  for (let left = reader.array(limits.framesPerBatchMax); left > 0; left--) frames.push(reader.value());
  return hashEncoded(salt, summary, frames);
}

/** Checks a batch against itself: order, frames, summary. The caller compares its hash with the vertex. */
export function checkBatch(value: Batch): Result<Batch> {
  for (const [index, entry] of value.frames.entries()) {
    const before = value.frames[index - 1];
    if (before !== undefined && compareFrames(before, entry) >= 0)
      return refuse('E_BATCH', { reason: 'frames do not ascend', index });
    const reason = frameDefect(entry);
    if (reason !== undefined) return refuse('E_BATCH', { reason, index });
  }
  const derived = tally(value.frames);
  const { size } = derived.rows;
  if (size > SERIES_MAX)
    return refuse('E_BATCH', { reason: 'too many series', series: size, limit: SERIES_MAX });
  return isSummary(value.summary, derived)
    ? ok(value)
    : refuse('E_BATCH', { reason: 'summary is not that of the frames' });
}

export function proveFrame(value: Batch, index: number): FrameProof {
  const entry = value.frames[index];
  if (entry === undefined)
    throw new RangeError(`"index" expected 0 to ${value.frames.length - 1}, got ${index}`);
  return {
    frame: entry,
    salt: frameSalt(value.salt, index),
    index,
    frames: value.frames.length,
    path: inclusionPath(
      treeLevels(
        leaves(
          value.salt,
          value.frames.map((each) => frame.encode(each)),
        ),
      ),
      index,
    ),
    summary: commitSummary(value.salt, batchSummary.encode(value.summary)),
  };
}

/** The payload hash that a frame's proof leads to, or `undefined` when it leads nowhere. */
export function payloadHashFromFrame(proof: FrameProof): Uint8Array | undefined {
  const leaf = leafHash(proof.salt, frame.encode(proof.frame));
  const root = rootFromPath(leaf, proof.index, proof.frames, proof.path);
  return root && commit(root, proof.frames, proof.summary);
}

function commit(root: Uint8Array, frames: number, summary: Uint8Array): Uint8Array {
  return hash('batch', root, uint32Bytes(frames), summary);
}

function hashEncoded(salt: Uint8Array, summary: Uint8Array, frames: readonly Uint8Array[]): Uint8Array {
  return commit(treeRoot(leaves(salt, frames)), frames.length, commitSummary(salt, summary));
}

/** Salted, or a few series could be guessed from the proof of any one frame. */
function commitSummary(salt: Uint8Array, summary: Uint8Array): Uint8Array {
  return hash('batch-summary', hash('summary-salt', salt), summary);
}

function leaves(salt: Uint8Array, frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.map((encoded, index) => leafHash(frameSalt(salt, index), encoded));
}

function frameSalt(batchSalt: Uint8Array, index: number): Uint8Array {
  return hash('frame-salt', batchSalt, uint32Bytes(index));
}

interface Tally extends Omit<BatchSummary, 'series'> {
  /** By device and quantity. */
  readonly rows: ReadonlyMap<string, Series>;
}

function rowName({ device, quantity }: Pick<Series, 'device' | 'quantity'>): string {
  return `${device}\n${quantity}`;
}

/** Per device and quantity: how many, least, greatest, last. */
function tally(frames: readonly Frame[]): Tally {
  const rows = new Map<string, { -readonly [F in keyof Series]: Series[F] }>();
  let firstTime = Number.MAX_SAFE_INTEGER;
  let lastTime = 0;
  for (const { device, time, readings } of frames) {
    firstTime = Math.min(firstTime, time);
    lastTime = Math.max(lastTime, time);
    for (const { quantity, value } of readings) {
      const name = rowName({ device, quantity });
      const row = rows.get(name);
      if (row === undefined) {
        rows.set(name, { device, quantity, count: 1, min: value, max: value, last: value });
        continue;
      }
      row.count += 1;
      if (compareDecimals(value, row.min) < 0) row.min = value;
      if (compareDecimals(value, row.max) > 0) row.max = value;
      row.last = value;
    }
  }
  return { frames: frames.length, firstTime, lastTime, rows };
}

/** Rows ascend by their bytes. */
function summarise(all: readonly Frame[]): BatchSummary {
  const { frames, firstTime, lastTime, rows } = tally(all);
  const ordered = [...rows.values()].map((row) => ({ row, bytes: series.encode(row) }));
  ordered.sort((a, b) => compareBytes(a.bytes, b.bytes));
  return { frames, firstTime, lastTime, series: ordered.map(({ row }) => row) };
}

/** Would `summarise` give this? Without encoding the summary twice more. */
function isSummary({ frames, firstTime, lastTime, series: given }: BatchSummary, derived: Tally): boolean {
  if (frames !== derived.frames || firstTime !== derived.firstTime || lastTime !== derived.lastTime)
    return false;
  if (given.length !== derived.rows.size) return false;
  let before: Uint8Array | undefined;
  for (const row of given) {
    const own = derived.rows.get(rowName(row));
    if (own === undefined || !isSameSeries(row, own)) return false;
    const bytes = series.encode(row);
    if (before !== undefined && compareBytes(before, bytes) >= 0) return false;
    before = bytes;
  }
  return true;
}

function isSameSeries(a: Series, b: Series): boolean {
  const isSame = (one: Series['min'], other: Series['min']): boolean =>
    one.mantissa === other.mantissa && one.exponent === other.exponent;
  return a.count === b.count && isSame(a.min, b.min) && isSame(a.max, b.max) && isSame(a.last, b.last);
}
