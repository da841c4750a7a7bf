/** The vertex `[VTX-1..6]`: header, signature, detached payload. docs/spec/vertex.md. */

import { compareBytes, equalBytes, toHex } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import { ok, type Result, refuse } from '../codec/result.ts';
import {
  bytes,
  choice,
  hash32,
  type Infer,
  int,
  key32,
  list,
  record,
  signature64,
  timeMs,
} from '../codec/schema.ts';
import { type Signer, SUITE, signDigest, verifyDigests } from '../crypto/ed25519.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import { batch, checkBatch, encodedBatchHash } from './batch.ts';
import { callPayloadHash, commitPart, signedCall } from './call.ts';
import { checkOffence, offence, offenceBytesMax, offencePayloadHash } from './offence.ts';

export const vertexKinds = ['readings', 'transaction', 'witness', 'evidence', 'anchor'] as const;
export type VertexKind = (typeof vertexKinds)[number];

export const vertexHeader = record('vertex', {
  suite: int(0, 255),
  network: hash32,
  author: key32,
  /** 1 for an author's first vertex. */
  sequence: int(1),
  /** Id of the author's vertex `sequence − 1`; zero for the first `[VTX-2]`. */
  previous: hash32,
  /** Id of the newest certified header the author knew `[VTX-3]`. */
  checkpoint: hash32,
  parents: list(hash32, limits.witnessParentsMax),
  /** The author's clock, ms: a claim. */
  time: timeMs,
  kind: choice(...vertexKinds),
  payloadHash: hash32,
});
export type VertexHeader = Infer<typeof vertexHeader>;

const NO_PAYLOAD = new Uint8Array(0);

/** Marks of msgpack: a short array of so many, byte strings with a length of one byte and of two. */
const ARRAY_OF = 0x90;
const BIN8 = 0xc4;
const BIN16 = 0xc5;

/** What travels and is stored. An empty payload means: not carried here. */
export const vertexEnvelope = record('vertex-envelope', {
  header: bytes(limits.vertexHeaderBytesMax),
  signature: signature64,
  payload: bytes(limits.batchBytesMax),
});
export type VertexEnvelope = Infer<typeof vertexEnvelope>;

/** A vertex whose shape and signature were checked. */
export interface Vertex extends VertexHeader {
  readonly id: Uint8Array;
  /** `id` in hexadecimal, the key of every index. */
  readonly key: string;
  readonly authorKey: string;
  readonly headerBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly payload: Uint8Array;
}

export function vertexId(headerBytes: Uint8Array): Uint8Array {
  return hash('vertex', headerBytes);
}

export function signVertex(
  header: Omit<VertexHeader, 'suite' | 'author'>,
  payload: Uint8Array,
  signer: Signer,
): Vertex {
  // Last, so that a header taken from another vertex does not bring its author along.
  const full = { ...header, suite: SUITE, author: signer.publicKey };
  // Fixed positions: `encode` goes by the schema's order, not by the object's.
  const headerBytes = vertexHeader.encode(full);
  const id = vertexId(headerBytes);
  return makeVertex(full, headerBytes, signDigest(signer, 'vertex-signature', header.network, id), payload);
}

export function encodeVertex({ headerBytes, signature, payload }: Vertex): Uint8Array {
  return vertexEnvelope.encode({ header: headerBytes, signature, payload });
}

/** Where the author stands in the header of a vertex of our suite, and which bytes come before it. */
const AUTHOR_AT = 38;

/**
 * The author that an envelope names, without decoding it: a view. `undefined` where it cannot be seen at once; where it is
 * there, `decodeVertex` either gives the same or refuses.
 */
export function peekAuthor(envelope: Uint8Array): Uint8Array | undefined {
  // [header, signature, payload]; a header has more than 255 bytes, or fewer.
  const start = envelope[1] === BIN8 ? 3 : 4;
  const isVertex =
    envelope[0] === ARRAY_OF + 3 &&
    (envelope[1] === BIN8 || envelope[1] === BIN16) &&
    envelope[start] === ARRAY_OF + vertexHeader.fieldNames.length &&
    envelope[start + 1] === SUITE &&
    envelope[start + AUTHOR_AT - 2] === BIN8 &&
    envelope[start + AUTHOR_AT - 1] === 32 &&
    envelope.length >= start + AUTHOR_AT + 32;
  return isVertex ? envelope.subarray(start + AUTHOR_AT, start + AUTHOR_AT + 32) : undefined;
}

/** Decodes without checking: for vertices that this node checked before it stored them, and before `checkVertex`. */
export function decodeVertex(envelopeBytes: Uint8Array): Result<Vertex> {
  const envelope = vertexEnvelope.decode(envelopeBytes);
  if (!envelope.ok) return envelope;
  // The vertex keeps the bytes of its header, so its fields need none of their own.
  const header = vertexHeader.decodeShared(envelope.value.header, limits.vertexHeaderBytesMax);
  if (!header.ok) return header;
  return ok(
    makeVertex(header.value, envelope.value.header, envelope.value.signature, envelope.value.payload),
  );
}

/**
 * Everything about a foreign vertex that its own bytes decide: shape, suite, network, parents, payload, signature
 * `[ADM-1]`. What its ancestors decide is checked when it becomes solid (dag/open-dag.ts).
 */
export function checkVertex(vertex: Vertex, network: Uint8Array): Result<Vertex> {
  return checkVertices([vertex], network)[0]!;
}

/** `checkVertex` of each; the signatures of vertices that came together are verified together. */
export function checkVertices(vertices: readonly Vertex[], network: Uint8Array): Result<Vertex>[] {
  const shapes = vertices.map((vertex) => checkShape(vertex, network));
  const shaped = vertices.filter((_, place) => shapes[place]!.ok);
  const verified = verifyDigests(
    shaped.map(({ signature, id, author }) => ({ signature, body: id, publicKey: author })),
    'vertex-signature',
    network,
  );
  let next = 0;
  return vertices.map((vertex, place) => {
    if (!shapes[place]!.ok) return shapes[place]!;
    if (!verified[next++]) return refuse('E_SIG', { vertex: vertex.key, author: vertex.authorKey });
    const payload = checkPayload(vertex, network);
    return payload.ok ? ok(vertex) : payload;
  });
}

function checkShape(vertex: Vertex, network: Uint8Array): Result<Vertex> {
  if (vertex.suite !== SUITE) return refuse('E_SUITE', { suite: vertex.suite });
  if (!equalBytes(vertex.network, network)) return refuse('E_NETWORK', { network: toHex(vertex.network) });
  return checkParents(vertex);
}

function checkParents(vertex: Vertex): Result<Vertex> {
  const most = vertex.kind === 'witness' ? limits.witnessParentsMax : limits.parentsMax;
  if (vertex.parents.length > most) return refuse('E_PARENTS', { count: vertex.parents.length, limit: most });
  for (let i = 1; i < vertex.parents.length; i++) {
    if (compareBytes(vertex.parents[i - 1]!, vertex.parents[i]!) >= 0)
      return refuse('E_PARENTS', { reason: 'not ascending' });
  }
  const first = vertex.sequence === 1;
  if (first !== equalBytes(vertex.previous, zero32))
    return refuse('E_CHAIN', { sequence: vertex.sequence, vertex: vertex.key });
  return ok(vertex);
}

/** A payload that is carried must be the one committed to; transactions must carry theirs `[VTX-6]`. */
export function checkPayload(
  { kind, payload, payloadHash }: Pick<Vertex, 'kind' | 'payload' | 'payloadHash'>,
  network: Uint8Array,
): Result<void> {
  const good = ok(undefined);
  const mismatch = refuse('E_PAYLOAD', { kind });
  switch (kind) {
    case 'witness':
      return payload.length === 0 && equalBytes(payloadHash, zero32) ? good : mismatch;
    case 'transaction': {
      const call = signedCall.decode(payload, limits.callBytesMax);
      if (!call.ok) return call;
      const { header, parts } = call.value;
      const opened = parts.every((part, index) => equalBytes(commitPart(part), header.parts[index]!));
      return opened && equalBytes(callPayloadHash(call.value), payloadHash) ? good : mismatch;
    }
    case 'readings': {
      if (payload.length === 0) return good;
      const decoded = batch.decodeShared(payload, limits.batchBytesMax);
      if (!decoded.ok) return decoded;
      const checked = checkBatch(decoded.value);
      if (!checked.ok) return checked;
      return equalBytes(encodedBatchHash(payload), payloadHash) ? good : mismatch;
    }
    case 'evidence': {
      const claimed = offence.decode(payload, offenceBytesMax);
      if (!claimed.ok) return claimed;
      const checked = checkOffence(claimed.value, network);
      if (!checked.ok) return checked;
      return equalBytes(offencePayloadHash(payload), payloadHash) ? good : mismatch;
    }
    default:
      // Anchors have no rules yet: nothing may take effect that nobody checks.
      return refuse('E_PAYLOAD', { kind, reason: 'kind not in use' });
  }
}

function makeVertex(
  header: VertexHeader,
  headerBytes: Uint8Array,
  signature: Uint8Array,
  payload: Uint8Array,
): Vertex {
  const id = vertexId(headerBytes);
  return { ...header, id, key: toHex(id), authorKey: toHex(header.author), headerBytes, signature, payload };
}

/** Ids of everything a vertex stands on: its parents and, unless it is its author's first, `previous`. */
export function ancestorsOf({ previous, parents, sequence }: VertexHeader): readonly Uint8Array[] {
  if (sequence === 1 || parents.some((parent) => equalBytes(parent, previous))) return parents;
  return [previous, ...parents];
}

/** The same vertex without its payload. */
export function withoutPayload(vertex: Vertex): Vertex {
  return vertex.payload.length === 0 ? vertex : { ...vertex, payload: NO_PAYLOAD };
}

/** A vertex as the DAG keeps it and nodes send it: batches of readings stay with those who serve them `[VTX-6]`. */
export function withoutReadings(vertex: Vertex): Vertex {
  return vertex.kind === 'readings' ? withoutPayload(vertex) : vertex;
}
