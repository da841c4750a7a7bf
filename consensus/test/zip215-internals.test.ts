/**
 * The verifier's field, scalars and SHA-512 against big integers and noble, at the edges of what their comments promise:
 * whole signatures hardly ever come near those. What lies in the lanes of vectors: zip215-lanes.test.ts.
 */

import { sha512 } from '@noble/hashes/sha2.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { L, numberOf, P } from './odd-signatures.ts';
import { Chance } from './walk-random.ts';
import { loadInternals, modP, power } from './zip215-parts.ts';

const internals = suite('zip215 internals');
const wasm = loadInternals();
const view = new DataView(wasm.memory.buffer);
const bytes = new Uint8Array(wasm.memory.buffer);
const chance = new Chance(7);

// Places far above what the module itself uses.
const [A, B, R, T, IN, OUT] = [0x100000, 0x100100, 0x100200, 0x100300, 0x101000, 0x102000];
const LIMB_BITS = 29n;
const REDUCED = 2 ** 28 + 2 ** 16;

function valueAt(place: number): bigint {
  let value = 0n;
  for (let i = 8; i >= 0; i--) value = (value << LIMB_BITS) + BigInt(view.getInt32(place + 4 * i, true));
  return value;
}

const isReduced = (place: number): boolean =>
  Array.from({ length: 9 }, (_, i) => view.getInt32(place + 4 * i, true)).every(
    (limb) => Math.abs(limb) <= REDUCED,
  );

/** Limbs of a weight: most of them at its very edge. */
function writeLimbs(place: number, weight: number): void {
  const edge = Math.min(weight * REDUCED, 2 ** 31 - 1);
  for (let i = 0; i < 9; i++) {
    const limb = chance.pick([edge, edge, -edge, -edge, 0, Math.floor((chance.next() / 2 ** 32) * edge)]);
    view.setInt32(place + 4 * i, limb, true);
  }
}

function writeNumber(place: number, value: bigint, length: number): void {
  bytes.fill(0, place, place + length + 8);
  for (let i = 0; i < length; i++) bytes[place + i] = Number((value >> BigInt(8 * i)) & 255n);
}
const numberAt = (place: number, length: number): bigint => numberOf(bytes.slice(place, place + length));

function drawNumber(bits: number): bigint {
  let value = 0n;
  for (let i = 0; i < bits; i += 32) value = (value << 32n) | BigInt(chance.next());
  return value & ((1n << BigInt(bits)) - 1n);
}

const edgesOfField = [
  0n,
  1n,
  2n,
  18n,
  19n,
  P - 2n,
  P - 1n,
  P,
  P + 1n,
  P + 18n,
  1n << 254n,
  (1n << 232n) - 1n,
];

internals('products and squares are right up to weights whose product is 14, and come out reduced', () => {
  for (let round = 0; round < 4_000; round++) {
    const [a, b] = chance.pick([
      [1, 1],
      [2, 2],
      [4, 3],
      [3, 4],
      [3, 3],
      [2, 7],
      [7, 2],
      [1, 7],
    ] as const);
    writeLimbs(A, a);
    writeLimbs(B, b);
    wasm.multiply(R, A, B);
    assert.is(modP(valueAt(R)), modP(valueAt(A) * valueAt(B)));
    assert.ok(isReduced(R));
    writeLimbs(A, 3.7);
    wasm.square(R, A);
    assert.is(modP(valueAt(R)), modP(valueAt(A) ** 2n));
    assert.ok(isReduced(R));
    const before = valueAt(A);
    wasm.multiply(A, A, A);
    assert.is(valueAt(A), valueAt(R), 'a result may lie where an argument lies');
    assert.is(modP(valueAt(A)), modP(before ** 2n));
  }
});

internals('a carry reduces limbs of any weight that fits, and encoding finds the one number below p', () => {
  for (let round = 0; round < 4_000; round++) {
    writeLimbs(A, chance.pick([1, 2, 3, 7.9]));
    wasm.encode(OUT, A);
    assert.is(numberAt(OUT, 32), modP(valueAt(A)));
    wasm.carry(R, A);
    assert.is(modP(valueAt(R)), modP(valueAt(A)));
    assert.ok(isReduced(R));
  }
});

const LEAST_DIGITS = [0n, 1n - (1n << 29n), -(1n << 28n), -19n, 1n << 30n, -(1n << 31n)];

internals('the numbers around a multiple of p are encoded right, however their limbs are spread', () => {
  for (let times = -3n; times <= 3n; times++) {
    for (let more = -20n; more <= 40n; more++) {
      for (let spread = 0; spread < 12; spread++) {
        let rest = times * P + more;
        for (let i = 0; i < 9; i++) {
          // Digits of 29 bits, counted from 0 or from another least one, as far out as an i32 reaches.
          const least = LEAST_DIGITS[spread < 6 ? spread : chance.below(6)]!;
          const limb =
            i === 8 ? rest : ((((rest - least) % (1n << 29n)) + (1n << 29n)) % (1n << 29n)) + least;
          view.setInt32(A + 4 * i, Number(limb), true);
          rest = (rest - limb) >> LIMB_BITS;
        }
        assert.is(valueAt(A), times * P + more);
        wasm.encode(OUT, A);
        assert.is(numberAt(OUT, 32), modP(more), `${times}p + ${more}, spread ${spread}`);
      }
    }
  }
});

internals('decoding takes every number below 2^255, without the top bit', () => {
  for (let round = 0; round < 2_000; round++) {
    const value = edgesOfField[round] ?? drawNumber(255);
    writeNumber(IN, value | (BigInt(round & 1) << 255n), 32);
    wasm.decode(A, IN);
    assert.is(modP(valueAt(A)), modP(value));
    assert.ok(isReduced(A));
    wasm.encode(OUT, A);
    assert.is(numberAt(OUT, 32), modP(value));
  }
});

internals('sums and differences', () => {
  for (let round = 0; round < 200; round++) {
    writeLimbs(A, 2);
    writeLimbs(B, 2);
    const [a, b] = [valueAt(A), valueAt(B)];
    wasm.addAndSubtract(R, T, A, B);
    assert.equal([valueAt(R), valueAt(T)], [a + b, a - b]);
    wasm.addAndSubtract(B, A, A, B);
    assert.equal([valueAt(B), valueAt(A)], [a + b, a - b], 'in place');
  }
});

internals('inverses, and the power that roots are made of', () => {
  for (const value of [...edgesOfField, ...Array.from({ length: 40 }, () => drawNumber(255))]) {
    writeNumber(IN, value, 32);
    wasm.decode(A, IN);
    wasm.invert(R, A, T);
    wasm.encode(OUT, R);
    assert.is(numberAt(OUT, 32), power(value, P - 2n));
    wasm.powerForRoot(R, A, T);
    wasm.encode(OUT, R);
    assert.is(numberAt(OUT, 32), power(value, (P - 5n) / 8n));
  }
});

internals('numbers of up to 512 bits modulo L', () => {
  const edges = [0n, 1n, 2n, 3n, 1n << 128n, (1n << 259n) - 1n].flatMap((times) =>
    [-2n, -1n, 0n, 1n, 2n].flatMap((more) => [times * L + more, times * (1n << 252n) + more]),
  );
  const drawn = Array.from({ length: 6_000 }, (_, i) => drawNumber([512, 391, 300, 256, 253, 252][i % 6]!));
  for (const value of [...edges, (1n << 512n) - 1n, ...drawn]) {
    if (value < 0n || value >= 1n << 512n) continue;
    writeNumber(IN, value, 64);
    wasm.decodeLimbs(A, IN, 19);
    wasm.reduce(OUT, A);
    assert.is(numberAt(OUT, 40), value % L, `${value}`);
  }
});

internals('a sum of 1,024 products, the greatest there are among them', () => {
  for (let round = 0; round < 8; round++) {
    wasm.clear(R);
    let sum = 0n;
    for (let i = 0; i < 1_024; i++) {
      const greatest = round === 0 || i % 3 === 0;
      const [z, k] = greatest ? [(1n << 128n) - 1n, L - 1n] : [drawNumber(128), drawNumber(256) % L];
      writeNumber(IN, z, 16);
      wasm.decodeLimbs(A, IN, 5);
      writeNumber(IN, k, 32);
      wasm.decodeLimbs(B, IN, 10);
      wasm.addProduct(R, A, B);
      sum += z * k;
    }
    wasm.reduce(OUT, R);
    assert.is(numberAt(OUT, 40), sum % L);
  }
});

internals('the negative of a scalar, and which numbers are below L', () => {
  const edges = [
    0n,
    1n,
    L - 1n,
    L >> 1n,
    (1n << 64n) - 1n,
    (1n << 128n) - 1n,
    1n << 64n,
    1n << 128n,
    1n << 192n,
    L - (1n << 64n),
  ];
  for (const value of [...edges, ...Array.from({ length: 500 }, () => drawNumber(256) % L)]) {
    writeNumber(IN, value, 32);
    assert.is(wasm.isBelowOrder(IN), 1);
    wasm.negateScalar(IN);
    assert.is(numberAt(IN, 40), (L - value) % L);
  }
  for (const value of [L, L + 1n, L + (1n << 64n), (1n << 253n) - 1n, 1n << 255n, (1n << 256n) - 1n]) {
    writeNumber(IN, value, 32);
    assert.is(wasm.isBelowOrder(IN), 0);
  }
});

internals('SHA-512 of every length to three blocks, in parts of any size', () => {
  for (let length = 0; length <= 384; length++) {
    const message = Uint8Array.from({ length }, () => chance.below(256));
    bytes.set(message, IN);
    wasm.openHash();
    for (let at = 0; at < length; ) {
      const part = Math.min(length - at, chance.pick([1, 31, 64, 128, 200, 384]));
      wasm.absorb(IN + at, part);
      at += part;
    }
    wasm.closeHash(OUT);
    assert.is(toHex(bytes.slice(OUT, OUT + 64)), toHex(sha512(message)));
  }
});

internals.run();
