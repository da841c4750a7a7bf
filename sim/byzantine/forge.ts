/**
 * Forger: beside each vote of its own node it says one thing that it has no right to say: votes of other seats, votes
 * whose signature is wrong, votes for values that nobody proposed, certificates, view-changes and prepared proofs made
 * of copies, proposals in another's turn, vertices of other authors; and says a seat's own votes back to it, so that it
 * may think that it forgot them. Stopped by: a seat's words are taken from its own
 * node only, each signature is checked under its domain, quorums need distinct seats `[BFT-5]` `[BFT-6]` `[SIG-1]`; and
 * who forges is not heard for a while.
 */

import { makeQuorum } from '../../consensus/checkpoint/certificate.ts';
import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { encodeVertex, signVertex } from '../../consensus/vertex/vertex.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { ownSeat, retime, signProposal, signViewChange, signVote, type Vote } from './pen.ts';

/** Of each seat; enough for votes of heights and views that are over. */
const HEARD_MAX = 8;

class Forger implements Actor {
  readonly acts = {
    'votes of other seats': 0,
    'bad signatures': 0,
    'unknown values': 0,
    certificates: 0,
    'prepared proofs': 0,
    'proposals out of turn': 0,
    'vertices of other authors': 0,
    'words said back': 0,
  };
  readonly #stage: Stage;
  /** True votes of others, the last few of each seat. */
  readonly #heard = new Map<PeerKey, Vote[]>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onSend(peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    // First, so that it would take the true one's place.
    return message.type === 'vote' ? [...this.#forge(peer, message), message] : [message];
  }

  onReceive(peer: PeerKey, message: PeerMessage): boolean {
    if (message.type === 'vote')
      this.#heard.set(peer, [...(this.#heard.get(peer) ?? []), message].slice(-HEARD_MAX));
    return true;
  }

  #forge(peer: PeerKey, vote: Vote): PeerMessage[] {
    const kinds = Object.keys(this.acts) as (keyof Forger['acts'])[];
    const kind = kinds[Math.floor(this.#stage.chance() * kinds.length)]!;
    const forged = this.#make(kind, peer, vote);
    if (forged !== undefined) this.acts[kind] += 1;
    return forged === undefined ? [] : [forged];
  }

  #make(kind: keyof Forger['acts'], peer: PeerKey, vote: Vote): PeerMessage | undefined {
    const stage = this.#stage;
    const { height, view } = vote;
    switch (kind) {
      case 'votes of other seats':
        return { ...vote, headerId: this.#noise(32), seat: this.#otherSeat() };
      case 'bad signatures':
        return { ...vote, signature: this.#noise(64) };
      case 'unknown values':
        return signVote(stage, {
          ...vote,
          headerId: this.#noise(32),
          view: view + Math.floor(3 * stage.chance()),
        });
      case 'certificates': {
        const header = this.#twin();
        if (header === undefined) return undefined;
        return {
          type: 'certified',
          speaks: true,
          header,
          certificate: [{ height: header.height, view, quorum: this.#quorum(vote) }],
        };
      }
      case 'prepared proofs': {
        const header = this.#twin();
        if (header?.height !== height) return undefined;
        const prepared = { view, header, newView: zero32, quorum: this.#quorum(vote) };
        return signViewChange(stage, { height, view: view + 1, prepared });
      }
      case 'proposals out of turn': {
        const header = this.#twin();
        const blank = { newView: undefined, previousCertificate: undefined, anchor: new Uint8Array(0) };
        if (header === undefined) return undefined;
        return signProposal(stage, {
          ...{ type: 'proposal' as const, view: view + 1, header, ...blank },
          ...{ seat: ownSeat(stage) ?? 0, signature: vote.signature },
        });
      }
      case 'vertices of other authors':
        return this.#vertex();
      case 'words said back': {
        const heard = this.#heard.get(peer) ?? [];
        return heard[Math.floor(stage.chance() * heard.length)];
      }
    }
  }

  /** What the own node would propose next, at a time of no importance. */
  #twin() {
    const { replica } = this.#stage;
    if (replica === undefined) return undefined;
    const { header } = replica.ledger;
    return retime(replica, { ...header, height: header.height + 1 }, header.time + 1);
  }

  /** The own signature in the place of everybody's. */
  #quorum({ signature }: Vote) {
    const { committee } = this.#stage.genesis;
    const all = committee.record.seats.map((_, seat) => [seat, signature] as const);
    return makeQuorum(new Map(all), committee);
  }

  #vertex(): PeerMessage | undefined {
    const { replica, signer, genesis } = this.#stage;
    const author = genesis.committee.record.seats[this.#otherSeat()]!;
    if (replica === undefined) return undefined;
    const header = {
      ...{ network: genesis.network, sequence: 1, previous: zero32, checkpoint: replica.ledger.headerId },
      ...{ parents: [], time: this.#stage.nowMs(), kind: 'readings' as const, payloadHash: this.#noise(32) },
    };
    // Signed with the own key; the author named is another.
    const vertex = signVertex(header, new Uint8Array(0), {
      publicKey: author,
      sign: (message) => signer.sign(message),
    });
    return { type: 'vertices', vertices: [encodeVertex(vertex)] };
  }

  #otherSeat(): number {
    const { size } = this.#stage.genesis.committee;
    return ((ownSeat(this.#stage) ?? 0) + 1 + Math.floor(this.#stage.chance() * (size - 1))) % size;
  }

  #noise(length: 32 | 64): Uint8Array {
    const lot = hash('salt', uint32Bytes(Math.floor(this.#stage.chance() * 2 ** 32)));
    return length === 32 ? lot : Uint8Array.of(...lot, ...lot);
  }
}

export const forge: ActorKind = {
  name: 'forge',
  summary: 'votes, certificates and vertices in the name of others',
  needs: 'seat',
  create: (stage) => new Forger(stage),
};
