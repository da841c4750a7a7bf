/** What a flooder sends: vertices made ahead of the clock, and bundles of them that nobody has seen before. Pure. */

import { randomBytes } from 'node:crypto';
import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { encodeVertex, signVertex } from '../../consensus/vertex/vertex.ts';
import { bundle } from '../../consensus/wire/messages.ts';
import { grouped } from '../../node/bundles.ts';
import { nativeSigner } from '../../node/crypto/native.ts';

/** What floods are made of, in the order in which they are tried. */
export const floodKinds = ['beyond its allowance', 'forged', 'strangers', 'garbage', 'at the door'] as const;
export type FloodKind = (typeof floodKinds)[number];

export const floodSummary: { readonly [K in FloodKind]: string } = {
  'beyond its allowance': 'vertices of the flooder’s own, one chain, all of them valid',
  forged: 'vertices in the name of the honest authors, with signatures that are none',
  strangers: 'signed by keys that nobody enrolled, citing checkpoints that nobody knows',
  garbage: 'random bytes where bundles and messages are expected',
  'at the door': 'the first two in turns, handed in as a light client does',
};

export interface Target {
  readonly network: Uint8Array;
  /** Id of the header that valid vertices cite. */
  readonly checkpoint: Uint8Array;
  readonly flooder: Signer;
  /** Public keys of honest authors. */
  readonly honest: readonly Uint8Array[];
  readonly startMs: number;
}

const STRANGERS = 256;
const VERTICES_PER_BUNDLE = 128;
const GARBAGE_BYTES = limits.bundleBytesMax / 2;

export interface Made {
  readonly ids: readonly Uint8Array[];
  readonly envelopes: readonly Uint8Array[];
}

/** So many different vertices of this kind. */
export function makeVertices(
  kind: Exclude<FloodKind, 'garbage' | 'at the door'>,
  count: number,
  to: Target,
): Made {
  const ids: Uint8Array[] = [];
  const envelopes: Uint8Array[] = [];
  let previous = zero32;
  const strangers = kind === 'strangers' ? Array.from({ length: STRANGERS }, (_, i) => strangerOf(i)) : [];
  for (let i = 0; i < count; i++) {
    const isChain = kind === 'beyond its allowance';
    const header = {
      ...{ network: to.network, parents: [], kind: 'readings' as const, time: to.startMs + i },
      ...(isChain ? { sequence: i + 1, previous } : { sequence: 1, previous: zero32 }),
      checkpoint: kind === 'strangers' ? hash('order', uint32Bytes(i), to.network) : to.checkpoint,
      payloadHash: hash('batch', uint32Bytes(0xf1), uint32Bytes(i)),
    };
    const signer =
      kind === 'forged'
        ? forgerOf(to.honest[i % to.honest.length]!)
        : (strangers[i % STRANGERS] ?? to.flooder);
    const vertex = signVertex(header, new Uint8Array(0), signer);
    if (isChain) previous = vertex.id;
    ids.push(vertex.id);
    envelopes.push(encodeVertex(vertex));
  }
  return { ids, envelopes };
}

/** A bundle that gossip takes for new, with as many of the envelopes from `at` on as one takes, round and round. */
export function makeBundle(
  envelopes: readonly Uint8Array[],
  at: number,
): { readonly data: Uint8Array; readonly count: number } {
  const [vertices] = grouped(roundFrom(envelopes, at, VERTICES_PER_BUNDLE), limits.bundleBytesMax);
  return {
    data: bundle.encode({ publisher: randomBytes(32), vertices: vertices! }),
    count: vertices!.length,
  };
}

/** So many of `items` from `at` on, round and round. */
export function roundFrom<T>(items: readonly T[], at: number, count: number): T[] {
  return Array.from({ length: count }, (_, i) => items[(at + i) % items.length]!);
}

export function makeGarbage(): Uint8Array {
  return randomBytes(GARBAGE_BYTES);
}

function strangerOf(number: number): Signer {
  return nativeSigner(hash('salt', uint32Bytes(0x57), uint32Bytes(number)));
}

/** Says that it is somebody else, and signs with noise. */
function forgerOf(publicKey: Uint8Array): Signer {
  return { publicKey, sign: () => Uint8Array.from(randomBytes(64)) };
}
