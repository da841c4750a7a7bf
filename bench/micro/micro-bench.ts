/** `tally bench micro`: what each operation costs that a node repeats for every vertex, on one core. */

import { join } from 'node:path';
import { verify } from '@noble/ed25519';
import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { verifyZip215 } from '../../consensus/crypto/primitives.ts';
import { MerkleMap } from '../../consensus/merkle/map.ts';
import { inclusionPath, leafHash, treeLevels, treeRoot } from '../../consensus/merkle/tree.ts';
import { batchHash, makeBatch } from '../../consensus/vertex/batch.ts';
import { signFrame } from '../../consensus/vertex/frame.ts';
import { checkVertex, decodeVertex, encodeVertex, signVertex } from '../../consensus/vertex/vertex.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { openDatabase } from '../../node/level/database.ts';
import { rounded } from '../../sim/experiments/experiment.ts';
import { BATCH_VERTICES } from '../limit/bare-loop.ts';
import { readConditions } from '../output/conditions.ts';
import type { Findings } from '../output/findings.ts';
import { inScratch } from '../output/scratch.ts';
import { type Spread, spreadOf } from '../output/statistics.ts';

const ROUNDS = 7;
const ROUND_MS = 150;
const MAP_KEYS = 100_000;

interface Row {
  readonly operation: string;
  readonly perSecond: Spread;
}

/** Rounds of at least ROUND_MS; by CPU time of the process, since what others do meanwhile is no cost of ours. */
function measure(operation: string, run: () => unknown): Row {
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const startMs = performance.now();
    const cpuBefore = process.cpuUsage();
    let count = 0;
    while (performance.now() - startMs < ROUND_MS) {
      for (let i = 0; i < 16; i++) run();
      count += 16;
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    // The first round warms up.
    if (round > 0) rates.push((1e6 * count) / (user + system));
  }
  return { operation, perSecond: spreadOf(rates) };
}

/** A synced batch of so many envelopes, each counted for itself; by the wall, since the disk is waited for. */
async function measureStore(directory: string, envelope: Uint8Array): Promise<Row> {
  const db = await openDatabase(directory);
  const rates: number[] = [];
  let ordinal = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const startMs = performance.now();
    let count = 0;
    while (performance.now() - startMs < ROUND_MS) {
      const batch = db.batch();
      for (let i = 0; i < BATCH_VERTICES; i++) batch.put(uint32Bytes(ordinal++), envelope);
      await batch.write({ sync: true });
      count += BATCH_VERTICES;
    }
    if (round > 0) rates.push((1_000 * count) / (performance.now() - startMs));
  }
  await db.close();
  return { operation: `store, synced batches of ${BATCH_VERTICES}`, perSecond: spreadOf(rates) };
}

async function operations(directory: string): Promise<Row[]> {
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
    measure('verify (portable)', () => verify(vertex.signature, digest, signer.publicKey, { zip215: true })),
    measure('encode vertex, 4 parents', () => encodeVertex(vertex)),
    measure('decode vertex, 4 parents', () => decodeVertex(envelope)),
    measure('decode and check vertex', () => {
      const decoded = decodeVertex(envelope);
      return decoded.ok && checkVertex(decoded.value, network);
    }),
    measure('batch of 32 frames: root', () => batchHash(batch)),
    measure('tree of 256 leaves: root', () => treeRoot(leaves)),
    measure('tree of 256 leaves: prove one', () => inclusionPath(treeLevels(leaves), next++ % 256)),
    measure(
      `map of ${MAP_KEYS} keys: update one`,
      () => map.update([{ path: path(next++ % MAP_KEYS), valueHash: leaves[next % 256]! }]).root,
    ),
    measure(`map of ${MAP_KEYS} keys: prove one`, () => map.prove(path(next++ % MAP_KEYS))),
    await measureStore(directory, envelope),
  ];
}

/** `names` in the settings: what all rates are divided by for the history, since it depends on this code least. */
const YARDSTICK = 'hash 300 B';

export async function benchMicro(options: { readonly directory: string | undefined }): Promise<Findings> {
  installNativePrimitives();
  return inScratch(options.directory, async ({ folder: home }) => {
    const conditions = await readConditions(home);
    const rows = await operations(join(home, 'store'));
    const yardstick = rows.find(({ operation }) => operation === YARDSTICK)!.perSecond.median;
    const ratios = rows.filter(({ operation }) => operation !== YARDSTICK);
    return {
      ...{ bench: 'micro', conditions, settings: { rounds: ROUNDS, roundMs: ROUND_MS, mapKeys: MAP_KEYS } },
      figures: { rows },
      ratios: Object.fromEntries(
        ratios.map(({ operation, perSecond }) => [operation, rounded(perSecond.median / yardstick, 5)]),
      ),
      tables: [
        {
          title: `Operations a second of CPU (the store: of time), median of ${ROUNDS} rounds of ${ROUND_MS} ms`,
          columns: ['operation', 'a second', 'least', 'greatest', `of "${YARDSTICK}"`],
          rows: rows.map(({ operation, perSecond: { median, least, greatest } }) => [
            ...[operation, median, least, greatest, rounded(median / yardstick, 3)],
          ]),
        },
      ],
      ...{ plots: [], notes: [], faults: [] },
    };
  });
}
