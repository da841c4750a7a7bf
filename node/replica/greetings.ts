/**
 * What a node tells its peers unasked: its newest header, its tips, and to a seat what it heard from it. Said on
 * connecting, and again while something is open, since gossip may lose what only one node holds. docs/spec/replica.md.
 */

import type { OpenDag } from '../../consensus/dag/open-dag.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import { witnessParents } from './author.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';
import type { Seat } from './seat.ts';
import type { Silence } from './silence.ts';

const INTERVAL_MS = 2_000;

export class Greetings {
  readonly peers = new Set<PeerKey>();
  readonly #ledger: Ledger;
  readonly #dag: OpenDag;
  readonly #seat: Seat;
  readonly #silence: Silence;
  readonly #effect: (effect: Effect) => void;
  #tipsAt = 0;
  /** Height when the tips were last named. */
  #toldAt = -1;

  constructor(ledger: Ledger, dag: OpenDag, seat: Seat, silence: Silence, effect: (wanted: Effect) => void) {
    this.#ledger = ledger;
    this.#dag = dag;
    this.#seat = seat;
    this.#silence = silence;
    this.#effect = effect;
  }

  get wakeAt(): number {
    return this.#seat.quiet ? Math.max(this.#tipsAt, this.#overdueAt) : this.#tipsAt;
  }

  /** Not even a heartbeat came in twice its time. */
  get #overdueAt(): number {
    return this.#ledger.header.time + 2 * this.#ledger.genesis.record.pace.heartbeatMs;
  }

  greet(peer: PeerKey): void {
    // The echo first: whoever has heard this node's newest header has heard all that it knows of that seat.
    this.#echo(peer);
    this.show(peer);
    this.#effect({ type: 'send', peer, message: this.#tips() });
  }

  /** Shows the newest header to one peer. */
  show(peer: PeerKey): void {
    this.#effect({ type: 'send', peer, message: this.#newest() });
  }

  /** Shows the newest header to everybody. */
  announce(): void {
    this.#effect({ type: 'broadcast', to: 'peers', message: this.#newest() });
  }

  /**
   * While something is open, tips are named again and again. When no checkpoint came meanwhile, perhaps because a seat
   * still waits for a greeting that a link lost, peers are greeted anew; also in a network where nobody says anything.
   */
  retell(nowMs: number): void {
    if (nowMs < this.wakeAt) return;
    this.#tipsAt = nowMs + INTERVAL_MS;
    const stuck = this.#toldAt === this.#ledger.height;
    this.#toldAt = this.#ledger.height;
    if (stuck) for (const peer of this.peers) this.greet(peer);
    else this.#effect({ type: 'broadcast', to: 'peers', message: this.#tips() });
  }

  /** Tells a seat that comes (back) what it said about this height, in case it has lost its log `[BFT-1]`. */
  #echo(peer: PeerKey): void {
    const seat = this.#ledger.committee.seatOf.get(peer);
    if (seat === undefined || this.#seat.number === undefined) return;
    for (const message of this.#seat.saidBy(seat)) this.#effect({ type: 'send', peer, message });
  }

  #newest(): PeerMessage {
    const { header, certificate } = this.#ledger;
    const speaks = this.#silence.report === undefined;
    return { type: 'certified', header, certificate: certificate === undefined ? [] : [certificate], speaks };
  }

  #tips(): PeerMessage {
    return { type: 'tips', ids: witnessParents(this.#dag, this.#ledger).ids };
  }
}
