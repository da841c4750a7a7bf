/** Seats that certify whatever a test tells them to, as their nodes would after agreeing on it. */

import { makeQuorum, phaseDomain, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { Committee } from '../../consensus/checkpoint/committee.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { asciiBytes } from '../../consensus/codec/bytes.ts';
import { type Signer, SUITE, signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { emptyRoot } from '../../consensus/merkle/tree.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import type { CertifiedHeader, TrustRoot } from '../proof/anchor.ts';

installNativePrimitives();

export const START_MS = Date.UTC(2026, 0, 5, 8);
const network = hash('network', asciiBytes('certifying'));
/** A committee with the means to certify. */
export interface Bench {
  readonly committee: Committee;
  readonly signers: readonly Signer[];
}

export function benchOf(epoch: number, firstHeight: number, names: readonly string[]): Bench {
  const signers = names.map((name) => nativeSigner(hash('label', asciiBytes(`seat ${name}`))));
  const seats = signers.map(({ publicKey }) => publicKey);
  const committee = new Committee({ epoch, firstHeight, lastHeight: Number.MAX_SAFE_INTEGER, seats });
  return { committee, signers };
}

/** The committee of the genesis. */
export const firstBench = benchOf(0, 0, ['a', 'b', 'c', 'd']);
const { committee } = firstBench;
export const root: TrustRoot = { network, committee };

export function headerAt(height: number, previous: Uint8Array, changes: Partial<Header> = {}): Header {
  return {
    ...{ suite: SUITE, network, epoch: 0, height, previous, time: START_MS + 250 * height, anchor: zero32 },
    ...{ outcomesRoot: emptyRoot, outcomesCount: 0, stateRoot: zero32, historyRoot: emptyRoot },
    ...{ committeeHash: committee.hash, nextCommitteeHash: committee.hash },
    ...changes,
  };
}

/** The header under commits of the seats named. */
export function certify(
  header: Header,
  by: readonly number[] = [0, 1, 2],
  { committee, signers }: Bench = firstBench,
): CertifiedHeader {
  const { height } = header;
  const subject = {
    network,
    committeeHash: committee.hash,
    height,
    view: 0,
    headerId: headerId(header),
    newView: zero32,
  };
  const votes = by.map(
    (seat) => [seat, signDigest(signers[seat]!, phaseDomain.commit, network, voteBytes(subject))] as const,
  );
  return { header, certificate: { height, view: 0, quorum: makeQuorum(new Map(votes), committee) } };
}

/** Certified headers 1 to `count`, each on the one before. */
export function certifiedChain(count: number): CertifiedHeader[] {
  const chain: CertifiedHeader[] = [];
  let previous = zero32;
  for (let height = 1; height <= count; height++) {
    chain.push(certify(headerAt(height, previous)));
    previous = headerId(chain.at(-1)!.header);
  }
  return chain;
}
