/**
 * What the verifier does in the lanes of vectors, four numbers at a time, against big integers and noble: products with
 * every limb at the edge that lanes.ts names, and sums of points of every kind.
 */

import { Point } from '@noble/ed25519';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { hashOf } from './arbitraries.ts';
import { L, littleEndian, numberOf, P, torsion } from './odd-signatures.ts';
import { Chance } from './walk-random.ts';
import { loadInternals, modP, power } from './zip215-parts.ts';

const lanes = suite('zip215 lanes');
const wasm = loadInternals();
const view = new DataView(wasm.memory.buffer);
const bytes = new Uint8Array(wasm.memory.buffer);
const chance = new Chance(11);
wasm.prepareBase();

const [A, B, R, S, T, FIELD, IN, OUT, TABLE] = [
  0x100000, 0x101000, 0x102000, 0x103000, 0x104000, 0x105000, 0x106000, 0x107000, 0x108000,
];
const LIMBS = 20;
const QUAD = 160;
/** No limb of a number of weight 1 is larger. */
const LIMB = 4_130;
const LANES = [0, 1, 2, 3];

const limbAt = (quad: number, lane: number, i: number): number =>
  quad + 16 * (i >> 1) + 4 * lane + 2 * (i & 1);

function numberIn(quad: number, lane: number): bigint {
  let value = 0n;
  for (let i = LIMBS - 1; i >= 0; i--)
    value = (value << 13n) + BigInt(view.getInt16(limbAt(quad, lane, i), true));
  return value;
}

const numbersIn = (quad: number): bigint[] => LANES.map((lane) => numberIn(quad, lane));
const reducedIn = (quad: number): bigint[] => numbersIn(quad).map(modP);

function isReduced(quad: number): boolean {
  for (let at = 0; at < QUAD; at += 2) if (Math.abs(view.getInt16(quad + at, true)) > LIMB) return false;
  return true;
}

type Pattern = (i: number, lane: number) => number;
/** What part of the edge each limb is at: all of it, its negative, both in turn, what makes all columns of one sign. */
const patterns: readonly Pattern[] = [
  () => 1,
  () => -1,
  (i) => (i & 1 ? 1 : -1),
  (i) => (i & 2 ? 1 : -1),
  (_, lane) => (lane & 1 ? 1 : -1),
  (i) => (i < LIMBS / 2 ? 1 : -1),
  () => chance.pick([1, 1, -1, -1, 0, chance.next() / 2 ** 32]),
];

function writeLimbs(quad: number, weight: number, pattern: Pattern): void {
  for (const lane of LANES)
    for (let i = 0; i < LIMBS; i++)
      view.setInt16(limbAt(quad, lane, i), Math.trunc(pattern(i, lane) * weight * LIMB), true);
}

function writeBytes(place: number, value: bigint): void {
  bytes.set(littleEndian(value), place);
}

function encoded(quad: number, lane: number): bigint {
  wasm.fieldOfLane(FIELD, quad, lane);
  wasm.encode(OUT, FIELD);
  return numberOf(bytes.slice(OUT, OUT + 32));
}

lanes(
  'products and squares are right at every edge up to weights whose product is 6, and come out reduced',
  () => {
    const weights = [
      [1, 6],
      [6, 1],
      [2, 3],
      [3, 2],
      [Math.sqrt(6), Math.sqrt(6)],
      [1, 1],
    ] as const;
    for (const [a, b] of weights) {
      for (const first of patterns) {
        for (const second of patterns) {
          for (let round = 0; round < 6; round++) {
            writeLimbs(A, a, first);
            writeLimbs(B, b, second);
            const expected = LANES.map((lane) => modP(numberIn(A, lane) * numberIn(B, lane)));
            wasm.multiplyQuads(R, A, B);
            assert.equal(reducedIn(R), expected);
            assert.ok(isReduced(R));
            wasm.multiplyQuads(A, A, B);
            wasm.subtractQuads(R, R, A);
            assert.equal(numbersIn(R), [0n, 0n, 0n, 0n], 'a result may lie where an argument lies');
          }
        }
      }
    }
    for (const pattern of patterns) {
      for (let round = 0; round < 100; round++) {
        writeLimbs(A, chance.pick([1, 2, Math.sqrt(6)]), pattern);
        const expected = LANES.map((lane) => modP(numberIn(A, lane) ** 2n));
        wasm.squareQuads(R, A);
        assert.equal(reducedIn(R), expected);
        assert.ok(isReduced(R));
      }
    }
  },
);

const edges = [0n, 1n, 2n, 18n, 19n, 20n, P - 20n, P - 2n, P - 1n, P, P + 1n, P + 18n, 1n << 254n];
const drawNumber = (bits: number): bigint => {
  let value = 0n;
  for (let i = 0; i < bits; i += 32) value = (value << 32n) | BigInt(chance.next());
  return value & ((1n << BigInt(bits)) - 1n);
};

lanes('bytes into a lane and out of it: every number below 2^255, and no other lane is touched', () => {
  for (let round = 0; round < 1_000; round++) {
    const value = edges[round >> 2] ?? drawNumber(255);
    const lane = round & 3;
    bytes.fill(0x5a, A, A + QUAD);
    writeBytes(IN, value | (BigInt(chance.below(2)) << 255n));
    wasm.decodeLane(A, lane, IN);
    assert.is(numberIn(A, lane), value);
    assert.is(encoded(A, lane), modP(value));
    for (const other of LANES)
      if (other !== lane) assert.is(view.getInt32(limbAt(A, other, 4), true), 0x5a5a5a5a);
  }
});

lanes('a lane of any weight, and the numbers around multiples of p, however their limbs are spread', () => {
  for (const pattern of patterns) {
    writeLimbs(A, 7, pattern);
    for (const lane of LANES) assert.is(encoded(A, lane), modP(numberIn(A, lane)));
  }
  for (let times = -3n; times <= 3n; times++) {
    for (let more = -20n; more <= 40n; more++) {
      for (const least of [0n, -4_096n, -8_191n, -20_000n, 12_000n]) {
        let rest = times * P + more;
        for (let i = 0; i < LIMBS; i++) {
          const digit = (((rest - least) % 8_192n) + 8_192n) % 8_192n;
          const limb = i === LIMBS - 1 ? rest : digit + least;
          view.setInt16(limbAt(A, 2, i), Number(limb), true);
          rest = (rest - limb) >> 13n;
        }
        assert.is(numberIn(A, 2), times * P + more);
        assert.is(encoded(A, 2), modP(more), `${times}p + ${more} from ${least}`);
      }
    }
  }
});

lanes('sums, differences, choices and signs, lane by lane', () => {
  for (let round = 0; round < 64; round++) {
    writeLimbs(A, 3, patterns.at(-1)!);
    writeLimbs(B, 3, patterns.at(-1)!);
    wasm.addQuads(R, A, B);
    wasm.subtractQuads(S, A, B);
    for (const lane of LANES) {
      view.setInt32(T + 4 * lane, (round >> lane) & 1 ? -1 : 0, true);
      assert.is(numberIn(R, lane), numberIn(A, lane) + numberIn(B, lane));
      assert.is(numberIn(S, lane), numberIn(A, lane) - numberIn(B, lane));
    }
    wasm.chooseQuads(R, T, A, B);
    for (const lane of LANES) assert.is(numberIn(R, lane), numberIn((round >> lane) & 1 ? B : A, lane));
    const before = numbersIn(A);
    wasm.negateLanes(A, T);
    for (const lane of LANES)
      assert.is(numberIn(A, lane), (round >> lane) & 1 ? -before[lane]! : before[lane]!);
  }
});

lanes('the power that roots are made of, of four numbers', () => {
  const numbers = [...edges, ...Array.from({ length: 27 }, () => drawNumber(255))];
  for (let at = 0; at < numbers.length; at += 4) {
    for (const lane of LANES) {
      writeBytes(IN, numbers[at + lane]!);
      wasm.decodeLane(A, lane, IN);
    }
    wasm.powerForRootOfQuad(R, A, T);
    for (const lane of LANES) assert.is(encoded(R, lane), power(numbers[at + lane]!, (P - 5n) / 8n));
  }
});

function fromBytes(encoding: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(encoding, true);
  } catch {
    return undefined;
  }
}

/** y − x, y + x, 2, 2dxy: what a point is decompressed to. */
function cachedOf(point: Point): bigint[] {
  const { x, y } = point.toAffine();
  return [modP(y - x), modP(y + x), 2n, modP(2n * Point.CURVE().d * x * y)];
}

lanes('which bytes are a point, and which point, alone and by fours: as noble decides', () => {
  let points = 0;
  for (let round = 0; round < 160; round++) {
    const four = LANES.map((lane) => {
      const encoding = littleEndian(edges[(4 * round + lane) >> 1] ?? drawNumber(255));
      encoding[31]! |= (lane & 1) << 7;
      bytes.set(encoding, IN + 32 * lane);
      return encoding;
    });
    const found = wasm.decompressFour(A, IN);
    for (const [lane, encoding] of four.entries()) {
      const point = fromBytes(encoding);
      assert.is((found >> lane) & 1, Number(point !== undefined), toHex(encoding));
      assert.is(wasm.decompress(B, IN + 32 * lane), Number(point !== undefined), toHex(encoding));
      if (point === undefined) continue;
      points++;
      for (const place of [A + QUAD * lane, B]) {
        assert.equal(
          LANES.map((i) => encoded(place, i)),
          cachedOf(point),
        );
        assert.ok(isReduced(place));
      }
    }
  }
  assert.ok(points > 200 && points < 440, `${points} of 640 are points`);
});

const generators = Array.from({ length: 4 }, (_, i) => Point.BASE.multiply(numberOf(hashOf(i)) % L));
/** Of small order, of prime order, with both parts; negatives and doubles of each other among them. */
const points: readonly Point[] = [
  ...torsion,
  ...generators,
  ...generators.map((point, i) => point.add(torsion[i + 1]!)),
  generators[0]!.negate(),
  generators[0]!.double(),
];

/** The point at `place`, in extended coordinates that fit together. */
function pointAt(place: number): Point {
  const [x, y, z, t] = LANES.map((lane) => encoded(place, lane)) as [bigint, bigint, bigint, bigint];
  assert.is(modP(x * y), modP(z * t), 'T = XY/Z');
  assert.ok(isReduced(place));
  const inverse = power(z, P - 2n);
  return Point.fromAffine({ x: modP(x * inverse), y: modP(y * inverse) });
}

function writePoint(cached: number, point: Point): void {
  bytes.set(point.toBytes(), IN);
  assert.is(wasm.decompress(cached, IN), 1);
}

lanes('sums, differences and doubles of every two points, as noble has them', () => {
  for (const p of points) {
    writePoint(A, p);
    wasm.fromAffineCached(R, A);
    assert.ok(pointAt(R).equals(p));
    assert.is(wasm.hasSmallOrder(R), Number(torsion.some((odd) => odd.equals(p))));
    wasm.double(S, R);
    assert.ok(pointAt(S).equals(p.double()));
    for (const q of points) {
      writePoint(B, q);
      wasm.addCached(S, R, B);
      assert.ok(pointAt(S).equals(p.add(q)));
      // Once more, with a Z that is not 1, and into the place of an argument.
      wasm.subtractCached(S, S, B);
      assert.ok(pointAt(S).equals(p));
      wasm.subtractCached(T, S, B);
      assert.ok(pointAt(T).equals(p.subtract(q)));
      wasm.addPoints(S, S, T);
      assert.ok(pointAt(S).equals(p.double().subtract(q)));
    }
  }
});

lanes('the odd multiples of a point, and of 2^128 times it', () => {
  for (const p of points) {
    writePoint(A, p);
    wasm.writeBothMultiples(TABLE, A, 8);
    for (const [half, start] of [p, p.multiply(1n << 128n, false)].entries()) {
      for (let i = 0; i < 8; i++) {
        const place = TABLE + (8 * half + i) * QUAD;
        writePoint(B, Point.ZERO);
        wasm.fromAffineCached(R, B);
        wasm.addCached(R, R, place);
        assert.ok(pointAt(R).equals(start.multiply(BigInt(2 * i + 1), false)), `${2 * i + 1}, half ${half}`);
        assert.ok(isReduced(place) || i === 0);
      }
    }
  }
});

lanes.run();
