/**
 * The form of a message between banks `[MSG-3]` `[MSG-4]`: how its text is padded, what the ledger commits to, and what the
 * sealing binds it to. The sealing itself needs randomness, and is a node's. docs/spec/messages.md.
 */

import { asciiBytes, concatBytes, uint32Bytes } from '../codec/bytes.ts';
import { hash32, type Infer, int, key32, record } from '../codec/schema.ts';
import { hash } from '../crypto/hash.ts';

/** Longest text of each size class, bytes. */
export const sizeClasses = [256, 1 << 10, 4 << 10, 16 << 10, 64 << 10] as const;
export const messageBytesMax: number = sizeClasses.at(-1)!;

const SALT_BYTES = 32;
const LEI_BYTES = 20;
const LEI = /^[0-9A-Z]{20}$/;
const LENGTH_BYTES = 4;
const HEAD_BYTES = SALT_BYTES + LEI_BYTES + LENGTH_BYTES;
/** The encapsulated key before the sealed body, and the tag behind it. */
const SEAL_BYTES = 32 + 16;

export const sizeClass = int(0, sizeClasses.length - 1);
export const ciphertextBytesMax: number = ciphertextBytes(sizeClasses.length - 1);

/** What a ciphertext opens under, and nothing else. */
export const messageContext = record('message-context', {
  network: hash32,
  sender: hash32,
  recipient: hash32,
  /** The recipient's message key. */
  key: key32,
  size: sizeClass,
  content: hash32,
  proof: hash32,
});
export type MessageContext = Infer<typeof messageContext>;

export interface MessageBody {
  readonly salt: Uint8Array;
  /** Of the sender. */
  readonly lei: string;
  readonly text: Uint8Array;
}

/** The least class that has room for so many bytes of text. */
export function sizeClassOf(length: number): number {
  const size = sizeClasses.findIndex((most) => length <= most);
  if (size < 0) throw new RangeError(`"text" expected at most ${messageBytesMax} bytes, got ${length}`);
  return size;
}

export function ciphertextBytes(size: number): number {
  return SEAL_BYTES + HEAD_BYTES + sizeClasses[size]!;
}

export function encodeBody({ salt, lei, text }: MessageBody): Uint8Array {
  const padding = new Uint8Array(sizeClasses[sizeClassOf(text.length)]! - text.length);
  const leiBytes = asciiBytes(lei);
  if (salt.length !== SALT_BYTES || leiBytes.length !== LEI_BYTES)
    throw new TypeError(`"salt" and "lei" expected ${SALT_BYTES} and ${LEI_BYTES} bytes`);
  return concatBytes(salt, leiBytes, uint32Bytes(text.length), text, padding);
}

/** `undefined` where it is not what `encodeBody` makes in this class. */
export function decodeBody(body: Uint8Array, size: number): MessageBody | undefined {
  const most = sizeClasses[size]!;
  if (body.length !== HEAD_BYTES + most) return undefined;
  const length = new DataView(body.buffer, body.byteOffset).getUint32(SALT_BYTES + LEI_BYTES);
  if (length > most || sizeClassOf(length) !== size) return undefined;
  if (body.subarray(HEAD_BYTES + length).some((byte) => byte !== 0)) return undefined;
  const lei = String.fromCharCode(...body.subarray(SALT_BYTES, SALT_BYTES + LEI_BYTES));
  if (!LEI.test(lei)) return undefined;
  return { salt: body.slice(0, SALT_BYTES), lei, text: body.slice(HEAD_BYTES, HEAD_BYTES + length) };
}

export const ciphertextHash = (ciphertext: Uint8Array): Uint8Array => hash('message-ciphertext', ciphertext);

/** Commits to what the message says; who has salt and text can show it. */
export const contentHash = (salt: Uint8Array, text: Uint8Array): Uint8Array =>
  hash('message-content', salt, text);

/** What only who has opened the body can show; it tells nothing of the salt. */
export const openingOf = (salt: Uint8Array): Uint8Array => hash('message-opening', salt);

/** What the ledger compares an opening with. */
export const openingProof = (opening: Uint8Array): Uint8Array => hash('message-opening', opening);
