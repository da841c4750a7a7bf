/**
 * What peers ask of this node, within what each may ask for. Most is answered from the store; snapshots and messages from
 * what the replica itself knows of them.
 */

import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import { Allowance } from './allowance.ts';
import type { Effect, Question } from './events.ts';
import type { Ledger } from './ledger.ts';
import type { Mailbox } from './mailbox.ts';
import { verticesAskedFor } from './requests.ts';
import { Snapshots } from './snapshots.ts';

/** More than a node that catches up takes in; looking them up costs a third of a core. */
export const SERVED_PER_S = 20_000;
/** A batch, or a message, may be as long as so many vertices, and is looked through besides. */
const BATCH_COST = 250;
/** A part of a state, or a checkpoint with its list, likewise. */
const PART_COST = 500;

type Asking = Question | Extract<PeerMessage, { readonly type: 'getSnapshot' | 'getState' | 'getSealed' }>;

export class Serving {
  readonly #ledger: Ledger;
  readonly #mailbox: Mailbox;
  readonly #effect: (wanted: Effect) => void;
  readonly #snapshots: Snapshots;
  /** Vertices that each peer may ask for. */
  readonly #allowance = new Allowance(SERVED_PER_S);

  constructor(ledger: Ledger, mailbox: Mailbox, effect: (wanted: Effect) => void) {
    this.#ledger = ledger;
    this.#mailbox = mailbox;
    this.#effect = effect;
    this.#snapshots = new Snapshots(ledger.genesis.record.pace.settledWindow);
    this.#snapshots.begin(ledger);
  }

  /** The ledger moved on. */
  advanced(nowMs: number): void {
    this.#snapshots.advanced(this.#ledger, nowMs);
  }

  /** A question of a few bytes may ask for a frame of vertices: no peer has more of this node's time than it is allowed. */
  onAsked(peer: PeerKey, message: Asking, nowMs: number): void {
    if (!this.#allowance.take(peer, costOf(message), nowMs)) return;
    switch (message.type) {
      case 'getSnapshot':
        return this.#reply(peer, this.#snapshots.offer(nowMs));
      case 'getState':
        return this.#reply(peer, this.#snapshots.part(message.height, message.from, nowMs));
      case 'getSealed':
        return this.#mailbox.onAsked(peer, message.ids);
      case 'getCheckpoint':
        if (message.height > this.#ledger.height) return;
        break;
      default:
    }
    this.#effect({ type: 'serve', peer, question: message });
  }

  #reply(peer: PeerKey, message: PeerMessage | undefined): void {
    if (message !== undefined) this.#effect({ type: 'send', peer, message });
  }
}

function costOf(message: Asking): number {
  switch (message.type) {
    case 'getBatches':
    case 'getSealed':
      return BATCH_COST * message.ids.length;
    case 'getState':
    case 'getHeader':
    case 'getChanges':
      return PART_COST;
    case 'getCheckpoint':
    case 'getSnapshot':
    case 'getPeaks':
      return 1;
    default:
      return verticesAskedFor(message);
  }
}
