/**
 * Looks for what parked vertices wait for `[VTX-7]`: in the own store, at whoever sent them, then at others in turns. What is
 * missing of one author's chain is asked for in doubling steps.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { OpenDag } from '../../consensus/dag/open-dag.ts';
import { VERTICES_PER_REQUEST_MAX } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import type { Effect } from './events.ts';
import type { Parking } from './parking.ts';
import type { Tolls } from './tolls.ts';

interface Missing {
  readonly id: Uint8Array;
  readonly peer: PeerKey | undefined;
}

export class Seeker {
  readonly #dag: OpenDag;
  readonly #parking: Parking;
  readonly #tolls: Tolls;
  readonly #effect: (wanted: Effect) => void;
  /** Keys of what came in the same message and is still to be placed: nobody is asked for it. */
  readonly #coming = new Set<string>();
  /** What was not asked for because of that. */
  readonly #postponed: Missing[] = [];

  constructor(dag: OpenDag, parking: Parking, tolls: Tolls, effect: (wanted: Effect) => void) {
    this.#dag = dag;
    this.#parking = parking;
    this.#tolls = tolls;
    this.#effect = effect;
  }

  /** It came with others, and is about to be placed. */
  expect(vertexKey: string): void {
    this.#coming.add(vertexKey);
  }

  /** All that came together was placed, or refused: what was to come and did not is looked for. */
  settle(nowMs: number): void {
    this.#coming.clear();
    for (const { id, peer } of this.#postponed.splice(0))
      if (!this.#dag.knows(toHex(id))) this.seek([id], peer, nowMs);
  }

  /** Looks for ancestors of what is parked: in the own store, and at `peer`, which sent it. */
  seek(ids: readonly Uint8Array[], peer: PeerKey | undefined, nowMs: number): void {
    const absent: Uint8Array[] = [];
    for (const id of ids) {
      const key = toHex(id);
      if (this.#coming.has(key)) this.#postponed.push({ id, peer });
      else if (!this.#parking.has(key)) absent.push(id);
    }
    const fresh = this.#parking.want(absent, peer, nowMs);
    if (fresh.length > 0) this.#effect({ type: 'recall', ids: fresh });
    if (peer !== undefined) this.#ask(peer, this.#parking.turnTo(absent, peer, nowMs), nowMs);
  }

  /** Asks `peer` for those of `ids` that are not here, and for what those that are parked wait for. */
  fetch(ids: readonly Uint8Array[], peer: PeerKey, nowMs: number): void {
    const keys = ids.map(toHex).filter((key) => !this.#dag.knows(key));
    const parked = keys.filter((key) => this.#parking.has(key));
    const missing = new Set(parked.flatMap((key) => this.#parking.missingFor(key, VERTICES_PER_REQUEST_MAX)));
    const unknown = keys.filter((key) => !this.#parking.has(key) && !missing.has(key));
    const fresh = this.#parking.want(unknown.map(idOf), peer, nowMs);
    const stuck = [...missing].slice(0, VERTICES_PER_REQUEST_MAX).map(idOf);
    // Wanted already, but whoever names the descendant now has the ancestors as well.
    this.#parking.want(stuck, peer, nowMs);
    this.#ask(peer, [...fresh, ...stuck], nowMs);
  }

  /** Asks for ancestors that the store does not have: those who sent what waits for them. */
  askSenders(ids: readonly Uint8Array[], peers: ReadonlySet<PeerKey>, nowMs: number): void {
    const [first] = peers;
    const absent = ids.filter((id) => !this.#parking.has(toHex(id)) && !this.#dag.knows(toHex(id)));
    const senderOf = (id: Uint8Array) => {
      const sender = this.#parking.senderOf(toHex(id));
      return sender !== undefined && peers.has(sender) ? sender : first;
    };
    this.#askEach(absent, senderOf, nowMs);
  }

  /** Asks again for what is still missing: other peers than the first, in turns. */
  chase(peers: ReadonlySet<PeerKey>, nowMs: number): void {
    const turns = [...peers];
    const due = new Map(this.#parking.overdue(nowMs).map(({ id, asked }) => [id, asked]));
    this.#askEach([...due.keys()], (id) => turns[due.get(id)! % turns.length], nowMs);
  }

  #askEach(ids: readonly Uint8Array[], peerOf: (id: Uint8Array) => PeerKey | undefined, nowMs: number): void {
    const byPeer = new Map<PeerKey, Uint8Array[]>();
    for (const id of ids) {
      const peer = peerOf(id);
      if (peer === undefined) continue;
      const asked = byPeer.get(peer);
      if (asked === undefined) byPeer.set(peer, [id]);
      else asked.push(id);
    }
    for (const [peer, asked] of byPeer) this.#ask(peer, asked, nowMs);
  }

  /** Not for what would be refused on arrival, since its author has nothing left: that is asked for later. */
  #ask(peer: PeerKey, wanted: readonly Uint8Array[], nowMs: number): void {
    const ids: Uint8Array[] = [];
    for (const id of wanted) {
      const { count, payer } = this.#parking.chainWanted(id);
      const borne = payer === undefined ? count : Math.min(count, this.#tolls.leftOf(payer, nowMs));
      if (borne === 1) ids.push(id);
      if (borne > 1) this.#effect({ type: 'send', peer, message: { type: 'getChain', id, count: borne } });
    }
    for (let i = 0; i < ids.length; i += VERTICES_PER_REQUEST_MAX) {
      this.#effect({
        type: 'send',
        peer,
        message: { type: 'getVertices', ids: ids.slice(i, i + VERTICES_PER_REQUEST_MAX) },
      });
    }
  }
}

function idOf(key: string): Uint8Array {
  return fromHex(key)!;
}
