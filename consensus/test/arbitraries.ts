/** Random, valid values for property tests, and keys that are the same in every run. */

import { getPublicKey, sign } from '@noble/ed25519';
import fc from 'fast-check';
import { concatBytes } from '../codec/bytes.ts';
import type { Signer } from '../crypto/ed25519.ts';
import { hashBytes } from '../crypto/primitives.ts';
import { type Decimal, parseDecimal } from '../vertex/decimal.ts';
import type { Frame } from '../vertex/frame.ts';
import { type QuantityName, quantities, quantityNames } from '../vertex/quantities.ts';

/** `length` bytes that all have the value `byte`. */
export const repeat = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte);

/** SHA-256 of a number: distinct, well spread, the same in every run. */
export const hashOf = (number: number): Uint8Array =>
  hashBytes(Uint8Array.of(number >>> 16, number >>> 8, number));

/** A copy of `bytes` with the bits of `mask` flipped at `position`. */
export function flipped(bytes: Uint8Array, position: number, mask = 1): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[position]! ^= mask;
  return copy;
}

export function without(bytes: Uint8Array, from: number, count: number): Uint8Array {
  return concatBytes(bytes.subarray(0, from), bytes.subarray(from + count));
}

/** A copy of `list` with `count` items from `at` on replaced by `items`. */
export function spliced<T>(list: readonly T[], at: number, count: number, ...items: readonly T[]): T[] {
  return [...list.slice(0, at), ...items, ...list.slice(at + count)];
}

/** The signer whose secret is 32 times `byte`. */
export function signerOf(byte: number): Signer {
  const secret = repeat(byte);
  return { publicKey: getPublicKey(secret), sign: (message) => sign(message, secret) };
}

/** Records as our own code makes them; fast-check would otherwise mix in some without a prototype. */
export const plainRecord = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true });

export const byteString = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength });

export const ascii = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength,
    maxLength,
  });

/** Where msgpack changes from one form of integer to the next, from both sides. */
export const integerEdges: readonly number[] = [
  0x20,
  0x7f,
  0x80,
  0xff,
  0x7fff,
  0x8000,
  0xffff,
  0x7fffffff,
  0x80000000,
  0xffffffff,
  Number.MAX_SAFE_INTEGER,
].flatMap((edge) =>
  [edge - 1, edge, Math.min(edge + 1, Number.MAX_SAFE_INTEGER)].flatMap((near) => [near, -near]),
);

export const safeInteger: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(...integerEdges),
  fc.maxSafeInteger(),
);

/** A possible value of the quantity, with a few digits after the point. */
function amountOf(name: QuantityName): fc.Arbitrary<Decimal> {
  const { min, max } = quantities[name];
  return fc
    .tuple(fc.double({ min, max, noNaN: true }), fc.integer({ min: 0, max: 4 }))
    .map(([value, digits]) => value.toFixed(digits))
    .filter((text) => Number(text) >= min && Number(text) <= max)
    .map((text) => parseDecimal(text)!);
}

export const readingArbitrary = fc
  .constantFrom(...quantityNames)
  .chain((quantity) => amountOf(quantity).map((value) => ({ quantity, value })));

export const frameArbitrary: fc.Arbitrary<Frame> = plainRecord({
  device: fc.oneof(fc.constantFrom('urn:dev:1', 'urn:dev:2', '8004000000000001'), ascii(1, 64)),
  session: fc.oneof(fc.constant(''), ascii(1, 16)),
  counter: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  time: fc.nat({ max: 2e12 }),
  readings: fc.array(readingArbitrary, { minLength: 1, maxLength: 6 }),
  signature: fc.oneof(fc.constant(new Uint8Array(0)), byteString(64, 64)),
});

/** Frames that are distinct by (device, session, counter), in no particular order. */
export const framesArbitrary = (maxLength: number): fc.Arbitrary<Frame[]> =>
  fc.uniqueArray(frameArbitrary, {
    minLength: 1,
    maxLength,
    selector: ({ device, session, counter }) => JSON.stringify([device, session, counter]),
  });

/** The `number`-th frame of a plain climate sensor: what most frames look like. */
export function climateFrame(number: number, device = 'urn:dev:mac:0024befffe804ff1'): Frame {
  return {
    device,
    session: '',
    counter: number,
    time: 1_767_225_600_000 + 60_000 * number,
    readings: [
      { quantity: 'temperature', value: { mantissa: 201 + (number % 7), exponent: -1 } },
      { quantity: 'humidity', value: { mantissa: 455, exponent: -1 } },
    ],
    signature: new Uint8Array(64).fill(number),
  };
}
