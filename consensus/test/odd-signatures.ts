/** Signatures that no honest signer makes: from points and scalars, with torsion, small order and odd encodings. */

import { verify as nobleVerify, Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, fromHex, toHex } from '../codec/bytes.ts';
import { flipped, hashOf } from './arbitraries.ts';

export const { n: L, p: P } = Point.CURVE();

export function littleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'))!.reverse();
}
export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
}

/** The eight points of small order: the multiples of one of order 8. */
function smallOrderPoints(): Point[] {
  for (let i = 0; ; i++) {
    let candidate: Point;
    try {
      candidate = Point.fromBytes(hashOf(i), true);
    } catch {
      continue;
    }
    const torsion = candidate.multiply(L - 1n).add(candidate);
    if (torsion.double().double().is0()) continue;
    const points = [Point.ZERO];
    while (points.length < 8) points.push(points.at(-1)!.add(torsion));
    return points;
  }
}
export const torsion = smallOrderPoints();

/** Every way of writing a point in 32 bytes: y also as y + p where that fits, x = 0 also with a sign. */
function encodingsOf(point: Point): Uint8Array[] {
  const canonical = point.toBytes();
  const sign = canonical[31]! & 0x80;
  const { x, y } = point.toAffine();
  const signs = x === 0n ? [0, 0x80] : [sign];
  const numbers = y < 19n ? [y, y + P] : [y];
  return numbers.flatMap((number) => signs.map((bit) => flipped(littleEndian(number), 31, bit)));
}
export const smallOrderEncodings = torsion.flatMap(encodingsOf);

/** A signature that satisfies the cofactored equation for the bytes given as R and as the key. */
export function forge(
  R: Uint8Array,
  r: bigint,
  key: Uint8Array,
  secret: bigint,
  message: Uint8Array,
): Uint8Array {
  const k = numberOf(sha512(concatBytes(R, key, message))) % L;
  return concatBytes(R, littleEndian((r + k * secret) % L));
}

/** What noble says under ZIP-215; it throws on bytes that are no point, which is a no. */
export function nobleSays(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return nobleVerify(signature, message, publicKey, { zip215: true });
  } catch {
    return false;
  }
}
