/**
 * Garbage: random bytes, deep nesting, frames past their limit, true messages cut short or with a bit turned, and well
 * signed ones whose heights, views and times are at the edge of the integers. Stopped by: one strict decoder with a
 * limit for everything, before anything is allocated `[ENC-1]` `[ENC-2]`; what decodes is judged by its height and view
 * first; foreign bytes never throw.
 */

import { concatBytes, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { encodeVertex } from '../../consensus/vertex/vertex.ts';
import { bundle, type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { chainEnd, every, ownSeat, signNext, signProposal, signViewChange, signVote } from './pen.ts';

const INTERVAL_MS = 20;
const EDGES = [1, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER];
/** msgpack arrays of one element within each other. */
const NESTED = new Uint8Array(100_000).fill(0x91);

class Garbage implements Actor {
  readonly acts = {
    'random bytes': 0,
    nested: 0,
    oversized: 0,
    truncated: 0,
    'bits turned': 0,
    'integer edges': 0,
    gossip: 0,
  };
  readonly #stage: Stage;
  #started = false;
  /** The last frame that the own node sent: what is cut and bent. */
  #frame = new Uint8Array(0);

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, (replica) => this.#throw(replica));
  }

  onSend(_peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    this.#frame = Uint8Array.from(peerMessage.encode(message));
    return [message];
  }

  #throw(replica: Replica): void {
    const stage = this.#stage;
    const peer = stage.peers[this.#below(stage.peers.length)];
    if (peer === undefined) return;
    const kinds = Object.keys(this.acts) as (keyof Garbage['acts'])[];
    const kind = kinds[this.#below(kinds.length)]!;
    // Frames past the limit are costly to make, and one is like another.
    if (kind === 'oversized' && this.acts.oversized > 0 && stage.chance() > 0.05) return;
    if ((kind === 'truncated' || kind === 'bits turned') && this.#frame.length === 0) return;
    this.acts[kind] += 1;
    if (kind === 'gossip') stage.gossipBytes(this.#junk());
    else if (kind === 'integer edges') stage.send(peer, this.#edge(replica));
    else stage.sendBytes(peer, this.#bytes(kind));
  }

  #bytes(kind: 'random bytes' | 'nested' | 'oversized' | 'truncated' | 'bits turned'): Uint8Array {
    switch (kind) {
      case 'random bytes':
        return this.#noise(1 + this.#below(400));
      case 'nested':
        return NESTED.slice(0, 1 + this.#below(NESTED.length));
      case 'oversized':
        return new Uint8Array(limits.frameBytesMax + 1 + this.#below(1 << 20)).fill(0x91);
      case 'truncated':
        return this.#frame.slice(0, this.#below(this.#frame.length));
      case 'bits turned': {
        const bent = this.#frame.slice();
        bent[this.#below(bent.length)]! ^= 1 << this.#below(8);
        return bent;
      }
    }
  }

  /** Random bytes, or a bundle whose vertices are. */
  #junk(): Uint8Array {
    if (this.#stage.chance() < 0.5) return this.#noise(1 + this.#below(400));
    const vertices = [this.#noise(1 + this.#below(300)), this.#noise(64)];
    return bundle.encode({ publisher: this.#stage.signer.publicKey, vertices });
  }

  #edge(replica: Replica): PeerMessage {
    const stage = this.#stage;
    const height = EDGES[this.#below(EDGES.length)]!;
    const view = EDGES[this.#below(EDGES.length)]!;
    const open = replica.ledger.height + 1;
    const header = { ...replica.ledger.header, height: stage.chance() < 0.5 ? open : height };
    const prepared = { view, header, newView: zero32, quorum: { bitmap: new Uint8Array(0), signatures: [] } };
    switch (this.#below(7)) {
      case 0:
        return signVote(stage, {
          ...{ phase: 'prepare', height, view, headerId: zero32, newView: zero32 },
        });
      case 1:
        return signVote(stage, { phase: 'commit', height: open, view, headerId: zero32, newView: zero32 });
      case 2:
        return signViewChange(stage, { height: open, view, prepared: undefined });
      case 3:
        return signViewChange(stage, { height: open, view, prepared: { ...prepared, view: view - 1 } });
      case 4: {
        // No signature says that a value was prepared in the last view there is: this one is of something else.
        const { seat, signature } = signViewChange(stage, { height: open, view, prepared: undefined });
        const newView = { viewChanges: [{ height: open, view, prepared, seat, signature }] };
        const proposal = {
          ...{ type: 'proposal' as const, view, header, previousCertificate: undefined, newView },
          ...{ anchor: this.#noise(40), seat: ownSeat(stage) ?? 0, signature: this.#noise(64) },
        };
        return signProposal(stage, { ...proposal, header: { ...header, time: height, outcomesCount: view } });
      }
      case 5:
        return { type: 'getCheckpoint', height };
      default: {
        const end = { ...chainEnd(stage, replica), sequence: height - 1 };
        const vertex = signNext(stage, replica, end, {
          ...{ kind: 'readings', time: view, parents: [this.#noise(32)], payloadHash: this.#noise(32) },
        });
        return { type: 'vertices', vertices: [encodeVertex(vertex)] };
      }
    }
  }

  #below(count: number): number {
    return Math.floor(this.#stage.chance() * count);
  }

  #noise(length: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let left = length; left > 0; left -= 32) parts.push(hash('salt', uint32Bytes(this.#below(2 ** 32))));
    return concatBytes(...parts).slice(0, length);
  }
}

export const garbage: ActorKind = {
  name: 'garbage',
  summary: 'sends what is malformed, endless, deep, cut short or at the edge of the integers',
  needs: 'any',
  create: (stage) => new Garbage(stage),
};
