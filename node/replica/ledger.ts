/**
 * The certified part of the ledger, as one node holds it: the newest header and its certificate, all header ids, the
 * history accumulator and the state after it.
 */

import type { Certificate } from '../../consensus/checkpoint/certificate.ts';
import type { Execution, ExecutionContext } from '../../consensus/checkpoint/execute.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId, historyLeaf } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import type { LedgerState } from '../../consensus/contracts/state.ts';
import type { History, HistoryNode } from '../../consensus/merkle/history.ts';

export interface LedgerStart {
  readonly header: Header;
  /** Absent at height 0, whose header needs none. */
  readonly certificate: Certificate | undefined;
  readonly state: LedgerState;
  /** Over the headers before `header`. */
  readonly history: History;
  /** Ids and times of all headers from height 0 to `header`. */
  readonly headers: readonly { readonly id: Uint8Array; readonly time: number }[];
}

export class Ledger {
  readonly genesis: Genesis;
  readonly state: LedgerState;
  #header: Header;
  #headerId: Uint8Array;
  #certificate: Certificate | undefined;
  #history: History;
  readonly #heights = new Map<string, number>();
  /** The last K headers, hex id → time: what evidence may cite. */
  readonly #recent = new Map<string, number>();

  constructor(genesis: Genesis, start: LedgerStart) {
    this.genesis = genesis;
    this.state = start.state;
    this.#header = start.header;
    this.#headerId = headerId(start.header);
    this.#certificate = start.certificate;
    this.#history = start.history;
    for (const [height, { id, time }] of start.headers.entries()) this.#note(toHex(id), height, time);
    invariant(
      this.#heights.get(toHex(this.#headerId)) === start.header.height,
      'the newest header is the last of all headers',
    );
  }

  get header(): Header {
    return this.#header;
  }

  get headerId(): Uint8Array {
    return this.#headerId;
  }

  get certificate(): Certificate | undefined {
    return this.#certificate;
  }

  get height(): number {
    return this.#header.height;
  }

  /** Height of a certified header by its id in hexadecimal. */
  heightOf(idKey: string): number | undefined {
    return this.#heights.get(idKey);
  }

  /** Root over all headers up to and including the newest: the next header's `historyRoot`. */
  nextHistory(): { readonly history: History; readonly completed: readonly HistoryNode[] } {
    return this.#history.append(historyLeaf(this.#headerId));
  }

  executionContext(time: number): ExecutionContext {
    const { network, record } = this.genesis;
    return {
      ...{ network, policy: record.policy, height: this.height + 1, time, recentHeaders: this.#recent },
      ...{
        previousTime: this.header.time,
        seating: this.genesis.committee,
        seatRules: this.genesis.seatRules,
      },
    };
  }

  /** Takes over a certified checkpoint; returns the history nodes that became complete. */
  advance(header: Header, certificate: Certificate, execution: Execution): readonly HistoryNode[] {
    const { history, completed } = this.nextHistory();
    this.#history = history;
    this.state.commit(execution.changes, execution.map);
    this.#header = header;
    this.#headerId = headerId(header);
    this.#certificate = certificate;
    this.#note(toHex(this.#headerId), header.height, header.time);
    return completed;
  }

  #note(idKey: string, height: number, time: number): void {
    this.#heights.set(idKey, height);
    this.#recent.set(idKey, time);
    if (this.#recent.size <= this.genesis.record.pace.settledWindow) return;
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      break;
    }
  }
}
