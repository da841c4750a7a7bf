/** Frames, a key, and proofs for tests of the outbox. The proofs are well formed; the outbox does not judge them. */

import type { Header } from '../../consensus/checkpoint/header.ts';
import {
  makeOutcome,
  outcomesRoot,
  proveVertex,
  type VertexProof,
} from '../../consensus/checkpoint/outcome.ts';
import { asciiBytes } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { SUITE } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import type { AnchorProof, CertifiedHeader } from '../proof/anchor.ts';

installNativePrimitives();

export const network: Uint8Array = hash('network', asciiBytes('outbox tests'));
export const signer = nativeSigner(hash('label', asciiBytes('a gateway')));
export const owner = { network, author: signer.publicKey };
export const START_MS = Date.UTC(2026, 0, 5, 8);

export function frameOf(counter: number, device = 'probe:1'): Frame {
  const readings = [{ quantity: 'temperature' as const, value: decimalOf(4 + (counter % 50) / 10)! }];
  return {
    device,
    session: '',
    counter,
    time: START_MS + counter * 1000 + 1,
    readings,
    signature: new Uint8Array(0),
  };
}

const headerAt = (height: number): Header => ({
  ...{ suite: SUITE, network, epoch: 0, height, previous: zero32, time: START_MS + height, anchor: zero32 },
  ...{
    outcomesRoot: zero32,
    outcomesCount: 0,
    stateRoot: zero32,
    historyRoot: zero32,
    committeeHash: zero32,
    nextCommitteeHash: zero32,
  },
});

export function certifiedAt(height: number): CertifiedHeader {
  const quorum = { bitmap: Uint8Array.of(7), signatures: [0, 1, 2].map(() => new Uint8Array(64)) };
  return { header: headerAt(height), certificate: { height, view: 0, quorum } };
}

/** An outcome for a vertex, as a node would prove it. */
export function settle(vertex: Vertex, code: Code = 'OK'): { proof: VertexProof; anchor: AnchorProof } {
  const outcomes = [makeOutcome(vertex.id, code, zero32)];
  const header = { ...headerAt(vertex.sequence + 1), outcomesRoot: outcomesRoot(outcomes), outcomesCount: 1 };
  const certified = { ...certifiedAt(header.height), header };
  return { proof: proveVertex(vertex, outcomes, 0, header), anchor: { certified, path: [] } };
}

export const nameOf = ({ device, session, counter }: Frame): string => `${device}/${session}/${counter}`;
