/**
 * Keys of the database: a letter for the kind, then fixed-width big-endian numbers or a hash, so that byte order is
 * the order of arrival, of height, or of path. Bodies are keyed by a running ordinal because sequential keys cost a
 * third of the writes that random ones do; a small index leads from the id to the ordinal.
 */

import { toHex } from '../../consensus/codec/bytes.ts';

const kinds = {
  meta: 'm',
  /** Id of a confirmed or buried vertex → where its body lies and where it was confirmed. */
  index: 'i',
  /** Ordinal → encoded envelope. */
  body: 'b',
  /** Ordinal → id of an open vertex. */
  open: 'o',
  checkpoint: 'c',
  /** Id of a certified header → its height. */
  header: 'n',
  object: 's',
  history: 'h',
  vote: 'v',
  /** Height → why it was decided. */
  decision: 'd',
  /** Epoch → the change of committee that ended it. */
  change: 'e',
  /** Id of a call → the call, whose signatures are being gathered. */
  pending: 'p',
  /** Id of a message → what is known of it. */
  message: 'l',
  /** Id of a message → its ciphertext. */
  sealed: 'x',
} as const;
export type Kind = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as Kind[];

const kindOf = new Map(Object.entries(kinds).map(([kind, letter]) => [letter.charCodeAt(0), kind as Kind]));

function makeKey(kind: Kind, length: number): Uint8Array {
  const key = new Uint8Array(1 + length);
  key[0] = kinds[kind].charCodeAt(0);
  return key;
}

function writeNumber(key: Uint8Array, offset: number, value: number): void {
  let rest = value;
  for (let place = offset + 7; place >= offset; place--) {
    key[place] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** The number of eight bytes that begins at `offset` of a key. */
export function readNumber(key: Uint8Array, offset: number): number {
  const view = new DataView(key.buffer, key.byteOffset);
  return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
}

function numberKey(kind: Kind, value: number): Uint8Array {
  const key = makeKey(kind, 8);
  writeNumber(key, 1, value);
  return key;
}

function bytesKey(kind: Kind, bytes: Uint8Array): Uint8Array {
  const key = makeKey(kind, bytes.length);
  key.set(bytes, 1);
  return key;
}

export const metaKey: Uint8Array = makeKey('meta', 0);
export const bodyKey = (ordinal: number): Uint8Array => numberKey('body', ordinal);
export const openKey = (ordinal: number): Uint8Array => numberKey('open', ordinal);
export const checkpointKey = (height: number): Uint8Array => numberKey('checkpoint', height);
export const decisionKey = (height: number): Uint8Array => numberKey('decision', height);
export const changeKey = (epoch: number): Uint8Array => numberKey('change', epoch);
/** `id` in hexadecimal. */
export const headerKey = (id: string): Uint8Array => bytesKey('header', idBytes(id));
export const objectKey = (path: Uint8Array): Uint8Array => bytesKey('object', path);

/** `id` in hexadecimal, as the ports name vertices. */
export function indexKey(id: string): Uint8Array {
  return bytesKey('index', idBytes(id));
}

/** `id` of a call, in hexadecimal. */
export function pendingKey(id: string): Uint8Array {
  return bytesKey('pending', idBytes(id));
}

/** `id` of a message, in hexadecimal. */
export const messageKey = (id: string): Uint8Array => bytesKey('message', idBytes(id));
export const sealedKey = (id: string): Uint8Array => bytesKey('sealed', idBytes(id));

/** Bytes of an id in hexadecimal; Node's own parser, since a checkpoint has thousands of them. */
export function idBytes(id: string): Uint8Array {
  const bytes = Buffer.from(id, 'hex');
  if (bytes.length === 32 && id.length === 64) return bytes;
  throw new TypeError(`"key" expected 64 hexadecimal characters, got ${JSON.stringify(id)}`);
}

export function historyKey(level: number, index: number): Uint8Array {
  const key = makeKey('history', 9);
  key[1] = level;
  writeNumber(key, 2, index);
  return key;
}

/** Votes lie in order of height, then of writing. */
export function voteKey(height: number, sequence: number): Uint8Array {
  const key = makeKey('vote', 16);
  writeNumber(key, 1, height);
  writeNumber(key, 9, sequence);
  return key;
}

/** Bounds of all keys of a kind. */
export function rangeOf(kind: Kind): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const lt = makeKey(kind, 0);
  lt[0]! += 1;
  return { gte: makeKey(kind, 0), lt };
}

/** `body 42`, `object 3fa9…`: a key in an error message. */
export function describeKey(key: Uint8Array): string {
  const kind = kindOf.get(key[0]!) ?? 'unknown';
  if (['body', 'open', 'checkpoint', 'decision', 'change'].includes(kind))
    return `${kind} ${readNumber(key, 1)}`;
  if (kind === 'vote') return `vote ${readNumber(key, 9)} of height ${readNumber(key, 1)}`;
  if (kind === 'history') return `history node ${readNumber(key, 2)} of level ${key[1]}`;
  return `${kind} ${toHex(key.subarray(1))}`.trim();
}
