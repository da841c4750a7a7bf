/** Whether a stored vertex holds its payload `[VTX-6]`: a record is replaced only by one that carries what it lacks. */

import { invariant } from '../../consensus/codec/result.ts';

/** A list of three byte strings; each begins with a byte that says how many bytes of length follow it. */
const LIST_OF_THREE = 0x93;
const LENGTH_BYTES = new Map([
  [0xc4, 1],
  [0xc5, 2],
  [0xc6, 4],
]);

/** `envelope` is canonical: it was checked when it came. Only the lengths in it are read. */
export function carriesPayload(envelope: Uint8Array): boolean {
  invariant(envelope[0] === LIST_OF_THREE, 'a vertex to be stored is no envelope');
  let at = 1;
  for (const _ of ['header', 'signature']) at += sizeAt(envelope, at);
  return sizeAt(envelope, at) > 2;
}

/** Bytes of the byte string at `at`, what says its length included. */
function sizeAt(envelope: Uint8Array, at: number): number {
  const bytes = LENGTH_BYTES.get(envelope[at]!);
  invariant(bytes !== undefined, 'a vertex to be stored is no envelope');
  let length = 0;
  for (let i = 1; i <= bytes; i++) length = length * 256 + envelope[at + i]!;
  return 1 + bytes + length;
}
