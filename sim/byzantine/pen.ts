/** What a stakeholder can say with its own key past its node: votes, proposals, view-changes, vertices of its chain. */

import { phaseDomain, type VotePhase, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { compareBytes, equalBytes, fromHex, toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import type { DagNode } from '../../consensus/dag/open-dag.ts';
import { newViewHash, viewChangeBytes } from '../../consensus/pbft/messages.ts';
import {
  decodeVertex,
  encodeVertex,
  signVertex,
  type Vertex,
  type VertexHeader,
  type VertexKind,
} from '../../consensus/vertex/vertex.ts';
import { bundle, type PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import { buildCheckpoint, confirmedBy } from '../../node/replica/proposal.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Stage } from './actor.ts';

export type Proposal = Extract<PeerMessage, { type: 'proposal' }>;
export type Vote = Extract<PeerMessage, { type: 'vote' }>;
export type ViewChange = Extract<PeerMessage, { type: 'viewChange' }>;

const nothing = new Uint8Array(0);

export function ownKey(stage: Stage): PeerKey {
  return toHex(stage.signer.publicKey);
}

export function ownSeat(stage: Stage): number | undefined {
  return stage.genesis.committee.seatOf.get(ownKey(stage));
}

export function signVote(stage: Stage, vote: Omit<Vote, 'type' | 'seat' | 'signature'>): Vote {
  const { network, committee } = stage.genesis;
  const { height, view, headerId, newView, phase } = vote;
  const body = voteBytes({ network, committeeHash: committee.hash, height, view, headerId, newView });
  const signature = signDigest(stage.signer, phaseDomain[phase], network, body);
  return { type: 'vote', ...vote, seat: ownSeat(stage) ?? 0, signature };
}

/** Own prepare and commit for what a proposal proposes. */
export function signVotes(stage: Stage, { header, view, newView }: Proposal): Vote[] {
  const phases: readonly VotePhase[] = ['prepare', 'commit'];
  return phases.map((phase) =>
    signVote(stage, {
      phase,
      height: header.height,
      view,
      headerId: headerId(header),
      newView: phase === 'prepare' ? newViewHash(newView) : zero32,
    }),
  );
}

/** The proposal as it is given, signed anew. */
export function signProposal(stage: Stage, proposal: Proposal): Proposal {
  const { network, committee } = stage.genesis;
  const { header, view, newView } = proposal;
  const body = voteBytes({
    network,
    committeeHash: committee.hash,
    height: header.height,
    view,
    headerId: headerId(header),
    newView: newViewHash(newView),
  });
  return { ...proposal, signature: signDigest(stage.signer, 'proposal', network, body) };
}

export function signViewChange(
  stage: Stage,
  { height, view, prepared }: Pick<ViewChange, 'height' | 'view' | 'prepared'>,
): ViewChange {
  const { network, committee } = stage.genesis;
  const subject = prepared && { view: prepared.view, headerId: headerId(prepared.header) };
  const body = viewChangeBytes({ network, committeeHash: committee.hash, height, view, prepared: subject });
  const signature = signDigest(stage.signer, 'view-change', network, body);
  return { type: 'viewChange', height, view, prepared, seat: ownSeat(stage) ?? 0, signature };
}

/** The leader chose this value itself: no view-change bound it to one. */
export function isFree({ newView }: Proposal): boolean {
  return newView === undefined || newView.viewChanges.every((change) => change.prepared === undefined);
}

/** A header for the open height over another anchor or time, with roots that honest seats will find right. */
export function rebuildHeader(
  replica: Replica,
  header: Header,
  anchor: DagNode | undefined,
  time: number,
): Header | undefined {
  if (header.height !== replica.ledger.height + 1) return undefined;
  const vertices = confirmedBy(anchor, replica.dag, replica.ledger);
  return buildCheckpoint(anchor?.vertex.id ?? header.anchor, vertices, time, replica.ledger).header;
}

/** The same confirmed vertices at another time: valid, and another value. */
export function retime(replica: Replica, header: Header, time: number): Header | undefined {
  return rebuildHeader(replica, header, replica.dag.get(toHex(header.anchor)), time);
}

interface ChainEnd {
  readonly sequence: number;
  readonly id: Uint8Array;
  /** Id of the header that it cites. */
  readonly checkpoint: Uint8Array;
  readonly time: number;
}

/** The last vertex of the own chain that the node knows of: an open one, or the last confirmed. */
export function chainEnd(stage: Stage, replica: Replica): ChainEnd {
  const own = ownKey(stage);
  const confirmed = replica.ledger.state.get(chain, stage.signer.publicKey);
  let end: ChainEnd = {
    sequence: confirmed?.lastSequence ?? 0,
    id: confirmed?.lastId ?? zero32,
    checkpoint: stage.genesis.headerId,
    time: 0,
  };
  for (const { authorKey, sequence, vertex } of replica.dag.nodes())
    if (authorKey === own && sequence > end.sequence) end = vertex;
  return end;
}

export interface Draft {
  readonly kind: VertexKind;
  readonly time: number;
  readonly parents?: readonly Uint8Array[];
  readonly payload?: Uint8Array;
  readonly payloadHash?: Uint8Array;
  readonly checkpoint?: Uint8Array;
}

/** Signs a vertex that stands on `end`; nobody sees it yet. */
export function signNext(
  stage: Stage,
  replica: Replica,
  end: Pick<ChainEnd, 'sequence' | 'id'>,
  draft: Draft,
  signer = stage.signer,
): Vertex {
  const { kind, time, parents = [], payload = nothing, payloadHash = zero32 } = draft;
  const header: Omit<VertexHeader, 'suite' | 'author'> = {
    network: stage.genesis.network,
    sequence: end.sequence + 1,
    previous: end.sequence === 0 ? zero32 : end.id,
    checkpoint: draft.checkpoint ?? replica.ledger.headerId,
    parents: parents.filter((id) => !equalBytes(id, end.id)).sort(compareBytes),
    time: Math.max(0, time),
    kind,
    payloadHash,
  };
  return signVertex(header, payload, signer);
}

/** Writes the next vertex of the own chain through the own node, which takes it in and gossips it. */
export function writeOwn(stage: Stage, draft: Draft): Vertex | undefined {
  const { replica } = stage;
  if (replica === undefined) return undefined;
  const vertex = signNext(stage, replica, chainEnd(stage, replica), draft);
  const reply = stage.tell({ type: 'submit', envelope: encodeVertex(vertex) });
  return reply.type === 'taken' ? vertex : undefined;
}

/**
 * Writes vertices of the own chain that the own node takes in at once, so that it writes nothing of its own between
 * them, and that nobody else hears of; nothing when the node refuses one.
 */
export function writeSecretly(stage: Stage, drafts: readonly Draft[]): Vertex[] {
  const { replica } = stage;
  if (replica === undefined) return [];
  let end: Pick<ChainEnd, 'sequence' | 'id'> = chainEnd(stage, replica);
  const vertices = drafts.map((draft) => {
    const vertex = signNext(stage, replica, end, draft);
    end = vertex;
    return vertex;
  });
  // From nobody that it knows: the node then passes on what it takes.
  const data = bundle.encode({ publisher: zero32, vertices: vertices.map(encodeVertex) });
  const reply = stage.tell({ type: 'gossip', peer: ownKey(stage), data });
  return reply.type === 'verdict' && reply.verdict === 'accept' ? vertices : [];
}

export function gossip(stage: Stage, vertices: readonly Vertex[]): void {
  if (vertices.length > 0) stage.gossip(vertices.map(encodeVertex));
}

/** Says vertices to some peers only, over their streams. */
export function sendTo(stage: Stage, vertices: readonly Vertex[], to: (peer: PeerKey) => boolean): void {
  const message: PeerMessage = { type: 'vertices', vertices: vertices.map(encodeVertex) };
  for (const peer of stage.peers) if (to(peer)) stage.send(peer, message);
}

/** A payload hash of no meaning, another each time. */
export function anyHash(stage: Stage): Uint8Array {
  return hash('salt', uint32Bytes(Math.floor(stage.chance() * 2 ** 32)));
}

/** Ids of everything that nothing stands on yet, as a witness may name them. */
export function tipsOf(replica: Replica, most: number): Uint8Array[] {
  const ids: Uint8Array[] = [];
  for (const { vertex } of replica.dag.tips()) if (ids.length < most) ids.push(vertex.id);
  return ids;
}

/** The vertices of a bundle or an answer that decode, with their envelopes. */
export function readVertices(
  envelopes: readonly Uint8Array[],
): { readonly vertex: Vertex; readonly envelope: Uint8Array }[] {
  return envelopes.flatMap((envelope) => {
    const decoded = decodeVertex(envelope);
    return decoded.ok ? [{ vertex: decoded.value, envelope }] : [];
  });
}

/** Seats that are neither this one nor its accomplices, in the order of their numbers. */
export function honestSeats(stage: Stage): PeerKey[] {
  const crooked = new Set([ownKey(stage), ...stage.accomplices]);
  return stage.genesis.committee.record.seats.map(toHex).filter((seat) => !crooked.has(seat));
}

/**
 * Splits everybody else in two that accomplices agree on: of 2f + 1 honest seats f + 1 are in the first half, which
 * with f crooked ones make a quorum, and f in the second.
 */
export function isInSecondHalf(stage: Stage, peer: PeerKey): boolean {
  const seat = honestSeats(stage).indexOf(peer);
  return (seat >= 0 ? seat : (fromHex(peer)?.[0] ?? 0)) % 2 === 1;
}

/** Calls again and again while the node is up, from now on and through restarts. */
export function every(stage: Stage, intervalMs: number, call: (replica: Replica) => void): void {
  stage.after(intervalMs, () => {
    if (stage.replica !== undefined) call(stage.replica);
    every(stage, intervalMs, call);
  });
}
