/** The verifier's parts, compiled for their tests (assembly/internals.ts), and the field in big integers. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compileNow, instantiate } from '../crypto/zip215/webassembly.ts';
import { P } from './odd-signatures.ts';

/** Arguments are places in memory, but for lanes, lengths and counts. */
interface Internals {
  readonly memory: { readonly buffer: ArrayBuffer };
  add(r: number, a: number, b: number): void;
  addAndSubtract(sum: number, difference: number, a: number, b: number): void;
  carry(r: number, a: number): void;
  decode(r: number, bytes: number): void;
  encode(bytes: number, a: number): void;
  invert(r: number, a: number, t: number): void;
  multiply(r: number, a: number, b: number): void;
  powerForRoot(r: number, a: number, t: number): void;
  square(r: number, a: number): void;
  multiplyQuads(r: number, a: number, b: number): void;
  squareQuads(r: number, a: number): void;
  addQuads(r: number, a: number, b: number): void;
  subtractQuads(r: number, a: number, b: number): void;
  chooseQuads(r: number, mask: number, a: number, b: number): void;
  negateLanes(a: number, mask: number): void;
  decodeLane(quad: number, lane: number, bytes: number): void;
  fieldOfLane(r: number, quad: number, lane: number): void;
  powerForRootOfQuad(r: number, a: number, t: number): void;
  prepareBase(): void;
  decompress(q: number, bytes: number): number;
  decompressFour(q: number, bytes: number): number;
  addCached(r: number, p: number, q: number): void;
  subtractCached(r: number, p: number, q: number): void;
  addPoints(r: number, p: number, q: number): void;
  double(r: number, p: number): void;
  fromAffineCached(p: number, q: number): void;
  hasSmallOrder(p: number): number;
  writeBothMultiples(table: number, point: number, count: number): void;
  addProduct(sum: number, z: number, k: number): void;
  clear(a: number): void;
  decodeLimbs(r: number, bytes: number, limbs: number): void;
  isBelowOrder(bytes: number): number;
  negateScalar(bytes: number): void;
  reduce(bytes: number, a: number): void;
  openHash(): void;
  absorb(bytes: number, length: number): void;
  closeHash(digest: number): void;
}

/** Places from 0x100000 on are free for the caller: they are the entries of kept keys, which the parts do not use. */
export function loadInternals(): Internals {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-zip215-'));
  try {
    const file = join(folder, 'internals.wasm');
    execFileSync(process.execPath, [resolve('tooling/build-wasm.mjs'), '--internals', file]);
    return instantiate(compileNow(readFileSync(file))) as Internals;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const modP = (value: bigint): bigint => ((value % P) + P) % P;

export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = modP(base), rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % P)
    if (rest & 1n) result = (result * square) % P;
  return result;
}
