/** Batches `[SIG-2]`: every size, bad items that are made to cancel, coefficients that are none, memory used again. */

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { Point } from '@noble/ed25519';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes, toHex } from '../codec/bytes.ts';
import { makeBatchVerifier, type RandomBytes, type SignedMessage } from '../crypto/zip215/verifier.ts';
import { flipped, hashOf, repeat, spliced } from './arbitraries.ts';
import { forge, L, littleEndian, numberOf } from './odd-signatures.ts';

const batches = suite('zip215 batches');
const { verify, verifyBatch, findInvalid } = makeBatchVerifier();

const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));

interface Author {
  readonly publicKey: Uint8Array;
  readonly key: KeyObject;
}
function drawAuthor(): Author {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return { publicKey: new Uint8Array(der.subarray(der.length - 32)), key: privateKey };
}
const authors = Array.from({ length: 1_024 }, drawAuthor);

function signBy({ publicKey, key }: Author, message: Uint8Array): SignedMessage {
  return { publicKey, message, signature: new Uint8Array(sign(null, message, key)) };
}
const makeItems = (count: number, authorCount: number): SignedMessage[] =>
  Array.from({ length: count }, (_, i) => signBy(authors[i % authorCount]!, hashOf(i)));

/** The item with `more` added to its S. */
function shifted(item: SignedMessage, more: bigint): SignedMessage {
  const S = (numberOf(item.signature.subarray(32)) + more + L) % L;
  return { ...item, signature: concatBytes(item.signature.subarray(0, 32), littleEndian(S)) };
}

/** Coefficients that are known beforehand, as no caller may make them. */
const foreseen =
  (...coefficients: readonly bigint[]): RandomBytes =>
  () =>
    concatBytes(...coefficients.map((z) => littleEndian(z).subarray(0, 16)));

// Around the places where one method of summing gives way to another, up to a full batch and over it.
const SIZES = [
  1, 2, 3, 4, 7, 8, 15, 16, 31, 33, 60, 79, 80, 81, 100, 128, 159, 160, 161, 256, 512, 1_023, 1_024,
];

batches(
  'of every size, by one author, by some and by as many as items: all good, and each bad one is found',
  () => {
    for (const size of SIZES) {
      for (const authorCount of new Set([1, Math.min(5, size), Math.min(90, size), size])) {
        const items = makeItems(size, authorCount);
        assert.ok(verifyBatch(items, random), `${size} items by ${authorCount}`);
        const at = (size * 7) % size;
        for (const place of new Set([0, at, size - 1])) {
          const bad = spliced(items, place, 1, shifted(items[place]!, 1n));
          assert.not(verifyBatch(bad, random), `${size} items by ${authorCount}, bad at ${place}`);
        }
        assert.equal(findInvalid(spliced(items, size - 1, 1, shifted(items[size - 1]!, 1n)), random), [
          size - 1,
        ]);
      }
    }
  },
);

batches('of none: nothing is asked of the generator', () => {
  const never: RandomBytes = () => {
    throw new Error('asked');
  };
  assert.ok(verifyBatch([], never));
  assert.equal(findInvalid([], never), []);
});

batches('longer lists are cut, and positions still count from the first', () => {
  const some = makeItems(50, 7);
  const items = Array.from({ length: 2_100 }, (_, i) => some[i % 50]!);
  assert.ok(verifyBatch(items, random));
  const places = [0, 1_023, 1_024, 2_047, 2_048, 2_099];
  const bad = items.map((item, i) => (places.includes(i) ? shifted(item, 5n) : item));
  assert.not(verifyBatch(bad, random));
  assert.equal(findInvalid(bad, random), places);
});

batches('two bad ones that cancel are found, unless their coefficients were foreseen', () => {
  const items = makeItems(12, 4);
  for (const [first, second] of [
    [0, 1],
    [0, 4],
    [3, 11],
  ] as const) {
    const pair = spliced(
      spliced(items, first, 1, shifted(items[first]!, 9n)),
      second,
      1,
      shifted(items[second]!, -9n),
    );
    assert.not(verifyBatch(pair, random));
    assert.equal(findInvalid(pair, random), [first, second]);
  }
  // That this passes shows that coefficients are what stands between a batch and a forger.
  const forged = [shifted(items[0]!, 2n), shifted(items[1]!, -1n)];
  assert.ok(verifyBatch(forged, foreseen(1n, 2n)));
  assert.not(verifyBatch(forged, foreseen(2n, 1n)));
  assert.not(verifyBatch(forged, foreseen(1n, 2n + (1n << 127n))), 'all 128 bits count');
  assert.not(verifyBatch(forged, random));
  assert.not(verify(forged[0]!.signature, forged[0]!.message, forged[0]!.publicKey));
});

batches(
  'coefficients that are 0, the same, too short, too long or missing are refused, and harm nothing',
  () => {
    const items = makeItems(3, 2);
    const broken: [RandomBytes, RegExp][] = [
      [(length) => new Uint8Array(length), /coefficients/],
      [foreseen(1n, 0n, 2n), /coefficients/],
      [foreseen(1n, 2n, 2n), /coefficients/],
      [(length) => repeat(7, length), /coefficients/],
      [(length) => repeat(7, length - 1), /expected to give 48 bytes, got 47/],
      [(length) => repeat(7, length + 16), /expected to give 48 bytes, got 64/],
      [(() => undefined) as unknown as RandomBytes, /expected to give 48 bytes, got undefined/],
    ];
    for (const [generator, message] of broken) {
      assert.throws(() => verifyBatch(items, generator), message);
      assert.throws(() => findInvalid(items, generator), message);
      assert.ok(verifyBatch(items, random));
      assert.equal(findInvalid([items[0]!, shifted(items[1]!, 1n), items[2]!], random), [1]);
    }
  },
);

batches('coefficients at the edges of their digits, by every method', () => {
  const all = (1n << 128n) - 1n;
  const patterns: ((i: bigint) => bigint)[] = [
    (i) => i + 1n,
    (i) => all - i,
    (i) => (1n << (i % 128n)) + (i / 128n) * 3n,
    (i) => all ^ (1n << (i % 128n)) ^ (i / 128n),
    (i) => (all / 3n) ^ i,
    (i) => (all / 31n) * ((i % 30n) + 1n),
    // Runs of 49 to 71 zeros, and of ones, from every bit of a byte on.
    (i) => (1n << (60n + (i % 17n))) | (1n << (i % 8n)),
    (i) => all ^ (1n << (60n + (i % 17n))) ^ (1n << (i % 8n)),
  ];
  for (const size of [1, 2, 5, 40, 130, 300, 1_024]) {
    const items = makeItems(size, Math.min(size, 3));
    for (const pattern of patterns) {
      const known = foreseen(...items.map((_, i) => pattern(BigInt(i))));
      assert.ok(verifyBatch(items, known));
      assert.not(verifyBatch(spliced(items, size >> 1, 1, shifted(items[size >> 1]!, 1n)), known));
    }
  }
});

batches('one item many times, good or bad', () => {
  const [good] = makeItems(1, 1) as [SignedMessage];
  const bad = shifted(good, 1n);
  for (const count of [2, 9, 200]) {
    assert.ok(verifyBatch(Array(count).fill(good), random));
    assert.equal(findInvalid(Array(count).fill(bad), random), [...Array(count).keys()]);
  }
  assert.equal(findInvalid([bad, good, bad, good, good, bad], random), [0, 2, 5]);
});

batches('the identity as R and key with S = 0, alone and among others', () => {
  const identity = littleEndian(1n);
  const item: SignedMessage = {
    signature: concatBytes(identity, repeat(0)),
    message: repeat(1),
    publicKey: identity,
  };
  assert.ok(verifyBatch(Array(300).fill(item), random));
  const items = [item, ...makeItems(20, 3), item];
  assert.ok(verifyBatch(items, random));
  assert.equal(findInvalid(spliced(items, 21, 1, shifted(item, 1n)), random), [21]);
});

batches('a key and its negative, which differ in one bit, beside each other', () => {
  const secret = numberOf(hashOf(1)) % L;
  const [A, R] = [Point.BASE.multiply(secret), Point.BASE.multiply(5n)];
  const by = (key: Point, multiple: bigint, message: Uint8Array): SignedMessage => ({
    ...{ publicKey: key.toBytes(), message },
    signature: forge(R.toBytes(), 5n, key.toBytes(), multiple, message),
  });
  const items = [by(A, secret, hashOf(1)), by(A.negate(), L - secret, hashOf(2)), by(A, secret, hashOf(3))];
  assert.is(flipped(items[0]!.publicKey, 31, 0x80).join(), items[1]!.publicKey.join());
  assert.ok(verifyBatch(items, random));
  for (const { signature, message, publicKey } of items) assert.ok(verify(signature, message, publicKey));
  assert.equal(findInvalid(spliced(items, 1, 1, by(A.negate(), secret, hashOf(2))), random), [1]);
});

batches('items that cannot be taken: they are named, and those around them are judged', () => {
  const items = makeItems(8, 8);
  const noPoint = littleEndian(2n);
  const odd = [
    { ...items[0]!, publicKey: noPoint },
    { ...items[1]!, signature: concatBytes(noPoint, items[1]!.signature.subarray(32)) },
    { ...items[2]!, signature: items[2]!.signature.subarray(1) },
    { ...items[3]!, signature: concatBytes(items[3]!.signature.subarray(0, 32), littleEndian(L)) },
  ];
  assert.equal(findInvalid([...odd, ...items.slice(4)], random), [0, 1, 2, 3]);
  assert.equal(findInvalid([...odd, shifted(items[4]!, 1n), ...items.slice(5)], random), [0, 1, 2, 3, 4]);
  assert.equal(findInvalid(odd, random), [0, 1, 2, 3]);
  assert.not(verifyBatch([...items, odd[0]!], random));
});

batches('keys that fall into one set drive each other out, and no verdict changes', () => {
  const crowd: Author[] = [];
  while (crowd.length < 11) {
    const author = drawAuthor();
    if (author.publicKey[7] === 0x2a) crowd.push(author);
  }
  // Bytes that are no point, in the same set: they must never be found as a key.
  let noPoint = crowd[0]!.publicKey;
  while (isPoint(noPoint)) noPoint = flipped(noPoint, 0, (noPoint[0]! + 1) ^ noPoint[0]!);
  for (let round = 0; round < 40; round++) {
    const items = Array.from({ length: 1 + ((round * 5) % 30) }, (_, i) =>
      signBy(crowd[(i * 3 + round) % 11]!, hashOf(round * 100 + i)),
    );
    const at = round % items.length;
    assert.ok(verifyBatch(items, random));
    assert.equal(findInvalid(spliced(items, at, 0, { ...items[at]!, publicKey: noPoint }), random), [at]);
    assert.equal(findInvalid(spliced(items, at, 1, shifted(items[at]!, 1n)), random), [at]);
    const swapped = {
      ...items[at]!,
      publicKey: crowd.find(({ publicKey }) => publicKey !== items[at]!.publicKey)!.publicKey,
    };
    assert.equal(findInvalid(spliced(items, at, 1, swapped), random), [at]);
    assert.not(verify(items[at]!.signature, items[at]!.message, noPoint));
  }
});

batches('a few keys that nobody has met, in a batch of many that are kept: good ones and bad ones', () => {
  const items = makeItems(280, 280);
  // In the second batch their multiples are worked out, from the third on they are there.
  for (let round = 0; round < 3; round++) assert.ok(verifyBatch(items, random));
  for (const count of [1, 2, 9, 40]) {
    const mixed = [...items, ...Array.from({ length: count }, (_, i) => signBy(drawAuthor(), hashOf(i)))];
    assert.ok(verifyBatch(mixed, random), `${count} new ones`);
    const strangers = Array.from({ length: count }, (_, i) => signBy(drawAuthor(), hashOf(i)));
    const bad = [...items, ...strangers.slice(1), shifted(strangers[0]!, 1n)];
    assert.equal(findInvalid(bad, random), [bad.length - 1]);
    assert.not(verifyBatch(spliced(mixed, 7, 1, shifted(items[7]!, L - 1n)), random));
  }
});

batches('Rs that are no points, at every place of the four that are read together', () => {
  const noPoint = littleEndian(2n);
  const items = makeItems(14, 5);
  const broken = items.map((item) => ({
    ...item,
    signature: concatBytes(noPoint, item.signature.subarray(32)),
  }));
  for (let size = 1; size <= items.length; size++) {
    for (let at = 0; at < size; at++) {
      const list = spliced(items.slice(0, size), at, 1, broken[at]!);
      assert.not(verifyBatch(list, random), `${at} of ${size}`);
      assert.equal(findInvalid(list, random), [at]);
    }
  }
  assert.equal(findInvalid(broken, random), [...broken.keys()]);
});

function isPoint(bytes: Uint8Array): boolean {
  try {
    Point.fromBytes(bytes, true);
    return true;
  } catch {
    return false;
  }
}

batches('what one call left in memory does not show in the next', () => {
  const items = makeItems(300, 40);
  const bad = items.map((item) => shifted(item, 3n));
  for (let round = 0; round < 6; round++) {
    const size = [300, 3, 140, 1, 70, 300][round]!;
    assert.equal(findInvalid(bad.slice(0, size), random).length, size);
    assert.ok(verifyBatch(items.slice(0, size), random));
    assert.not(verify(bad[0]!.signature, bad[0]!.message, bad[0]!.publicKey));
    assert.ok(verifyBatch(items.slice(0, 2), random));
    assert.ok(verify(items[9]!.signature, items[9]!.message, items[9]!.publicKey));
  }
});

batches('a message handed over as no bytes is our own misuse; the next call is as good as ever', () => {
  const [item] = makeItems(1, 1) as [SignedMessage];
  assert.throws(() => verify(item.signature, { length: 5 } as Uint8Array, null as unknown as Uint8Array));
  assert.ok(verify(item.signature, item.message, item.publicKey));
  assert.is(toHex(item.message), toHex(hashOf(0)), 'what was handed over is left as it was');
});

batches.run();
