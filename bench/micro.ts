/**
 * Costs of the single operations a node repeats, on this machine now: `npm run bench`. Prints its conditions; medians
 * of several rounds. The figures are for ratios within one run.
 */

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { uint32Bytes } from '../consensus/codec/bytes.ts';
import { hash, zero32 } from '../consensus/crypto/hash.ts';
import { verifyZip215 } from '../consensus/crypto/primitives.ts';
import { MerkleMap } from '../consensus/merkle/map.ts';
import { leafHash, treeRoot } from '../consensus/merkle/tree.ts';
import { batchHash, makeBatch } from '../consensus/vertex/batch.ts';
import { signFrame } from '../consensus/vertex/frame.ts';
import { checkVertex, decodeVertex, encodeVertex, signVertex } from '../consensus/vertex/vertex.ts';
import { installNativePrimitives, nativeSigner } from '../node/crypto/native.ts';

const ROUNDS = 7;
const ROUND_MS = 150;
const MAP_KEYS = 100_000;

interface Row {
  readonly operation: string;
  readonly perSecond: number;
  /** Fastest and slowest round around the median. */
  readonly spread: readonly [least: number, most: number];
}

/** Rounds of at least ROUND_MS; the median round counts. */
function measure(operation: string, run: () => unknown): Row {
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const startMs = performance.now();
    let count = 0;
    while (performance.now() - startMs < ROUND_MS) {
      for (let i = 0; i < 16; i++) run();
      count += 16;
    }
    // The first round warms up.
    if (round > 0) rates.push((1_000 * count) / (performance.now() - startMs));
  }
  rates.sort((a, b) => a - b);
  return {
    operation,
    perSecond: Math.round(rates[ROUNDS >> 1]!),
    spread: [Math.round(rates[0]!), Math.round(rates.at(-1)!)],
  };
}

function operations(): Row[] {
  installNativePrimitives();
  const signer = nativeSigner(hash('salt', uint32Bytes(1)));
  const network = hash('network', uint32Bytes(1));
  const frames = Array.from({ length: 32 }, (_, counter) =>
    signFrame(
      {
        device: 'urn:dev:os:32473-bench',
        session: '',
        counter,
        time: 1_700_000_000_000 + counter,
        readings: [{ quantity: 'temperature', value: { mantissa: 215, exponent: -1 } }],
      },
      network,
      signer,
    ),
  );
  const batch = makeBatch(frames, hash('salt', uint32Bytes(2)));
  const parents = [1, 2, 3, 4]
    .map((n) => hash('vertex', uint32Bytes(n)))
    .sort((a, b) => Buffer.compare(a, b));
  const header = {
    network,
    sequence: 1,
    previous: zero32,
    checkpoint: zero32,
    parents,
    time: 1_700_000_000_000,
    kind: 'readings' as const,
    payloadHash: batchHash(batch),
  };
  const vertex = signVertex(header, new Uint8Array(0), signer);
  const envelope = encodeVertex(vertex);
  const digest = hash('vertex-signature', network, vertex.id);
  const bytes300 = new Uint8Array(300).fill(7);
  const leaves = Array.from({ length: 256 }, (_, i) => leafHash(uint32Bytes(i)));
  const path = (i: number) => hash('map-path', uint32Bytes(i));
  const map = MerkleMap.empty.update(
    Array.from({ length: MAP_KEYS }, (_, i) => ({ path: path(i), valueHash: leaves[i % 256]! })),
  );
  let next = 0;
  return [
    measure('hash 300 B', () => hash('vertex', bytes300)),
    measure('sign', () => signer.sign(digest)),
    measure('verify', () => verifyZip215(vertex.signature, digest, signer.publicKey)),
    measure('encode vertex, 4 parents', () => encodeVertex(vertex)),
    measure('decode vertex, 4 parents', () => decodeVertex(envelope)),
    measure('decode and check vertex', () => {
      const decoded = decodeVertex(envelope);
      return decoded.ok && checkVertex(decoded.value, network);
    }),
    measure('batch of 32 frames: root', () => batchHash(batch)),
    measure('tree of 256 leaves: root', () => treeRoot(leaves)),
    measure(
      `map of ${MAP_KEYS} keys: update one`,
      () => map.update([{ path: path(next++ % MAP_KEYS), valueHash: leaves[next % 256]! }]).root,
    ),
    measure(`map of ${MAP_KEYS} keys: prove one`, () => map.prove(path(next++ % MAP_KEYS))),
  ];
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const rows = operations();
const conditions = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  rounds: ROUNDS,
  roundMs: ROUND_MS,
};
if (values.json) process.stdout.write(`${JSON.stringify({ conditions, rows })}\n`);
else {
  process.stdout.write(
    `Node ${conditions.node}, ${conditions.cores} × ${conditions.cpu}; median of ${ROUNDS} rounds of ${ROUND_MS} ms, one core\n`,
  );
  for (const { operation, perSecond, spread } of rows) {
    process.stdout.write(
      `${operation.padEnd(34)} ${String(perSecond).padStart(9)} /s   (${spread[0]}–${spread[1]})\n`,
    );
  }
}
