/** What the outbox keeps, as bytes. Written and read by this gateway alone, yet decoded strictly: damage shows. */

import { vertexProof } from '../../consensus/checkpoint/outcome.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { invariant } from '../../consensus/codec/result.ts';
import {
  bytes,
  flag,
  hash32,
  type Infer,
  int,
  key32,
  list,
  maybe,
  record,
  type Schema,
  text,
  timeMs,
} from '../../consensus/codec/schema.ts';
import { frame } from '../../consensus/vertex/frame.ts';
import { anchorProof, certifiedHeader } from '../proof/anchor.ts';

const FORMAT = 1;

/** A frame that waits, and when its message came. */
export const queuedFrame = record('queued-frame', { receivedMs: timeMs, frame });
export type QueuedFrame = Infer<typeof queuedFrame>;

const ENVELOPE_BYTES_MAX = limits.batchBytesMax + limits.vertexHeaderBytesMax + 128;

/** A signed vertex, and when each frame of its batch came, in the batch's order. */
export const signedVertex = record('signed-vertex', {
  envelope: bytes(ENVELOPE_BYTES_MAX),
  receivedMs: list(timeMs, limits.framesPerBatchMax),
});

/** Why a vertex is final: proofs that were checked before they were written. */
export const settledProof = record('settled-proof', {
  proof: vertexProof,
  anchor: anchorProof,
  /** Gateway's clock when the proof was checked. */
  provedMs: timeMs,
  /** Bytes that vertex and proof take. */
  bytes: int(0),
});
export type SettledProof = Infer<typeof settledProof>;

/** A message whose device nobody could be asked about yet. */
export const heldMessage = record('held-message', {
  receivedMs: timeMs,
  contentType: maybe(text(80)),
  payload: bytes(64 << 10),
  devices: list(text(64, 1), 256),
});
export type HeldMessage = Infer<typeof heldMessage>;

/** What the ledger said of a device, and when. */
export const knownDevice = record('known-device', {
  /** Empty for one that cannot sign. */
  key: bytes(32),
  active: flag,
  height: int(0),
  checkedMs: timeMs,
});
export type KnownDevice = Infer<typeof knownDevice>;

/** What came of a device's frames since the outbox began. */
export const deviceTally = record('device-tally', { accepted: int(0), duplicates: int(0), final: int(0) });
export type DeviceTally = Infer<typeof deviceTally>;

/** What an event has made due, and what came of it `[THG-14]`. Its terms are those of the rule when it became due. */
export const paymentRecord = record('payment', {
  /** The rule's name in the configuration. */
  rule: text(64, 1),
  ...{ device: text(64, 1), session: text(16), counter: int(0) },
  ...{ mandate: hash32, means: hash32, payee: hash32, content: text(40, 1), amount: int(1) },
  /** Proof of the reading; empty once the payment is settled. */
  event: bytes(limits.callBytesMax),
  dueMs: timeMs,
  /** How many calls were signed for it, one after the end of the other. */
  calls: int(0),
  /** Of the call signed last: its vertex' number and id, and its own id. */
  carried: maybe(record('carried', { sequence: int(1), vertex: hash32, call: hash32 })),
  settled: maybe(record('payment-end', { code: text(24, 1), height: int(0), time: timeMs })),
});
export type PaymentRecord = Infer<typeof paymentRecord>;

/** Two certified headers that cannot both be. */
export const headerConflict = record('header-conflict', {
  known: certifiedHeader,
  other: certifiedHeader,
  source: text(200),
});
export type HeaderConflict = Infer<typeof headerConflict>;

/** Counters, and the end of the author's chain. Written with every batch, so it is never older than the rest. */
export const outboxHead = record('outbox-head', {
  format: int(0),
  network: hash32,
  author: key32,
  /** The vertex signed last; 0 and zero before the first. */
  sequence: int(0),
  lastId: hash32,
  lastTime: timeMs,
  /** The newest vertex with an outcome. Those after it are in flight. */
  settledSequence: int(0),
  settledId: hash32,
  /** Settled vertices from here on are kept. */
  keptFrom: int(1),
  keptBytes: int(0),
  /** Queued frames lie from `queueStart` to `queueEnd`, excluded. */
  queueStart: int(0),
  queueEnd: int(0),
  queueBytes: int(0),
  /** Vertices, frames and single readings that took effect; frames whose vertex was confirmed with a refusal. */
  finalVertices: int(0),
  finalFrames: int(0),
  finalReadings: int(0),
  refusedFrames: int(0),
});
export type OutboxHead = Infer<typeof outboxHead>;

export const emptyHead = (network: Uint8Array, author: Uint8Array): OutboxHead => ({
  ...{ format: FORMAT, network, author },
  ...{
    sequence: 0,
    lastId: new Uint8Array(32),
    lastTime: 0,
    settledSequence: 0,
    settledId: new Uint8Array(32),
  },
  ...{ keptFrom: 1, keptBytes: 0, queueStart: 0, queueEnd: 0, queueBytes: 0 },
  ...{ finalVertices: 0, finalFrames: 0, finalReadings: 0, refusedFrames: 0 },
});

export const isKnownFormat = ({ format }: OutboxHead): boolean => format === FORMAT;

/** Decodes what we wrote; anything else is damage, and nobody may go on from it. */
export function decodeOwn<T>(schema: Schema<T>, value: Uint8Array | undefined, place: string): T {
  invariant(value !== undefined, `${place} is missing in the outbox`);
  const decoded = schema.decode(value);
  invariant(decoded.ok, `${place} in the outbox is damaged`);
  return decoded.value;
}
