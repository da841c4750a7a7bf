/** Which X25519 public keys may be stated: every secret shared with a point of small order is zero (RFC 7748 §6.1). */

import { toHex } from '../codec/bytes.ts';

/** Little-endian u-coordinates of the points of small order, canonical ones. */
const smallOrder: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Why a key may not be stated, or `undefined` when it may. Two encodings of one point would be two keys. */
export function exchangeKeyDefect(publicKey: Uint8Array): string | undefined {
  if (publicKey.length !== 32) return `expected 32 bytes, got ${publicKey.length}`;
  if (!isCanonical(publicKey)) return 'non-canonical encoding';
  return smallOrder.has(toHex(publicKey)) ? 'point of small order' : undefined;
}

/** Below 2^255 − 19, little-endian. */
function isCanonical(publicKey: Uint8Array): boolean {
  if (publicKey[31]! > 0x7f) return false;
  const isHigh = publicKey[31] === 0x7f && publicKey.subarray(1, 31).every((byte) => byte === 0xff);
  return !isHigh || publicKey[0]! < 0xed;
}
