/**
 * The certified part of the ledger, as one node holds it: the newest header and its certificate, the last header ids, the
 * history accumulator, the state after it, and the committees that the state knows `[CKP-4]`.
 */

import type { Certificate } from '../../consensus/checkpoint/certificate.ts';
import type { Committee } from '../../consensus/checkpoint/committee.ts';
import type { Execution, ExecutionContext } from '../../consensus/checkpoint/execute.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId, historyLeaf } from '../../consensus/checkpoint/header.ts';
import { committeeIn } from '../../consensus/checkpoint/succession.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { epochId, epochObject } from '../../consensus/contracts/objects/epoch.ts';
import { chain, key } from '../../consensus/contracts/registry.ts';
import { NO_END } from '../../consensus/contracts/seats/rules.ts';
import type { LedgerState } from '../../consensus/contracts/state.ts';
import type { History, HistoryNode } from '../../consensus/merkle/history.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';

export interface LedgerStart {
  readonly header: Header;
  /** Absent at height 0, whose header needs none. */
  readonly certificate: Certificate | undefined;
  readonly state: LedgerState;
  /** Over the headers before `header`. */
  readonly history: History;
  /** Ids and times of the last headers, at least K where there are so many, `header` last. */
  readonly headers: readonly { readonly id: Uint8Array; readonly time: number }[];
}

/** Authors whose standing is held: each vertex asks for it several times. */
const STANDINGS_MAX = 4_096;
const RECALLED_MAX = 1_024;
/** Committees held decoded; others are read from the state again. */
const COMMITTEES_MAX = 8;

/** An author at the newest checkpoint. */
export interface Standing {
  /** Height that enrolled its key; absent for a key that nobody enrolled. */
  readonly since: number | undefined;
  /** Hex id of the party that its key speaks for; absent likewise. */
  readonly party: string | undefined;
  /** Suspended or revoked: what it says has no effect. */
  readonly inVain: boolean;
  /** Greatest sequence that was confirmed. */
  readonly topSequence: number;
}

export class Ledger {
  readonly genesis: Genesis;
  readonly state: LedgerState;
  readonly #genesisKey: string;
  #header: Header;
  #headerId: Uint8Array;
  #certificate: Certificate | undefined;
  #history: History;
  /** Heights of the last K headers by id. */
  readonly #heights = new Map<string, number>();
  /** Heights of older ones, as the store remembered them; freely evicted. */
  readonly #recalled = new Map<string, number>();
  #committee: Committee;
  #newestCommittee: Committee;
  readonly #committees = new Map<string, Committee>();
  /** By author, at the newest checkpoint. */
  readonly #standings = new Map<string, Standing>();
  /** The last K headers, hex id → time: what evidence may cite. */
  readonly #recent = new Map<string, number>();

  constructor(genesis: Genesis, start: LedgerStart) {
    this.genesis = genesis;
    this.#genesisKey = toHex(genesis.headerId);
    this.state = start.state;
    this.#header = start.header;
    this.#headerId = headerId(start.header);
    this.#certificate = start.certificate;
    this.#history = start.history;
    this.#newestCommittee = this.#demandCommittee(start.header.committeeHash);
    this.#committee = this.#demandCommittee(start.header.nextCommitteeHash);
    const first = start.header.height + 1 - start.headers.length;
    for (const [place, { id, time }] of start.headers.entries()) this.#note(toHex(id), first + place, time);
    invariant(
      this.#heights.get(toHex(this.#headerId)) === start.header.height,
      'the newest header is the last of its headers',
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

  /** The committee that decides the next height. */
  get committee(): Committee {
    return this.#committee;
  }

  /** The committee that certified the newest header. */
  get newestCommittee(): Committee {
    return this.#newestCommittee;
  }

  /** The committee of that hash, present or former; `undefined` for one that is still to come, or never was. */
  committeeOf(hash: Uint8Array): Committee | undefined {
    const name = toHex(hash);
    const found = this.#committees.get(name) ?? committeeIn(this.state, hash);
    if (found === undefined) return undefined;
    if (!this.#committees.has(name) && this.#committees.size >= COMMITTEES_MAX) this.#committees.clear();
    this.#committees.set(name, found);
    return found;
  }

  /** A seat of the newest header's committee or of the next height's: whom seat messages go to. */
  isSeat(peer: string): boolean {
    return this.#committee.seatOf.has(peer) || this.#newestCommittee.seatOf.has(peer);
  }

  /** The next height ends the epoch: who decides the one after is not known yet. */
  get endsNext(): boolean {
    return this.epochEndsAt === this.height + 1;
  }

  /** The epoch has a last height: by its length, or because somebody named one. */
  get endIsScheduled(): boolean {
    return this.epochEndsAt !== NO_END;
  }

  /** Last height of the epoch of the next height, as it stands now. */
  get epochEndsAt(): number {
    const running = this.state.get(epochObject, epochId(this.#committee.epoch));
    invariant(running !== undefined, 'the state has the present epoch');
    return running.endsAt;
  }

  /** Height of a certified header by its id in hexadecimal; of one before the last K only while it is recalled. */
  heightOf(idKey: string): number | undefined {
    // That of the genesis is in no store.
    if (idKey === this.#genesisKey) return 0;
    return this.#heights.get(idKey) ?? this.#recalled.get(idKey);
  }

  /** There are headers that only the store remembers. */
  get forgets(): boolean {
    return this.height >= this.genesis.record.pace.settledWindow;
  }

  /** Takes note of a header before the last K, as the store remembers it. */
  recallHeight(idKey: string, height: number): void {
    if (this.#recalled.size >= RECALLED_MAX) this.#recalled.clear();
    this.#recalled.set(idKey, height);
  }

  /** What the newest state says of a vertex's author. */
  standingOf({ author, authorKey }: Pick<Vertex, 'author' | 'authorKey'>): Standing {
    const known = this.#standings.get(authorKey);
    if (known !== undefined) return known;
    const enrolled = this.state.get(key, author);
    const written = this.state.get(chain, author);
    const standing = {
      since: enrolled?.since,
      party: enrolled && toHex(enrolled.party),
      inVain: written?.suspended === true || enrolled?.state === 'REVOKED',
      topSequence: written?.topSequence ?? 0,
    };
    if (this.#standings.size >= STANDINGS_MAX) this.#standings.clear();
    this.#standings.set(authorKey, standing);
    return standing;
  }

  /** Root over all headers up to and including the newest: the next header's `historyRoot`. */
  nextHistory(): { readonly history: History; readonly completed: readonly HistoryNode[] } {
    return this.#history.append(historyLeaf(this.#headerId));
  }

  executionContext(time: number): ExecutionContext {
    const { network, record } = this.genesis;
    return {
      ...{ network, policy: record.policy, height: this.height + 1, time, recentHeaders: this.#recent },
      ...{ previousTime: this.header.time, seating: this.#committee, seatRules: this.genesis.seatRules },
    };
  }

  /** Takes over a certified checkpoint; returns the history nodes that became complete. */
  advance(header: Header, certificate: Certificate, execution: Execution): readonly HistoryNode[] {
    const { history, completed } = this.nextHistory();
    this.#history = history;
    this.state.commit(execution.changes, execution.map);
    this.#standings.clear();
    this.#header = header;
    this.#headerId = headerId(header);
    this.#certificate = certificate;
    this.#newestCommittee = this.#committee;
    this.#committee = execution.nextCommittee;
    this.#note(toHex(this.#headerId), header.height, header.time);
    return completed;
  }

  #demandCommittee(hash: Uint8Array): Committee {
    const found = this.committeeOf(hash);
    invariant(found !== undefined, `the state does not know committee ${toHex(hash)} of its newest header`);
    return found;
  }

  #note(idKey: string, height: number, time: number): void {
    this.#heights.set(idKey, height);
    this.#recent.set(idKey, time);
    if (this.#recent.size <= this.genesis.record.pace.settledWindow) return;
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      this.#heights.delete(oldest);
      break;
    }
  }
}
