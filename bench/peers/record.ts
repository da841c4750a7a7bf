/** The record at the peer: a transaction of 250 bytes, `id=value`, signed by its author. kvstore takes just one `=`. */

import type { Signer } from '../../consensus/crypto/ed25519.ts';

export const RECORD_BYTES = 250;
const ID_CHARS = 17;
/** In Base64url without padding, three bytes in four characters: 174 bytes in 232. */
const VALUE_BYTES = ((RECORD_BYTES - ID_CHARS - 1) / 4) * 3;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const BODY_BYTES = VALUE_BYTES - KEY_BYTES - SIGNATURE_BYTES;

/** Unlike for every lane and number. */
export function recordId(lane: number, number: number): string {
  return lane.toString(16).padStart(2, '0') + number.toString(16).padStart(ID_CHARS - 2, '0');
}

export function makeRecord(lane: number, number: number, author: Signer): Buffer {
  const id = recordId(lane, number);
  const body = Buffer.alloc(BODY_BYTES, number & 0xff);
  body.write(id, 'latin1');
  const value = Buffer.concat([author.publicKey, author.sign(body), body]);
  return Buffer.from(`${id}=${value.toString('base64url')}`, 'latin1');
}

/** The same record, but for one bit of its signature. */
export function forgeRecord(record: Buffer): Buffer {
  const value = Buffer.from(record.toString('latin1', ID_CHARS + 1), 'base64url');
  value[KEY_BYTES]! ^= 1;
  return Buffer.from(`${idOf(record)}=${value.toString('base64url')}`, 'latin1');
}

/** Of a transaction in a block. */
export function idOf(transaction: Buffer): string {
  return transaction.toString('latin1', 0, ID_CHARS);
}
