/**
 * The bare loop: what a node must do to a vertex whatever else it does. Strict decoding, the id's hash, the signature,
 * and a synced batch for each 256 vertices. docs/spec/bench.md, *The limit*.
 */

import { equalBytes } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { verifyZip215 } from '../../consensus/crypto/primitives.ts';
import { decodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { verifyFast } from '../../node/crypto/native.ts';
import { openDatabase } from '../../node/level/database.ts';

export const BATCH_VERTICES = 256;

/** Of many vertices at once: true if all signatures hold. */
export interface BareVerifier {
  readonly name: string;
  verifyAll(vertices: readonly Vertex[], network: Uint8Array): boolean;
}

const signedDigest = ({ id }: Vertex, network: Uint8Array): Uint8Array =>
  hash('vertex-signature', network, id);

/** The verifiers of this build, best first. */
export const verifiers: readonly BareVerifier[] = [
  {
    name: 'OpenSSL, one at a time',
    verifyAll: (vertices, network) =>
      vertices.every((vertex) => verifyFast(vertex.signature, signedDigest(vertex, network), vertex.author)),
  },
  {
    name: 'portable, one at a time',
    verifyAll: (vertices, network) =>
      vertices.every((vertex) =>
        verifyZip215(vertex.signature, signedDigest(vertex, network), vertex.author),
      ),
  },
];

/** Takes all envelopes through the loop, into a database of its own. Throws when one of them is not good. */
export async function runBareLoop(
  envelopes: readonly Uint8Array[],
  network: Uint8Array,
  directory: string,
  verifier: BareVerifier = verifiers[0]!,
): Promise<void> {
  const db = await openDatabase(directory);
  try {
    for (let at = 0; at < envelopes.length; at += BATCH_VERTICES) {
      const group = envelopes.slice(at, at + BATCH_VERTICES);
      const vertices = group.map((envelope) => demandVertex(envelope, network));
      if (!verifier.verifyAll(vertices, network))
        throw new Error('a vertex of the bare loop has a bad signature');
      const batch = db.batch();
      for (const [place, envelope] of group.entries()) batch.put(keyOf(at + place), envelope);
      await batch.write({ sync: true });
    }
  } finally {
    await db.close();
  }
}

function demandVertex(envelope: Uint8Array, network: Uint8Array): Vertex {
  const decoded = decodeVertex(envelope);
  if (!decoded.ok) throw new Error(`a vertex of the bare loop does not decode: ${decoded.code}`);
  if (!equalBytes(decoded.value.network, network))
    throw new Error('a vertex of the bare loop is of another network');
  return decoded.value;
}

/** Ascending, as the store's own. */
function keyOf(ordinal: number): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setUint32(4, ordinal);
  return key;
}
