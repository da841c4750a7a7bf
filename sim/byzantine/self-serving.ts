/**
 * Self-serving: the moment it hears another's vertex it writes its own, which shall be first. It uses all that its key
 * allows: its own vertex stands on nothing that is over the rival; a witness of the year 1970 covers it, and one by
 * each accomplice; the rival is kept from its node, so that its witnesses cover it late; as leader it takes the anchor
 * whose cone puts its own first, or leaves the rival out, and waits if there is none. Stopped by: the (f+1)-th time
 * counts, q seats' witnesses confirm, and a later stamp waits for an earlier one `[ORD-1]` `[ORD-2]`.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import type { DagNode } from '../../consensus/dag/open-dag.ts';
import { encodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { bundle, type PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import { confirmedBy } from '../../node/replica/proposal.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import {
  anyHash,
  type Draft,
  gossip,
  isFree,
  ownKey,
  ownSeat,
  type Proposal,
  readVertices,
  rebuildHeader,
  writeSecretly,
} from './pen.ts';
import { type Shown, Swap } from './swap.ts';

/** How long the rival is kept from the own node. */
const HIDDEN_MS = 400;
const RACE_MS = 1_200;
/** Anchors that a leader tries; each costs an order of the open cone. */
const ANCHORS_MAX = 24;
/** Times of back-dated vertices: by them accomplices know what to help. */
const STEP_BACK = 0;
const OWN_FIRST = 1;
const BACK_DATED = 2;

export interface Race {
  /** Ids in hexadecimal. */
  readonly rival: string;
  readonly own: string;
  /** When the rival was heard, and when the own vertex was written, ms. */
  readonly heardMs: number;
  readonly writtenMs: number;
}

export class SelfServing implements Actor {
  readonly acts = {
    races: 0,
    'back-dated witnesses': 0,
    'helping witnesses': 0,
    'rivals kept out': 0,
    'anchors chosen': 0,
    waits: 0,
  };
  readonly races: Race[] = [];
  readonly #stage: Stage;
  readonly #swap: Swap;
  readonly #reactMs: () => number;
  readonly #raceMs: number;
  #race: { readonly rival: string; own: string | undefined; readonly heardMs: number } | undefined;
  readonly #hidden = new Set<string>();
  #asked = '';
  #answer: Shown | 'wait' | undefined;

  /** `reactMs`: how long after it heard a rival it writes its own; at once by default. `raceMs`: when it looks for the next. */
  constructor(stage: Stage, reactMs: () => number = () => 0, raceMs = RACE_MS) {
    this.#stage = stage;
    this.#swap = new Swap(stage);
    this.#reactMs = reactMs;
    this.#raceMs = raceMs;
  }

  onHear(peer: PeerKey, envelopes: readonly Uint8Array[]): boolean {
    const vertices = readVertices(envelopes);
    for (const { vertex } of vertices) {
      if (this.#stage.accomplices.includes(vertex.authorKey)) this.#help(vertex);
      else if (vertex.kind !== 'witness' && vertex.authorKey !== ownKey(this.#stage)) this.#rival(vertex);
    }
    const passed = vertices.filter(({ vertex }) => !this.#hidden.has(vertex.key));
    if (passed.length === vertices.length) return true;
    const data = bundle.encode({ publisher: fromHex(peer)!, vertices: envelopes });
    this.acts['rivals kept out'] += 1;
    this.#stage.after(HIDDEN_MS, () => {
      for (const { vertex } of vertices) this.#hidden.delete(vertex.key);
      this.#stage.tell({ type: 'gossip', peer, data });
    });
    return false;
  }

  onReceive(_peer: PeerKey, message: PeerMessage): boolean {
    if (message.type !== 'vertices' || this.#hidden.size === 0) return true;
    const { replica } = this.#stage;
    if (replica === undefined || replica.gauges().target > replica.ledger.height) return true;
    return readVertices(message.vertices).every(({ vertex }) => !this.#hidden.has(vertex.key));
  }

  onSend(_peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    if (message.type === 'vote') return [this.#swap.vote(message)];
    if (message.type !== 'proposal') return [message];
    const { replica } = this.#stage;
    const race = this.#race;
    if (replica === undefined || race?.own === undefined || !isFree(message)) return [message];
    // Once for all peers, who are told in a row.
    const asked = `${message.header.height}/${message.view} ${this.#stage.nowMs()}`;
    if (this.#asked !== asked) this.#answer = this.#better(replica, message, race.rival, race.own);
    this.#asked = asked;
    const answer = this.#answer;
    // The node says it again after half of the timeout: until then there may be a better anchor.
    return answer === 'wait' ? [] : [this.#swap.propose(message, () => answer)];
  }

  #rival(vertex: Vertex): void {
    if (this.#race !== undefined) return;
    const race = { rival: vertex.key, own: undefined, heardMs: this.#stage.nowMs() };
    this.#race = race;
    this.#hidden.add(vertex.key);
    const reactMs = this.#reactMs();
    if (reactMs === 0) this.#overtake(race);
    else this.#stage.after(reactMs, () => this.#overtake(race));
    this.#stage.after(this.#raceMs, () => {
      this.#race = undefined;
    });
  }

  #overtake(race: { readonly rival: string; own: string | undefined; readonly heardMs: number }): void {
    const payloadHash = hash('salt', this.#stage.signer.publicKey, fromHex(race.rival)!);
    const drafts: Draft[] = [{ kind: 'readings', time: OWN_FIRST, payloadHash }];
    if (ownSeat(this.#stage) !== undefined) drafts.push({ kind: 'witness', time: BACK_DATED });
    const [own, ...witnesses] = this.#write(drafts);
    if (own === undefined) return;
    race.own = own.key;
    this.acts.races += 1;
    this.acts['back-dated witnesses'] += witnesses.length;
    this.races.push({
      rival: race.rival,
      own: own.key,
      heardMs: race.heardMs,
      writtenMs: this.#stage.nowMs(),
    });
  }

  /** An accomplice's vertex that shall be first: covered with a time of long ago as soon as it is here. */
  #help(vertex: Vertex): void {
    if (vertex.kind === 'witness' || vertex.time !== OWN_FIRST || ownSeat(this.#stage) === undefined) return;
    this.#stage.after(0, () => {
      if (this.#stage.replica?.dag.get(vertex.key) === undefined) return;
      const [, witness] = this.#write([
        { kind: 'readings', time: STEP_BACK, payloadHash: anyHash(this.#stage) },
        { kind: 'witness', time: BACK_DATED, parents: [vertex.id] },
      ]);
      if (witness !== undefined) this.acts['helping witnesses'] += 1;
    });
  }

  #write(drafts: readonly Draft[]): Vertex[] {
    const written = writeSecretly(this.#stage, drafts);
    gossip(this.#stage, written);
    return written;
  }

  /** Another anchor than the node's if that one serves the rival; `undefined` if it does not. */
  #better(replica: Replica, proposal: Proposal, rival: string, own: string): Shown | 'wait' | undefined {
    const { dag, ledger } = replica;
    const rank = (anchor: DagNode | undefined): number => {
      const order = confirmedBy(anchor, dag, ledger).map((vertex) => vertex.key);
      const [theirs, ours] = [order.indexOf(rival), order.indexOf(own)];
      if (ours >= 0 && (theirs < 0 || ours < theirs)) return 3;
      if (theirs >= 0) return 0;
      return order.length > 0 ? 2 : 1;
    };
    const natural = dag.get(toHex(proposal.header.anchor));
    if (natural === undefined || rank(natural) > 0) return undefined;
    const { seatOf } = ledger.genesis.committee;
    const anchors = [...dag.nodes()].filter(
      (node) => node.vertex.kind === 'witness' && seatOf.has(node.authorKey),
    );
    let best: DagNode | undefined;
    let bestRank = 1;
    for (const anchor of anchors.slice(-ANCHORS_MAX)) {
      const anchorRank = rank(anchor);
      if (anchorRank > bestRank) [best, bestRank] = [anchor, anchorRank];
    }
    const header = best && rebuildHeader(replica, proposal.header, best, proposal.header.time);
    if (best !== undefined && header !== undefined) {
      this.acts['anchors chosen'] += 1;
      return { header, anchor: encodeVertex(best.vertex) };
    }
    this.acts.waits += 1;
    return 'wait';
  }
}

export const selfServing: ActorKind = {
  name: 'self-serving',
  summary: 'sees another’s vertex and tries to get its own in front of it',
  needs: 'seat',
  create: (stage) => new SelfServing(stage),
};
