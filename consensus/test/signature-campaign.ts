/**
 * Signatures that are odd in every way known, each put to the WebAssembly verifier and to noble's ZIP-215 rule: singly,
 * and in batches with none, one and several bad ones. `npm run signatures -- --count 100000 --seed 1`; with
 * `--vectors file.json` it also puts published vectors to both. A short one runs with the tests.
 */

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Point } from '@noble/ed25519';
import { sha256 } from '@noble/hashes/sha2.js';
import { asciiBytes, concatBytes, fromHex, toHex } from '../codec/bytes.ts';
import { makeBatchVerifier, type RandomBytes, type SignedMessage } from '../crypto/zip215/verifier.ts';
import { flipped, hashOf, repeat, spliced } from './arbitraries.ts';
import {
  forge,
  L,
  littleEndian,
  nobleSays,
  numberOf,
  smallOrderEncodings,
  torsion,
} from './odd-signatures.ts';
import { Chance } from './walk-random.ts';

/** The encoding of a point, the part of prime order of which is the base point times `multiple`. */
interface Known {
  readonly bytes: Uint8Array;
  readonly multiple: bigint;
}

const KEYS = 40;
/** Good items kept to fill batches with. */
const GOOD_KEPT = 600;
/** A negative key differs from its twin in one bit. */
const multiples = Array.from({ length: KEYS }, (_, i) => numberOf(hashOf(i)) % L).flatMap((m) => [m, L - m]);
const mixed: readonly Known[] = multiples.flatMap((multiple) => {
  const point = Point.BASE.multiply(multiple);
  return torsion.map((odd) => ({ bytes: point.add(odd).toBytes(), multiple }));
});
const honest = mixed.filter((_, i) => i % torsion.length === 0);
const small: readonly Known[] = smallOrderEncodings.map((bytes) => ({ bytes, multiple: 0n }));

function drawBytes(chance: Chance, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => chance.below(256));
}

function flipBit(bytes: Uint8Array, chance: Chance): Uint8Array {
  return bytes.length === 0 ? repeat(0, 1) : flipped(bytes, chance.below(bytes.length), 1 << chance.below(8));
}

const withR = (item: SignedMessage, R: Uint8Array): SignedMessage => ({
  ...item,
  signature: concatBytes(R, item.signature.subarray(32)),
});
const withS = (item: SignedMessage, S: bigint): SignedMessage => ({
  ...item,
  signature: concatBytes(item.signature.subarray(0, 32), littleEndian(S)),
});
const scalarOf = (item: SignedMessage): bigint => numberOf(item.signature.subarray(32));

/** Each takes an item that holds; what comes out may hold as well. */
const mutations: Readonly<Record<string, (item: SignedMessage, chance: Chance) => SignedMessage>> = {
  none: (item) => item,
  'bit of the signature': (item, chance) => ({ ...item, signature: flipBit(item.signature, chance) }),
  'bit of the key': (item, chance) => ({ ...item, publicKey: flipBit(item.publicKey, chance) }),
  'bit of the message': (item, chance) => ({ ...item, message: flipBit(item.message, chance) }),
  'another key': (item, chance) => ({ ...item, publicKey: chance.pick(mixed).bytes }),
  'key of small order': (item, chance) => ({ ...item, publicKey: chance.pick(small).bytes }),
  'key of chance': (item, chance) => ({ ...item, publicKey: drawBytes(chance, 32) }),
  'key negated': (item) => ({ ...item, publicKey: flipped(item.publicKey, 31, 0x80) }),
  'another R': (item, chance) => withR(item, chance.pick(mixed).bytes),
  'R of small order': (item, chance) => withR(item, chance.pick(small).bytes),
  'R of chance': (item, chance) => withR(item, drawBytes(chance, 32)),
  'R negated': (item) => ({ ...item, signature: flipped(item.signature, 31, 0x80) }),
  'R with y near p': (item, chance) =>
    withR(item, flipped(flipped(repeat(255), 0, chance.below(64)), 31, 0x80 * chance.below(2))),
  'S and a multiple of L': (item, chance) => withS(item, scalarOf(item) + L * BigInt(1 + chance.below(14))),
  'S at an edge': (item, chance) => withS(item, chance.pick([0n, 1n, L - 1n, L, L + 1n, (1n << 256n) - 1n])),
  'S beside itself': (item, chance) => withS(item, (scalarOf(item) + chance.pick([1n, 8n, L - 1n])) % L),
  'S negated': (item) => withS(item, (L - scalarOf(item)) % L),
  'R and S exchanged': (item) => ({
    ...item,
    signature: concatBytes(item.signature.subarray(32), item.signature.subarray(0, 32)),
  }),
  'of another length': (item, chance) => ({
    ...item,
    signature: item.signature.subarray(0, chance.below(64)),
  }),
};
const kinds = Object.keys(mutations);

function drawItem(chance: Chance): SignedMessage {
  const key = chance.pick(chance.pick([honest, honest, mixed, small]));
  const R = chance.pick(chance.pick([honest, mixed, mixed, small]));
  const message = drawBytes(chance, chance.pick([0, 1, 32, 32, 32, 63, 64, 111, 200]));
  return {
    signature: forge(R.bytes, R.multiple, key.bytes, key.multiple, message),
    message,
    publicKey: key.bytes,
  };
}

export interface Tally {
  items: number;
  batches: number;
  /** Batches in which no, one and more items were bad. */
  readonly byBad: [none: number, one: number, more: number];
  /** How many of a kind noble accepted, and how many there were. */
  readonly byKind: Map<string, [accepted: number, all: number]>;
  readonly differences: string[];
}

/** Coefficients that are the same in every run of a seed. */
export function seededRandom(seed: number): RandomBytes {
  let drawn = 0;
  return (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
      sha256(concatBytes(hashOf(seed), hashOf(drawn++ % (1 << 24)))),
    );
    return concatBytes(...blocks).subarray(0, length);
  };
}

const { verify, verifyBatch, findInvalid } = makeBatchVerifier();

const describe = ({ signature, message, publicKey }: SignedMessage): string =>
  `signature ${toHex(signature)}, message ${toHex(message)}, key ${toHex(publicKey)}`;

/** Compares verdicts, first on single items, then on batches of those whose verdicts are known. */
class Comparison {
  readonly tally: Tally = { items: 0, batches: 0, byBad: [0, 0, 0], byKind: new Map(), differences: [] };
  readonly #chance: Chance;
  readonly #random: RandomBytes;
  /** Items that hold, the last ones met. */
  readonly #good: SignedMessage[] = [];

  constructor(seed: number) {
    this.#chance = new Chance(seed);
    this.#random = seededRandom(seed);
  }

  /** noble's verdict. */
  compareSingle(kind: string, item: SignedMessage): boolean {
    const verdict = nobleSays(item.signature, item.message, item.publicKey);
    if (verify(item.signature, item.message, item.publicKey) !== verdict)
      this.tally.differences.push(`noble says ${verdict} to ${describe(item)}`);
    const [accepted, all] = this.tally.byKind.get(kind) ?? [0, 0];
    this.tally.byKind.set(kind, [accepted + Number(verdict), all + 1]);
    this.tally.items++;
    if (verdict) this.#good[this.tally.items % GOOD_KEPT] = item;
    return verdict;
  }

  #compareBatch(items: readonly SignedMessage[], bad: readonly number[]): void {
    const passed = verifyBatch(items, this.#random);
    const found = findInvalid(items, this.#random);
    this.tally.batches++;
    this.tally.byBad[Math.min(bad.length, 2) as 0 | 1 | 2]++;
    if (passed !== (bad.length === 0) || found.join() !== bad.join())
      this.tally.differences.push(`batch of [${items.map(describe).join('; ')}]: bad ${bad}, found ${found}`);
  }

  /** These as they come, as many good ones, and those with one bad one in a place of chance. */
  compareBatches(items: readonly SignedMessage[], verdicts: readonly boolean[]): void {
    const bad = [...items.keys()].filter((at) => !verdicts[at]);
    this.#compareBatch(items, bad);
    const held = Object.values(this.#good);
    if (held.length === 0) return;
    const good = items.map(() => this.#chance.pick(held));
    this.#compareBatch(good, []);
    if (bad.length === 0) return;
    const place = this.#chance.below(good.length + 1);
    this.#compareBatch(spliced(good, place, 0, items[this.#chance.pick(bad)]!), [place]);
  }

  drawSize(): number {
    return this.#chance.once(20) ? 300 : 1 + this.#chance.below(70);
  }

  draw(kind: string): SignedMessage {
    return mutations[kind]!(drawItem(this.#chance), this.#chance);
  }
}

export function runCampaign(count: number, seed: number): Tally {
  const comparison = new Comparison(seed);
  for (let done = 0; done < count; ) {
    const size = Math.min(comparison.drawSize(), count - done);
    const kindsHere = Array.from({ length: size }, (_, i) => kinds[(done + i) % kinds.length]!);
    const items = kindsHere.map((kind) => comparison.draw(kind));
    const verdicts = items.map((item, i) => comparison.compareSingle(kindsHere[i]!, item));
    comparison.compareBatches(items, verdicts);
    done += size;
  }
  return comparison.tally;
}

type Vector = Readonly<Partial<Record<'signature' | 'sig' | 'message' | 'msg' | 'pub_key' | 'key', string>>>;
interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly Vector[];
  }[];
}

/** Vectors as Wycheproof, C2SP/CCTV and the speccheck of "Taming the many EdDSAs" write them. */
function readVectors(path: string): SignedMessage[] {
  const file = JSON.parse(readFileSync(path, 'utf8')) as readonly Vector[] | WycheproofFile;
  const vectors: readonly Vector[] =
    'testGroups' in file
      ? file.testGroups.flatMap((group) => group.tests.map((test) => ({ ...test, key: group.publicKey.pk })))
      : file;
  const bytesOf = (text = ''): Uint8Array => fromHex(text) ?? asciiBytes(text);
  return vectors.map(({ signature, sig, message, msg, pub_key, key }) => ({
    signature: bytesOf(signature ?? sig),
    message: bytesOf(message ?? msg),
    publicKey: bytesOf(pub_key ?? key),
  }));
}

export function compareVectors(items: readonly SignedMessage[]): { tally: Tally; verdicts: boolean[] } {
  const comparison = new Comparison(1);
  const verdicts = items.map((item) => comparison.compareSingle('vector', item));
  comparison.compareBatches(items, verdicts);
  return { tally: comparison.tally, verdicts };
}

function print({ items, batches, byBad, byKind, differences }: Tally): void {
  for (const [kind, [accepted, all]] of byKind)
    console.log(`${kind.padEnd(24)} ${accepted} of ${all} accepted`);
  const [none, one, more] = byBad;
  console.log(
    `${items} signatures, ${batches} batches (${none} without a bad one, ${one} with one, ${more} with more)`,
  );
  for (const difference of differences.slice(0, 5)) console.log(difference);
  console.log(`${differences.length} differences from noble`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      vectors: { type: 'string', multiple: true, default: [] },
    },
  });
  const tallies = [
    ...values.vectors.map((path) => compareVectors(readVectors(path)).tally),
    runCampaign(Number(values.count), Number(values.seed)),
  ];
  for (const tally of tallies) print(tally);
  process.exitCode = tallies.every(({ differences }) => differences.length === 0) ? 0 : 1;
}
