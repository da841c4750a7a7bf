/** Byte-string basics shared by every room: hex, order, joining. No Buffer, so that they run anywhere. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const DIGITS = Uint8Array.from({ length: 16 }, (_, digit) => digit.toString(16).charCodeAt(0));
/** Characters of a hash or key, the two things that are written most; filled anew for each. */
const hashCharacters = new Array<number>(64).fill(0);

/** Lower-case hexadecimal of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length === 32) return hashHex(bytes);
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i]!];
  return text;
}

/** As `toHex`, in one piece: a string that was put together has to be flattened before any map can look it up. */
function hashHex(bytes: Uint8Array): string {
  for (let i = 0; i < 32; i++) {
    hashCharacters[2 * i] = DIGITS[bytes[i]! >>> 4]!;
    hashCharacters[2 * i + 1] = DIGITS[bytes[i]! & 15]!;
  }
  return String.fromCharCode.apply(null, hashCharacters);
}

/** Bytes of a hexadecimal string, or `undefined` when it is not one (odd length, other characters). */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Lexicographic order of byte strings: negative, zero or positive. The only order used in anything hashed. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Bytes of a printable-ASCII string. Our own constants only; foreign text goes through the decoder. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e)
      throw new TypeError(`"text" expected printable ASCII, got ${JSON.stringify(text)}`);
    bytes[i] = code;
  }
  return bytes;
}

/** Four-byte big-endian form of an unsigned 32-bit integer. */
export function uint32Bytes(value: number): Uint8Array {
  return Uint8Array.of((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}
