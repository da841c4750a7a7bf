/**
 * The end of a long ledger, as a light client meets it: the newest certified header over a history of so many
 * checkpoints, the changes of committee on the way, and proofs of something old. Headers that no proof touches are
 * stood for by their leaf in the history alone, since nobody ever sees more of them.
 */

import { makeQuorum, phaseDomain, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import type { CommitteeChange } from '../../consensus/checkpoint/change.ts';
import { Committee } from '../../consensus/checkpoint/committee.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId, historyLeaf } from '../../consensus/checkpoint/header.ts';
import { makeOutcome, outcomesRoot, proveVertex } from '../../consensus/checkpoint/outcome.ts';
import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { objectPath } from '../../consensus/contracts/object.ts';
import { key } from '../../consensus/contracts/registry.ts';
import { type Signer, SUITE, signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { History, historyPath } from '../../consensus/merkle/history.ts';
import { batch, proveFrame } from '../../consensus/vertex/batch.ts';
import { signVertex } from '../../consensus/vertex/vertex.ts';
import type { AnchorProof, CertifiedHeader } from '../../light-client/proof/anchor.ts';
import { BUNDLE_VERSION, bundleSchema, type Statement } from '../../light-client/proof/bundle.ts';
import { abridgeProof, type InclusionProof } from '../../light-client/proof/inclusion.ts';
import { makeStateProof } from '../../light-client/proof/state-proof.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';
import { makePayloads } from '../workload/readings.ts';

const SEATS = 4;
const CHECKPOINT_MS = 250;
const GENESIS_AGE_MS = 60_000;
/** Of the checkpoint with the old reading. */
const OUTCOMES = 1_024;
/** Of the state. */
export const OBJECTS = 100_000;
const READINGS = 32;

export interface LongLedger {
  readonly genesis: Genesis;
  readonly head: CertifiedHeader;
  readonly changes: readonly CommitteeChange[];
  /** What a gateway is shown of its vertex: by the header that confirmed it, and from the middle of the history. */
  readonly inclusion: { readonly held: InclusionProof; readonly old: InclusionProof };
  /** Bundles: a frame of that vertex, and an object of the newest state. */
  readonly readingBundle: Uint8Array;
  readonly objectBundle: Uint8Array;
}

/** `epochHeights` 0: one committee for ever. */
export function makeLongLedger(
  checkpoints: number,
  epochHeights: number,
  objects: number = OBJECTS,
): LongLedger {
  const seats = Array.from({ length: SEATS }, (_, i) => nativeSigner(authorSecret(i)));
  const author = nativeSigner(authorSecret(SEATS));
  const keys = seats.map(({ publicKey }) => publicKey);
  const timeMs = Date.now() - CHECKPOINT_MS * checkpoints - GENESIS_AGE_MS;
  const genesis = benchGenesis(keys, [author.publicKey], timeMs, epochHeights);
  const makeHeader = headersOf(genesis, keys, epochHeights);

  // The one old checkpoint that proofs lead to; not an epoch's last.
  const middle =
    Math.max(1, checkpoints >> 1) + (epochHeights > 0 && (checkpoints >> 1) % epochHeights === 0 ? 1 : 0);
  const { vertex, made } = makeReadings(genesis, author, timeMs);
  const index = OUTCOMES >> 1;
  const outcomes = Array.from({ length: OUTCOMES }, (_, i) =>
    makeOutcome(i === index ? vertex.id : hash('vertex', uint32Bytes(i)), 'OK', zero32),
  );
  const old = makeHeader(middle, { outcomesRoot: outcomesRoot(outcomes), outcomesCount: OUTCOMES });
  const { historyRoot, path } = growHistory(checkpoints, genesis, middle, headerId(old));

  const state = genesis.makeState();
  const filler = Array.from({ length: objects }, (_, i) => ({
    path: hash('map-path', uint32Bytes(i)),
    valueHash: hash('object-value', uint32Bytes(i)),
  }));
  const map = state.map.update(filler);
  const newest = makeHeader(checkpoints, { stateRoot: map.root, historyRoot });
  const certify = (header: Header): CertifiedHeader => certifyBy(header, genesis, seats);
  const head = certify(newest);
  const changes = changesTo(checkpoints, epochHeights, makeHeader, certify, keys);

  const anchor: AnchorProof = { certified: head, path };
  const vertexProof = proveVertex(vertex, outcomes, index, old);
  const objectKey = objectPath(key.name, author.publicKey);
  const object = state.all().find(({ path: at }) => at.every((byte, i) => byte === objectKey[i]))?.object;
  invariant(object !== undefined, 'the genesis enrols the author');
  const subject = { type: key.name, id: author.publicKey };
  const objectProof = makeStateProof(subject, object, map.prove(objectKey), newest, [0, 1, 2]);
  const bundle = (statement: Statement, by: AnchorProof): Uint8Array =>
    bundleSchema.encode({
      version: BUNDLE_VERSION,
      network: genesis.network,
      statement,
      changes: [...changes],
      anchor: by,
    });
  return {
    ...{ genesis, head, changes },
    inclusion: {
      held: abridgeProof(vertexProof, middle, []),
      old: abridgeProof(vertexProof, checkpoints, path),
    },
    readingBundle: bundle(
      { type: 'reading', proof: { frame: proveFrame(made, 3), vertex: vertexProof }, device: undefined },
      anchor,
    ),
    objectBundle: bundle({ type: 'object', proof: objectProof }, { certified: head, path: [] }),
  };
}

/** Makes headers as the network would: each of the epoch and the committee of its height. */
function headersOf(genesis: Genesis, seats: readonly Uint8Array[], epochHeights: number) {
  const epochOf = (height: number): number =>
    epochHeights === 0 ? 0 : Math.floor((height - 1) / epochHeights);
  const committeeAt = (height: number): Committee =>
    committeeOf(epochOf(height), seats, epochHeights, genesis);
  return (height: number, changes: Partial<Header>): Header => ({
    ...{ suite: SUITE, network: genesis.network, epoch: epochOf(height), height },
    previous: hash('header', uint32Bytes(height - 1)),
    time: genesis.record.time + CHECKPOINT_MS * height,
    ...{ anchor: zero32, outcomesRoot: zero32, outcomesCount: 0, stateRoot: zero32, historyRoot: zero32 },
    ...{ committeeHash: committeeAt(height).hash, nextCommitteeHash: committeeAt(height + 1).hash },
    ...changes,
  });
}

function committeeOf(
  epoch: number,
  seats: readonly Uint8Array[],
  epochHeights: number,
  genesis: Genesis,
): Committee {
  if (epoch === 0) return genesis.committee;
  const firstHeight = epoch * epochHeights + 1;
  return new Committee({ epoch, firstHeight, lastHeight: firstHeight + epochHeights - 1, seats: [...seats] });
}

/** Every end of an epoch before the newest header, with the same keys in office again. */
function changesTo(
  checkpoints: number,
  epochHeights: number,
  makeHeader: ReturnType<typeof headersOf>,
  certify: (header: Header) => CertifiedHeader,
  seats: readonly Uint8Array[],
): CommitteeChange[] {
  if (epochHeights === 0) return [];
  return Array.from({ length: Math.floor((checkpoints - 1) / epochHeights) }, (_, epoch) => {
    const firstHeight = (epoch + 1) * epochHeights + 1;
    const committee = {
      ...{ epoch: epoch + 1, firstHeight, lastHeight: firstHeight + epochHeights - 1, seats: [...seats] },
    };
    return { ...certify(makeHeader((epoch + 1) * epochHeights, {})), committee };
  });
}

function certifyBy(header: Header, { network }: Genesis, seats: readonly Signer[]): CertifiedHeader {
  const { height, committeeHash } = header;
  const body = voteBytes({
    network,
    committeeHash,
    height,
    view: 0,
    headerId: headerId(header),
    newView: zero32,
  });
  const quorum = Math.floor((2 * SEATS) / 3) + 1;
  const votes = seats
    .slice(0, quorum)
    .map((seat, number) => [number, signDigest(seat, phaseDomain.commit, network, body)] as const);
  const committee = new Committee({
    ...{ epoch: 0, firstHeight: 0, lastHeight: 0, seats: seats.map(({ publicKey }) => publicKey) },
  });
  return { header, certificate: { height, view: 0, quorum: makeQuorum(new Map(votes), committee) } };
}

function makeReadings({ network, headerId: checkpoint }: Genesis, author: Signer, timeMs: number) {
  const [payload] = makePayloads(1, READINGS, network, timeMs);
  const header = {
    ...{ network, checkpoint, sequence: 1, previous: zero32, parents: [], time: timeMs },
    ...{ kind: 'readings' as const, payloadHash: payload!.hash },
  };
  const made = batch.decode(payload!.bytes);
  invariant(made.ok, 'the batch was made here');
  return { vertex: signVertex(header, payload!.bytes, author), made: made.value };
}

/** The history of headers 0 to `size − 1`, and the path to the one at `height`; only what the path needs is kept. */
function growHistory(size: number, genesis: Genesis, height: number, id: Uint8Array) {
  const needed = new Map<string, Uint8Array>();
  const place = (level: number, index: number): string => `${level}/${index}`;
  historyPath(height, size, (level, index) => {
    needed.set(place(level, index), zero32);
    return zero32;
  });
  let history = History.empty;
  for (let at = 0; at < size; at++) {
    const leaf = at === 0 ? historyLeaf(genesis.headerId) : at === height ? historyLeaf(id) : fillerLeaf(at);
    const { history: grown, completed } = history.append(leaf);
    history = grown;
    for (const node of completed) {
      const name = place(node.level, node.index);
      if (needed.has(name)) needed.set(name, node.hash);
    }
  }
  const path = historyPath(height, size, (level, index) => needed.get(place(level, index))!);
  return { historyRoot: history.root, path };
}

function fillerLeaf(at: number): Uint8Array {
  const leaf = new Uint8Array(32);
  new DataView(leaf.buffer).setUint32(28, at);
  return leaf;
}
