/**
 * What a signature costs to verify, singly and in batches, beside noble and node:crypto in the same run:
 * `node dist/bench/signatures.js`. Processor time of this process, since other work on the machine only disturbs that a
 * little; each round measures every row once, and the median of the rounds counts.
 */

import { createPublicKey, type KeyObject, randomBytes, verify as verifyNatively } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { verify as verifyPortably } from '@noble/ed25519';
import { concatBytes, uint32Bytes } from '../consensus/codec/bytes.ts';
import type { Signer } from '../consensus/crypto/ed25519.ts';
import { hash } from '../consensus/crypto/hash.ts';
import { makeBatchVerifier, type SignedMessage } from '../consensus/crypto/zip215/verifier.ts';
import { installNativePrimitives, nativeSigner } from '../node/crypto/native.ts';

const ROUND_CPU_MS = 60;
/** So many keys that the verifier, which keeps 1,024, has forgotten each when it comes again. */
const FRESH = 6_144;
/** Keys that it has met; few enough that hardly any set of eight overflows. */
const MET = 256;

interface Row {
  readonly name: string;
  /** Signatures of one run. */
  readonly count: number;
  readonly run: () => unknown;
}

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const { verify, verifyBatch, findInvalid } = makeBatchVerifier();

let made = 0;
function signBy(signer: Signer): SignedMessage {
  const message = hash('vertex', uint32Bytes(made++));
  return { message, publicKey: signer.publicKey, signature: signer.sign(message) };
}

function forged(item: SignedMessage): SignedMessage {
  return { ...item, message: hash('vertex', item.message) };
}

const derHeader = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);
function keyObject(publicKey: Uint8Array): KeyObject {
  return createPublicKey({
    key: Buffer.from(concatBytes(derHeader, publicKey)),
    format: 'der',
    type: 'spki',
  });
}

function must(verdict: boolean): void {
  if (!verdict) throw new Error('a verdict is wrong: the figures would mean nothing');
}

/** Takes one of the list after the other, round and round. */
function rotate<T>(list: readonly T[]): () => T {
  let next = 0;
  return () => list[next++ % list.length]!;
}

function makeRows(sizes: readonly number[]): Row[] {
  const signers = Array.from({ length: FRESH }, (_, i) => nativeSigner(hash('salt', uint32Bytes(i))));
  const met = signers.slice(0, MET).map(signBy);
  const keys = new Map(met.map(({ publicKey }) => [publicKey, keyObject(publicKey)]));
  const [any, anyFresh, anyForged] = [
    rotate(met),
    rotate(signers.map(signBy)),
    rotate(met.map(forged)),
  ] as const;
  const single = ({ signature, message, publicKey }: SignedMessage): boolean =>
    verify(signature, message, publicKey);
  const native = ({ signature, message, publicKey }: SignedMessage, key = keys.get(publicKey)!): boolean =>
    verifyNatively(null, message, key, signature);
  const noble = ({ signature, message, publicKey }: SignedMessage): boolean =>
    verifyPortably(signature, message, publicKey, { zip215: true });
  const rows: Row[] = [
    { name: 'noble, ZIP-215', count: 1, run: () => must(noble(any())) },
    { name: 'node:crypto, key object kept', count: 1, run: () => must(native(any())) },
    {
      name: 'node:crypto, key object made',
      count: 1,
      run: () => {
        const item = anyFresh();
        must(native(item, keyObject(item.publicKey)));
      },
    },
    { name: 'WebAssembly, key met before', count: 1, run: () => must(single(any())) },
    { name: 'WebAssembly, fresh key', count: 1, run: () => must(single(anyFresh())) },
    { name: 'WebAssembly, a forgery', count: 1, run: () => must(!single(anyForged())) },
    {
      name: 'node:crypto, then noble, a forgery',
      count: 1,
      run: () => {
        const item = anyForged();
        must(!native(item) && !noble(item));
      },
    },
  ];
  for (const size of sizes) {
    for (const of of new Set([1, 16, Math.min(size, MET)])) {
      const items = Array.from({ length: size }, (_, i) => signBy(signers[i % of]!));
      rows.push({
        name: `batch of ${size}, ${of} ${of === 1 ? 'author' : 'authors'}`,
        count: size,
        run: () => must(verifyBatch(items, random)),
      });
    }
    const lists = Array.from({ length: Math.floor(FRESH / size) }, (_, i) =>
      signers.slice(i * size, (i + 1) * size).map(signBy),
    );
    const list = rotate(lists);
    rows.push({
      name: `batch of ${size}, ${size} fresh keys`,
      count: size,
      run: () => must(verifyBatch(list(), random)),
    });
  }
  const items = met.map((item, i) => (i === 100 ? forged(item) : item));
  rows.push({
    name: `batch of ${MET} with a forgery, and who it is`,
    count: MET,
    run: () => must(findInvalid(items, random).join() === '100'),
  });
  return rows;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Microseconds of processor time a signature, in one round. */
function measure({ run, count }: Row): number {
  // What another row drove out of the verifier's memory is met again first, and then a second time.
  const warmed = cpuMs() + ROUND_CPU_MS / 2;
  for (let time = 0; time < 2 || cpuMs() < warmed; time++) run();
  const started = cpuMs();
  let runs = 0;
  do {
    run();
    runs++;
  } while (cpuMs() - started < ROUND_CPU_MS);
  return (1_000 * (cpuMs() - started)) / (runs * count);
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, json: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
installNativePrimitives();
const rows = makeRows([16, 64, 256, 1_024]);
for (const row of rows) measure(row);
const times = rows.map((): number[] => []);
for (let round = 0; round < rounds; round++)
  for (const [index, row] of rows.entries()) times[index]!.push(measure(row));
const medians = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]!);
const conditions = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  rounds,
};

if (values.json) {
  const figures = rows.map(({ name }, i) => ({ name, microseconds: medians[i], rounds: times[i] }));
  process.stdout.write(`${JSON.stringify({ conditions, figures })}\n`);
} else {
  const [noble, native] = [medians[0]!, medians[1]!];
  process.stdout.write(
    `Node ${conditions.node}, ${conditions.cores} × ${conditions.cpu}; 32-byte messages; median of ${rounds} rounds of ${ROUND_CPU_MS} ms of processor time, one thread\n`,
  );
  process.stdout.write(`${'verify'.padEnd(42)}      µs     /s  × noble  × node:crypto   least–most µs\n`);
  for (const [index, { name }] of rows.entries()) {
    const time = medians[index]!;
    const [least, most] = [times[index]![0]!, times[index]!.at(-1)!];
    process.stdout.write(
      `${name.padEnd(42)} ${time.toFixed(1).padStart(7)} ${String(Math.round(1e6 / time)).padStart(6)} ${(noble / time).toFixed(1).padStart(8)} ${(native / time).toFixed(2).padStart(14)}   ${least.toFixed(1)}–${most.toFixed(1)}\n`,
    );
  }
}
