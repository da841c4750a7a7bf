/**
 * Reads the subset of CBOR (RFC 8949) that SenML uses: strict, bounded, without recursion on foreign depth.
 *
 * cbor-x writes our packs but does not read foreign ones. With every option off it still builds record
 * definitions, regular expressions, sets and cyclic values from bytes, takes the last of two equal keys, and
 * reads the float32 16777215 as 16777220 when asked to drop float noise.
 */

import { DecodeError } from '../../consensus/codec/reader.ts';
import type { Facts } from '../../consensus/codec/result.ts';
import type { Scalar } from './labels.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const INDEFINITE = -1;
const TAG_DECIMAL_FRACTION = 4;

/** What heads every item: its major type and its argument. */
interface Head {
  readonly major: number;
  /** Value, length or tag number; for major type 7 the simple value; `INDEFINITE` for an open array or map. */
  readonly argument: number;
  readonly info: number;
}

/** Methods throw `DecodeError`; cbor.ts turns it into a refusal. */
export class CborReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  end(): void {
    if (this.#offset !== this.#bytes.length) this.#fail('bytes left over');
  }

  /** Calls `item` for each of at most `most` items of an array. */
  array(most: number, item: () => void): void {
    this.#container(4, most, item);
  }

  /** Calls `entry` for each of at most `most` entries of a map; it reads key and value. */
  map(most: number, entry: () => void): void {
    this.#container(5, most, entry);
  }

  /** An integer or a text. */
  key(): number | string {
    const head = this.#head();
    if (head.major > 1 && head.major !== 3) this.#fail('expected a label');
    return this.#scalar(head) as number | string;
  }

  scalar(): Scalar {
    return this.#scalar(this.#head());
  }

  #container(major: number, most: number, item: () => void): void {
    const head = this.#head();
    if (head.major !== major) this.#fail(major === 4 ? 'expected an array' : 'expected a map');
    let count = 0;
    for (; head.argument === INDEFINITE ? !this.#break() : count < head.argument; count++) {
      if (count === most) this.#fail('more items than its limit', { limit: most });
      item();
    }
  }

  #scalar(head: Head): Scalar {
    switch (head.major) {
      case 0:
        return head.argument;
      case 1:
        return -1 - head.argument;
      case 2:
        return new Uint8Array(this.#take(head.argument));
      case 3:
        return this.#text(head.argument);
      case 6:
        return this.#decimalFraction(head.argument);
      case 7:
        return this.#simple(head);
      default:
        return this.#fail('a value may not hold others');
    }
  }

  #text(length: number): string {
    try {
      return utf8.decode(this.#take(length));
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      return this.#fail('text is not UTF-8');
    }
  }

  /** Tag 4: `[exponent, mantissa]`. */
  #decimalFraction(tag: number): number {
    if (tag !== TAG_DECIMAL_FRACTION) this.#fail('tag not in use', { tag });
    const parts: number[] = [];
    this.array(2, () => {
      const head = this.#head();
      if (head.major > 1) this.#fail('expected an integer');
      parts.push(this.#scalar(head) as number);
    });
    const [exponent, mantissa] = parts;
    if (exponent === undefined || mantissa === undefined) return this.#fail('expected exponent and mantissa');
    return this.#finite(Number(`${mantissa}e${exponent}`));
  }

  #simple({ info, argument }: Head): number | boolean {
    switch (info) {
      case 20:
      case 21:
        return argument === 21;
      case 25:
        return this.#finite(float16(argument));
      case 26:
        return this.#finite(shortestOfFloat32(this.#view.getFloat32(this.#offset - 4)));
      case 27:
        return this.#finite(this.#view.getFloat64(this.#offset - 8));
      default:
        return this.#fail('simple value not in use', { value: argument });
    }
  }

  #head(): Head {
    const initial = this.#take(1)[0]!;
    const major = initial >> 5;
    const info = initial & 31;
    if (info < 24) return { major, info, argument: info };
    if (info === 31 && (major === 4 || major === 5)) return { major, info, argument: INDEFINITE };
    if (info > 27) this.#fail('length not in use', { info });
    let argument = 0;
    for (const byte of this.#take(1 << (info - 24))) argument = argument * 256 + byte;
    if (major !== 7 && !Number.isSafeInteger(argument)) this.#fail('integer beyond 2^53-1');
    return { major, info, argument };
  }

  #break(): boolean {
    if (this.#bytes[this.#offset] !== 0xff) return false;
    this.#offset++;
    return true;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#offset) this.#fail('ends early');
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  #finite(value: number): number {
    return Number.isFinite(value) ? value : this.#fail('not a finite number');
  }

  #fail(reason: string, facts: Facts = {}): never {
    throw new DecodeError(reason, { ...facts, offset: this.#offset });
  }
}

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/**
 * The double whose shortest decimal is the shortest decimal of a float32: a small sensor that says 23.1 in
 * 32 bits means 23.1, not 23.100000381469727.
 */
function shortestOfFloat32(value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
