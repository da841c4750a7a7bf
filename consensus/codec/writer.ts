/**
 * Canonical msgpack, writing side `[ENC-1]`: arrays, integers in their shortest form, printable ASCII and byte
 * strings; no maps, floats, nil, booleans or extension types. docs/spec/encoding.md.
 */

const NONE = new Uint8Array(0);
const INITIAL_BYTES = 1_024;
/** A buffer that outgrew this is not kept for the next writer. */
const SPARE_BYTES_MAX = 64 << 10;

/** The buffer of a writer that has finished, for the next one: most values are small, and there are many. */
let spare: Uint8Array<ArrayBuffer> | undefined;

export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor() {
    this.#bytes = spare ?? new Uint8Array(INITIAL_BYTES);
    spare = undefined;
  }

  /** The bytes written, copied; nothing can be written afterwards. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length);
    if (this.#bytes.length <= SPARE_BYTES_MAX) spare = this.#bytes;
    this.#bytes = NONE;
    this.#length = 0;
    return written;
  }

  array(length: number): void {
    if (length < 16) this.#byte(0x90 | length);
    else this.#sized(0xdc, length, 2);
  }

  /** A safe integer, in the shortest of msgpack's forms. */
  int(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`"value" expected a safe integer, got ${value}`);
    if (value >= 0) {
      if (value < 0x80) this.#byte(value);
      else if (value < 0x100) this.#sized(0xcc, value, 1);
      else if (value < 0x10000) this.#sized(0xcd, value, 2);
      else if (value < 0x100000000) this.#sized(0xce, value, 4);
      else this.#wide(0xcf, value);
    } else if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#sized(0xd0, value, 1);
    else if (value >= -0x8000) this.#sized(0xd1, value, 2);
    else if (value >= -0x80000000) this.#sized(0xd2, value, 4);
    else this.#wide(0xd3, value);
  }

  /** Printable ASCII; checked by the caller's schema. */
  text(value: string): void {
    const length = value.length;
    if (length < 32) this.#byte(0xa0 | length);
    else if (length < 0x100) this.#sized(0xd9, length, 1);
    else this.#sized(0xda, length, 2);
    this.#reserve(length);
    for (let i = 0; i < length; i++) this.#bytes[this.#length + i] = value.charCodeAt(i);
    this.#length += length;
  }

  bytes(value: Uint8Array): void {
    const length = value.length;
    if (length < 0x100) this.#sized(0xc4, length, 1);
    else if (length < 0x10000) this.#sized(0xc5, length, 2);
    else this.#sized(0xc6, length, 4);
    this.#reserve(length);
    this.#bytes.set(value, this.#length);
    this.#length += length;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A type byte and a big-endian value of 1, 2 or 4 bytes (two's complement when negative). */
  #sized(type: number, value: number, size: 1 | 2 | 4): void {
    this.#reserve(1 + size);
    this.#bytes[this.#length++] = type;
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8)
      this.#bytes[this.#length++] = (value >>> shift) & 0xff;
  }

  /** 64-bit forms: high word by floor division, so that negative numbers become two's complement. */
  #wide(type: number, value: number): void {
    const high = Math.floor(value / 0x100000000);
    this.#sized(type, high, 4);
    const low = value - high * 0x100000000;
    this.#reserve(4);
    for (let shift = 24; shift >= 0; shift -= 8) this.#bytes[this.#length++] = (low >>> shift) & 0xff;
  }
}
