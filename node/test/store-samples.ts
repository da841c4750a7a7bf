/** Made-up records for tests of the store: canonical in shape, meaningless in content. */

import type { Certificate } from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import type { StoredObject } from '../../consensus/contracts/object.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { vertexEnvelope } from '../../consensus/vertex/vertex.ts';
import type { CheckpointRecord, Store, VertexRecord } from '../ports.ts';

export const hash32Of = (kind: 'vertex' | 'header' | 'map-path', number: number): Uint8Array =>
  hash(kind, uint32Bytes(number));
export const idOf = (number: number): string => toHex(hash32Of('vertex', number));

/** Vertex `number`, with a payload of `payloadBytes`. */
export function vertexOf(number: number, payloadBytes: number): VertexRecord {
  const signature = new Uint8Array(64).fill(number);
  const payload = new Uint8Array(payloadBytes).fill(number + 1);
  const envelope = vertexEnvelope.encode({ header: hash32Of('vertex', number), signature, payload });
  return { key: idOf(number), envelope };
}

export function headerOf(height: number): Header {
  const some = hash32Of('header', height);
  const place = {
    suite: 1,
    network: some,
    epoch: 0,
    height,
    previous: some,
    time: 1_000 * height,
    anchor: some,
  };
  const roots = { outcomesRoot: some, outcomesCount: 0, stateRoot: some, historyRoot: some };
  // In the schema's order, so that what is read back prints alike.
  return { ...place, ...roots, committeeHash: some, nextCommitteeHash: some };
}

const certificateOf = (height: number): Certificate => ({
  height,
  view: 0,
  quorum: { bitmap: Uint8Array.of(7), signatures: [new Uint8Array(64).fill(height)] },
});

export function objectOf(number: number): StoredObject {
  const part = { salt: new Uint8Array(32), value: uint32Bytes(number) };
  return { type: 'sample', id: hash32Of('map-path', number), parts: [part, part, part] };
}

/** Each checkpoint drops the decision of so many heights before. */
export const DECISIONS_KEPT = 1_024;

/** Confirms `numbers`, puts the objects `put`, removes `removed`, and completes one history node. */
export function checkpointOf(
  height: number,
  numbers: readonly number[],
  put: readonly number[] = [],
  removed: readonly number[] = [],
): CheckpointRecord {
  return {
    header: headerOf(height),
    certificate: certificateOf(height),
    outcomes: numbers.map((number) => ({
      id: hash32Of('vertex', number),
      code: 0,
      conflict: new Uint8Array(32),
    })),
    vertices: numbers.map(idOf),
    changes: [
      ...put.map((number) => ({ path: hash32Of('map-path', number), object: objectOf(number) })),
      ...removed.map((number) => ({ path: hash32Of('map-path', number), object: undefined })),
    ],
    historyNodes: [{ level: 0, index: height, hash: hash32Of('header', height) }],
    committeeChange: height % 5 === 0 ? uint32Bytes(height) : undefined,
    decision: height % 2 === 0 ? undefined : uint32Bytes(height),
    droppedDecisions: height > DECISIONS_KEPT ? [height - DECISIONS_KEPT] : [],
  };
}

/** Everything that can be asked of a store about vertices below `vertices` and heights up to `heights`. */
export async function dumpStore(store: Store, vertices: number, heights: number): Promise<string> {
  const asked: unknown[] = [await store.load(), await store.pruned()];
  asked.push(await store.stage(), await store.firstHeight());
  for (let number = 0; number < vertices; number++) {
    const id = idOf(number);
    asked.push([await store.vertex(id), await store.position(id), await store.message(id)]);
  }
  for (let height = 1; height <= heights; height++) {
    asked.push([
      ...[await store.checkpoint(height), await store.historyNode(0, height), await store.decision(height)],
      await store.committeeChange(height),
      await store.headerHeight(toHex(headerId(headerOf(height)))),
    ]);
  }
  return JSON.stringify(
    asked,
    (_, value) => (value instanceof Uint8Array ? toHex(value) : (value ?? null)),
    1,
  );
}
