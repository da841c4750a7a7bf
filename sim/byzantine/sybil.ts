/**
 * Sybil: speaks in the name of a thousand keys that nobody enrolled. Their vertices, sound but for that, come by gossip, by
 * streams and as tips that others fetch; some cite checkpoints that nobody knows, so that nobody can tell yet who is
 * enrolled there; and they vote, in seats that exist and in seats that do not. Stopped by: the author's enrolment is asked
 * before its signature `[ADM-1]`, and before an allowance is opened for it `[ADM-2]`; what waits is bounded by sender
 * `[VTX-7]`; a seat speaks through its own node only `[BFT-5]` `[BFT-6]`. That such keys cannot even connect is the
 * network's doing `[ADM-3]` and not modelled here.
 */

import { phaseDomain, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { concatBytes, toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { type Signer, signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { encodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { anyHash, every, gossip, sendTo, signNext, tipsOf } from './pen.ts';

export const IDENTITIES = 1_000;
const INTERVAL_MS = 20;
/** Identities that speak at once: all of them have in two seconds. */
const TOGETHER = 10;
/** Vertices that were named as tips and are still given to whoever asks. */
const NAMED_MAX = 512;
const FIRST = { sequence: 0, id: zero32 };

export class Sybil implements Actor {
  readonly acts = {
    identities: 0,
    vertices: 0,
    witnesses: 0,
    'early vertices': 0,
    'tips fetched': 0,
    votes: 0,
  };
  readonly #stage: Stage;
  readonly #identities: Signer[] = [];
  readonly #named = new Map<string, Uint8Array>();
  #started = false;
  #turn = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, (replica) => this.#speak(replica));
  }

  /** Others ask for what was named to them. */
  onReceive(peer: PeerKey, message: PeerMessage): boolean {
    if (message.type !== 'getVertices') return true;
    const vertices = message.ids.flatMap((id) => this.#named.get(toHex(id)) ?? []);
    this.acts['tips fetched'] += vertices.length;
    if (vertices.length > 0) this.#stage.send(peer, { type: 'vertices', vertices });
    return true;
  }

  #speak(replica: Replica): void {
    const crowd = Array.from({ length: TOGETHER }, () => this.#next());
    const stage = this.#stage;
    const parents = tipsOf(replica, limits.parentsMax);
    const time = stage.nowMs();
    const write = (kind: 'readings' | 'witness', checkpoint?: Uint8Array) =>
      crowd.map((signer) =>
        signNext(
          stage,
          replica,
          FIRST,
          {
            ...{ kind, time, parents, payloadHash: kind === 'witness' ? zero32 : anyHash(stage) },
            ...(checkpoint === undefined ? {} : { checkpoint }),
          },
          signer,
        ),
      );
    const spoken = write('readings');
    this.acts.vertices += spoken.length;
    gossip(stage, spoken);
    this.#name(write('readings'));
    const witnesses = write('witness');
    this.acts.witnesses += witnesses.length;
    sendTo(stage, witnesses, () => true);
    const early = write('readings', anyHash(stage));
    this.acts['early vertices'] += early.length;
    gossip(stage, early);
    for (const signer of crowd) this.#vote(replica, signer);
  }

  #name(vertices: readonly Vertex[]): void {
    for (const vertex of vertices) this.#named.set(vertex.key, encodeVertex(vertex));
    while (this.#named.size > NAMED_MAX) this.#named.delete(this.#named.keys().next().value!);
    const ids = vertices.map((vertex) => vertex.id);
    for (const peer of this.#stage.peers) this.#stage.send(peer, { type: 'tips', ids });
  }

  /** For the value under way, in one of the seats or in one past them. */
  #vote({ ledger }: Replica, signer: Signer): void {
    const { network, committee } = this.#stage.genesis;
    const seat = Math.floor(this.#stage.chance() * (committee.size + 1));
    const phase = this.#stage.chance() < 0.5 ? 'prepare' : 'commit';
    const subject = { height: ledger.height + 1, view: 0, headerId: anyHash(this.#stage), newView: zero32 };
    const body = voteBytes({ network, committeeHash: committee.hash, ...subject });
    const signature = signDigest(signer, phaseDomain[phase], network, body);
    this.acts.votes += 1;
    for (const peer of this.#stage.peers)
      this.#stage.send(peer, { type: 'vote', phase, ...subject, seat, signature });
  }

  #next(): Signer {
    const number = this.#turn++ % IDENTITIES;
    const known = this.#identities[number];
    if (known !== undefined) return known;
    const secret = hash('salt', concatBytes(this.#stage.signer.publicKey, uint32Bytes(number)));
    const signer = nativeSigner(secret);
    this.#identities.push(signer);
    this.acts.identities += 1;
    return signer;
  }
}

export const sybil: ActorKind = {
  name: 'sybil',
  summary: 'speaks and votes in the name of a thousand keys that nobody enrolled',
  needs: 'any',
  create: (stage) => new Sybil(stage),
};
