/**
 * Asks peers for headers from before this node's own first checkpoint `[SNP-5]`: a vertex that cites one can be judged only by
 * its height. Only a node that joined by a snapshot has any use for it. docs/spec/snapshot.md.
 */

import { headerId, isInHistory } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';

/** Headers sought at a time; citing more costs whoever cites them another try. */
const SOUGHT_MAX = 64;
/** Most unknown headers are merely newer than the own one, and come by themselves. */
const FIRST_AFTER_MS = 1_000;
const AGAIN_MS = 2_000;
/** Peers asked for one. */
const ASKED_MAX = 8;

interface Sought {
  readonly id: Uint8Array;
  askAtMs: number;
  asked: number;
  /** The history that the last question was about. */
  under: { readonly size: number; readonly root: Uint8Array } | undefined;
}

export interface HeaderSeekerPorts {
  readonly ledger: Ledger;
  readonly peers: ReadonlySet<PeerKey>;
  effect(wanted: Effect): void;
  /** Somebody still waits for this header. */
  isAwaited(idKey: string): boolean;
}

export class HeaderSeeker {
  readonly #ports: HeaderSeekerPorts;
  readonly #sought = new Map<string, Sought>();

  constructor(ports: HeaderSeekerPorts) {
    this.#ports = ports;
  }

  get wakeAt(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { askAtMs } of this.#sought.values()) least = Math.min(least, askAtMs);
    return least;
  }

  seek(id: Uint8Array, nowMs: number): void {
    const name = toHex(id);
    if (this.#sought.has(name) || this.#sought.size >= SOUGHT_MAX) return;
    this.#sought.set(name, { id, askAtMs: nowMs + FIRST_AFTER_MS, asked: 0, under: undefined });
  }

  tick(nowMs: number): void {
    const { ledger, effect, isAwaited } = this.#ports;
    const peers = [...this.#ports.peers];
    for (const [name, sought] of this.#sought) {
      if (nowMs < sought.askAtMs) continue;
      if (!isAwaited(name) || sought.asked >= ASKED_MAX) {
        this.#sought.delete(name);
        continue;
      }
      sought.askAtMs = nowMs + AGAIN_MS;
      const peer = peers[sought.asked % Math.max(1, peers.length)];
      if (peer === undefined) continue;
      sought.asked += 1;
      const { height: size, historyRoot: root } = ledger.header;
      sought.under = { size, root };
      effect({ type: 'send', peer, message: { type: 'getHeader', id: sought.id, size } });
    }
  }

  /** The height of a header that was sought, once it is proved; `undefined` for one that was not, or no longer. */
  take({
    header,
    size,
    path,
  }: Extract<PeerMessage, { readonly type: 'provedHeader' }>): Result<
    { readonly id: Uint8Array; readonly height: number } | undefined
  > {
    const id = headerId(header);
    const sought = this.#sought.get(toHex(id));
    if (sought?.under === undefined || sought.under.size !== size) return ok(undefined);
    if (!isInHistory(id, header.height, { ...sought.under, path }))
      return refuse('E_PROOF', { reason: 'not in the history', height: header.height });
    this.#sought.delete(toHex(id));
    return ok({ id, height: header.height });
  }
}
