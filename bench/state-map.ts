/** What an update of the state map costs as the state grows `[CKP-1]`: time, how it scales, and memory. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { uint32Bytes } from '../consensus/codec/bytes.ts';
import { hash } from '../consensus/crypto/hash.ts';
import { type MapUpdate, MerkleMap } from '../consensus/merkle/map.ts';
import { type Cost, cpuUs, measureCost } from './rounds.ts';

export interface MapRow {
  readonly objects: number;
  /** One object changed in one update. */
  readonly single: Cost;
  /** Of one object, when a checkpoint changes `BATCH` at once. */
  readonly batched: Cost;
  /** CPU time to build the map. */
  readonly buildMs: number;
  /** Heap that the map takes, for each object. */
  readonly bytesPerObject: number;
}

export const BATCH = 1_000;
const CHUNK = 50_000;

export interface MapResult {
  readonly rows: readonly MapRow[];
  /** d log(µs) / d log(objects), by least squares: 0 is constant, 1 is linear; of single and of batched updates. */
  readonly exponents: { readonly single: number; readonly batched: number };
}

export function measureMap(
  sizes: readonly number[],
  rounds: { readonly rounds: number; readonly roundMs: number },
): MapResult {
  const rows = sizes.map((objects) => measureSize(objects, rounds));
  const slope = (cost: (row: MapRow) => Cost) =>
    exponentOf(rows.map((row) => [Math.log(row.objects), Math.log(cost(row).medianUs)]));
  return {
    rows,
    exponents: { single: slope(({ single }) => single), batched: slope(({ batched }) => batched) },
  };
}

const pathAt = (i: number): Uint8Array => hash('map-path', uint32Bytes(i));
const valueHashAt = (i: number): Uint8Array => hash('object-value', uint32Bytes(i));

function measureSize(objects: number, rounds: { readonly rounds: number; readonly roundMs: number }): MapRow {
  const before = heapBytes();
  let buildMs = 0;
  let map = MerkleMap.empty;
  for (let from = 0; from < objects; from += CHUNK) {
    const updates = changes(from, Math.min(CHUNK, objects - from), objects, 0);
    const startUs = cpuUs();
    map = map.update(updates);
    buildMs += (cpuUs() - startUs) / 1_000;
  }
  const bytesPerObject = (heapBytes() - before) / objects;
  let turn = 0;
  // What a checkpoint does: the changed map takes the place of the one before.
  const update = (count: number) => () => {
    turn += 1;
    map = map.update(changes(turn * count * 7_919, count, objects, turn));
    return map.root;
  };
  const batch = Math.min(BATCH, objects);
  const single = measureCost(update(1), rounds);
  const whole = measureCost(update(batch), rounds);
  const each = (us: number): number => us / batch;
  const batched = {
    ...{ medianUs: each(whole.medianUs), leastUs: each(whole.leastUs), mostUs: each(whole.mostUs) },
  };
  return { objects, single, batched, buildMs, bytesPerObject };
}

/** Changes of `count` objects from number `from` on, around the end; another value each turn. Their hashing counts too. */
function changes(from: number, count: number, objects: number, turn: number): MapUpdate[] {
  return Array.from({ length: count }, (_, i) => ({
    path: pathAt((from + i) % objects),
    valueHash: valueHashAt(turn * 31 + i),
  }));
}

function exponentOf(points: readonly (readonly [number, number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, at]) => at)];
  const above = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0);
  return above / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
}

let collect: (() => void) | undefined;

/** Heap in use after a full collection: external memory counts, since hashes may lie there. */
function heapBytes(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose_gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
