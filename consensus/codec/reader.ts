/**
 * Canonical msgpack, reading side `[ENC-1]` `[ENC-2]`: strict and bounded. It accepts exactly one encoding per
 * value; every length is checked against what is left before anything is allocated. docs/spec/encoding.md.
 *
 * Methods throw `DecodeError`; only `schema.decode` calls them and turns the error into a refusal, so that
 * nothing foreign throws past this room.
 */

import type { Facts } from './result.ts';

export class DecodeError extends Error {
  readonly facts: Facts;
  constructor(reason: string, facts: Facts = {}) {
    super(reason);
    this.facts = { reason, ...facts };
  }
}

const NONE = new Uint8Array(0);

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #shares: boolean;
  #offset = 0;

  /** `shares`: byte strings are views of `bytes`, which must never change then and stay as long as any of them. */
  constructor(bytes: Uint8Array, shares = false) {
    this.#shares = shares;
    // Of a Buffer `slice` would be a view, and change when the receive buffer is used again.
    this.#bytes =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get offset(): number {
    return this.#offset;
  }

  /** Demands that nothing is left over. */
  end(): void {
    if (this.#offset !== this.#bytes.length)
      this.#fail('bytes left over', { left: this.#bytes.length - this.#offset });
  }

  /** Length of an array; at most `lengthMax`, and no more than bytes are left (an item has one byte or more). */
  array(lengthMax: number): number {
    const type = this.#byte();
    let length: number;
    if (type >= 0x90 && type <= 0x9f) length = type & 0x0f;
    else if (type === 0xdc) {
      length = this.#uint(2);
      if (length < 16) this.#fail('array length not in shortest form');
    } else this.#fail('expected an array', { type });
    if (length > lengthMax) this.#fail('array longer than its limit', { length, limit: lengthMax });
    if (length > this.#bytes.length - this.#offset) this.#fail('array longer than the frame', { length });
    return length;
  }

  int(): number {
    const type = this.#byte();
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xcc:
        return this.#shortest(this.#uint(1), 0x80);
      case 0xcd:
        return this.#shortest(this.#uint(2), 0x100);
      case 0xce:
        return this.#shortest(this.#uint(4), 0x10000);
      case 0xcf: {
        const high = this.#uint(4);
        if (high > 0x1fffff) this.#fail('integer beyond 2^53-1');
        return this.#shortest(high * 0x100000000 + this.#uint(4), 0x100000000);
      }
      case 0xd0:
        return -this.#shortest(0x100 - this.#uint(1), 0x21, 0x80);
      case 0xd1:
        return -this.#shortest(0x10000 - this.#uint(2), 0x81, 0x8000);
      case 0xd2:
        return -this.#shortest(0x100000000 - this.#uint(4), 0x8001, 0x80000000);
      case 0xd3: {
        const high = this.#uint(4) - 0x100000000;
        if (high < -0x200000) this.#fail('integer beyond -(2^53-1)');
        const value = high * 0x100000000 + this.#uint(4);
        if (!Number.isSafeInteger(value)) this.#fail('integer beyond -(2^53-1)');
        return -this.#shortest(-value, 0x80000001);
      }
      default:
        return this.#fail('expected an integer', { type });
    }
  }

  /** Printable ASCII of at most `lengthMax` characters. */
  text(lengthMax: number): string {
    const type = this.#byte();
    let length: number;
    if (type >= 0xa0 && type <= 0xbf) length = type & 0x1f;
    else if (type === 0xd9) length = this.#shortest(this.#uint(1), 32);
    else if (type === 0xda) length = this.#shortest(this.#uint(2), 0x100);
    else this.#fail('expected text', { type });
    const start = this.#take(length, lengthMax);
    let text = '';
    for (let i = start; i < start + length; i++) {
      const code = this.#bytes[i]!;
      if (code < 0x20 || code > 0x7e) this.#fail('text is not printable ASCII', { code });
      text += String.fromCharCode(code);
    }
    return text;
  }

  /** A byte string of `lengthMin` to `lengthMax` bytes; copied, unless it is shared, so that it does not keep the frame alive. */
  bytes(lengthMin: number, lengthMax: number): Uint8Array {
    const type = this.#byte();
    let length: number;
    if (type === 0xc4) length = this.#uint(1);
    else if (type === 0xc5) length = this.#shortest(this.#uint(2), 0x100);
    else if (type === 0xc6) length = this.#shortest(this.#uint(4), 0x10000);
    else this.#fail('expected a byte string', { type });
    if (length < lengthMin) this.#fail('byte string shorter than its limit', { length, limit: lengthMin });
    const start = this.#take(length, lengthMax);
    if (length === 0) return NONE;
    return this.#shares
      ? this.#bytes.subarray(start, start + length)
      : this.#bytes.slice(start, start + length);
  }

  /** The bytes of the next value, whatever it is, as a view. For bytes that were decoded before: only lengths are looked at. */
  value(): Uint8Array {
    const start = this.#offset;
    for (let left = 1; left > 0; left--) {
      const type = this.#byte();
      if (type < 0x80 || type >= 0xe0) continue;
      if (type >= 0x90 && type <= 0x9f) left += type & 0x0f;
      else if (type >= 0xa0 && type <= 0xbf) this.#skip(type & 0x1f);
      else if (type === 0xdc) left += this.#uint(2);
      else if (type === 0xc4 || type === 0xd9) this.#skip(this.#uint(1));
      else if (type === 0xc5 || type === 0xda) this.#skip(this.#uint(2));
      else if (type === 0xc6) this.#skip(this.#uint(4));
      else if (type >= 0xcc && type <= 0xd3) this.#skip(2 ** (type & 3));
      else this.#fail('expected a value', { type });
    }
    return this.#bytes.subarray(start, this.#offset);
  }

  #skip(length: number): void {
    this.#take(length, length);
  }

  #take(length: number, lengthMax: number): number {
    if (length > lengthMax) this.#fail('longer than its limit', { length, limit: lengthMax });
    if (length > this.#bytes.length - this.#offset) this.#fail('longer than the frame', { length });
    const start = this.#offset;
    this.#offset += length;
    return start;
  }

  #byte(): number {
    if (this.#offset >= this.#bytes.length) this.#fail('frame ends early');
    return this.#bytes[this.#offset++]!;
  }

  #uint(size: 1 | 2 | 4): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 0x100 + this.#byte();
    return value;
  }

  /** Refuses a magnitude that a shorter form could hold, or that a signed form cannot. */
  #shortest(magnitude: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
    if (magnitude < least || magnitude > most) this.#fail('integer or length not in shortest form');
    return magnitude;
  }

  #fail(reason: string, facts: Facts = {}): never {
    throw new DecodeError(reason, { ...facts, offset: this.#offset });
  }
}
