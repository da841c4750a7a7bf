/** Signed vertices as the outbox keeps them, with their proofs once they are final. */

import { invariant } from '../../consensus/codec/result.ts';
import { batch } from '../../consensus/vertex/batch.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import { decodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { type Database, del, keyOf, type Operation, put } from './database.ts';
import { decodeOwn, type SettledProof, settledProof, signedVertex } from './records.ts';

/** A signed vertex that the outbox holds. */
export interface OutboxVertex {
  readonly vertex: Vertex;
  readonly envelope: Uint8Array;
  /** When each frame of the batch came, in the batch's order. */
  readonly receivedMs: readonly number[];
}

/** One that can be read again: `settled` is absent while it is in flight. */
export interface StoredVertex extends OutboxVertex {
  readonly settled: SettledProof | undefined;
}

export function storeVertex(signed: OutboxVertex): Operation[] {
  const { sequence, id } = signed.vertex;
  return [
    put(keyOf('vertex', sequence), signedVertex.encode(signed)),
    put(keyOf('index', id), keyOf('vertex', sequence).subarray(1)),
  ];
}

export function storeProof(sequence: number, settled: SettledProof): Operation {
  return put(keyOf('proof', sequence), settledProof.encode(settled));
}

export function dropVertex({ sequence, id }: Vertex): Operation[] {
  return [del(keyOf('vertex', sequence)), del(keyOf('proof', sequence)), del(keyOf('index', id))];
}

export function readVertex(database: Database, sequence: number): StoredVertex | undefined {
  const value = database.get(keyOf('vertex', sequence));
  if (value === undefined) return undefined;
  const proof = database.get(keyOf('proof', sequence));
  return {
    ...openVertex(value, sequence),
    settled: proof && decodeOwn(settledProof, proof, `the proof of vertex ${sequence}`),
  };
}

export function findSequence(database: Database, id: Uint8Array): number | undefined {
  const value = database.get(keyOf('index', id));
  return value && Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0));
}

/** The vertices from `from` to `to`, `to` excluded: a chain without a gap, or the outbox is damaged. */
export async function readChain(database: Database, from: number, to: number): Promise<OutboxVertex[]> {
  const values = await database.values('vertex', from, to);
  invariant(
    values.length === to - from,
    `${to - from - values.length} signed vertices are missing in the outbox`,
  );
  return values.map((value, index) => openVertex(value, from + index));
}

function openVertex(value: Uint8Array, sequence: number): OutboxVertex {
  const { envelope, receivedMs } = decodeOwn(signedVertex, value, `vertex ${sequence}`);
  const decoded = decodeVertex(envelope);
  invariant(decoded.ok, `vertex ${sequence} in the outbox is damaged`);
  return { vertex: decoded.value, envelope, receivedMs };
}

/** The frames of a vertex of our own; a call has none. */
export function framesIn(vertex: Vertex): readonly Frame[] {
  if (vertex.kind !== 'readings') return [];
  return decodeOwn(batch, vertex.payload, `the batch of vertex ${vertex.sequence}`).frames;
}
