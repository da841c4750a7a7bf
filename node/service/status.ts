/** How this node stands: for its operator, for whoever balances load over it, and for the portal's first page. */

import { seatsOf } from '../../consensus/checkpoint/certificate.ts';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { key, party } from '../../consensus/contracts/registry.ts';
import type { Clock, Network } from '../ports.ts';
import type { Replica } from '../replica/replica.ts';
import type { SilenceReport } from '../replica/silence.ts';
import type { Access } from './access.ts';
import type { DurableHead } from './durable-head.ts';

/** A node this far behind what others have shown is still good to ask. */
const BEHIND_MAX = 2;
/** Heartbeats that may fail before finality counts as stopped. */
const HEARTBEATS_MISSED_MAX = 3;

export interface NodeStatus {
  readonly name: string;
  readonly network: string;
  readonly networkName: string;
  /** This node's key, hex; its party and roles, once enrolled. */
  readonly key: string;
  readonly party: string | null;
  readonly roles: readonly string[];
  /** Number of its seat in the committee, or null. */
  readonly seat: number | null;
  readonly seats: number;
  readonly quorum: number;
  readonly epoch: number;
  /** Last height of the epoch; null while no end is scheduled. */
  readonly epochEndsAt: number | null;
  /** The newest durable certified checkpoint. */
  readonly height: number;
  readonly header: string;
  readonly stateRoot: string;
  readonly time: number;
  readonly ageMs: number;
  /** Seats whose signatures certify it. */
  readonly certifiedBy: readonly number[];
  /** Greatest certified height that any peer has shown. */
  readonly target: number;
  readonly view: number;
  readonly peers: number;
  readonly objects: number;
  readonly open: number;
  readonly tips: number;
  readonly parked: number;
  readonly ready: boolean;
  readonly notReady: readonly string[];
}

function describeSilence({ why, heard, needed, speaksFrom }: SilenceReport): string {
  const until =
    speaksFrom === undefined ? `${heard} of ${needed} others heard` : `until height ${speaksFrom}`;
  return `silent, since ${why}: ${until}`;
}

export class Status {
  readonly #name: string;
  readonly #alone: boolean;
  readonly #publicKey: Uint8Array;
  readonly #replica: Replica;
  readonly #head: DurableHead;
  readonly #access: Access;
  readonly #clock: Clock;
  readonly #network: Pick<Network, 'peers'>;
  /** Why the node stopped, once it has. */
  stopped: string | undefined;

  constructor(ports: {
    readonly name: string;
    /** No peers are configured: being without any is no defect. */
    readonly alone: boolean;
    readonly publicKey: Uint8Array;
    readonly replica: Replica;
    readonly head: DurableHead;
    readonly access: Access;
    readonly clock: Clock;
    readonly network: Pick<Network, 'peers'>;
  }) {
    this.#name = ports.name;
    this.#alone = ports.alone;
    this.#publicKey = ports.publicKey;
    this.#replica = ports.replica;
    this.#head = ports.head;
    this.#access = ports.access;
    this.#clock = ports.clock;
    this.#network = ports.network;
  }

  /** Why this node had better not be asked now; empty when it is ready. */
  notReady(): string[] {
    const reasons: string[] = [];
    const { genesis } = this.#replica.ledger;
    const { target } = this.#replica.gauges();
    if (this.stopped !== undefined) reasons.push(`the node stopped: ${this.stopped}`);
    if (this.#network.peers.length === 0 && !this.#alone) reasons.push('no peer is connected');
    if (target - this.#head.height > BEHIND_MAX)
      reasons.push(`at height ${this.#head.height} of ${target}: catching up`);
    const { silence } = this.#replica;
    if (silence !== undefined) reasons.push(describeSilence(silence));
    if (this.#head.certified === undefined) reasons.push('no checkpoint is certified yet');
    else {
      const ageMs = this.ageMs();
      const mostMs = HEARTBEATS_MISSED_MAX * genesis.record.pace.heartbeatMs;
      if (ageMs > mostMs) reasons.push(`the newest certificate is ${ageMs} ms old, more than ${mostMs}`);
    }
    return reasons;
  }

  /** Age of the newest durable certificate by this node's clock, ms. */
  ageMs(): number {
    const { header } = this.#head.certified ?? this.#replica.ledger.genesis;
    return Math.max(0, this.#clock.now() - header.time);
  }

  status(): NodeStatus {
    const { ledger, seat, view } = this.#replica;
    const { network, record } = ledger.genesis;
    const { committee } = ledger;
    const { certified } = this.#head;
    const { header } = certified ?? ledger.genesis;
    const own = this.#access.party;
    const { open, tips, parked, target } = this.#replica.gauges();
    const notReady = this.notReady();
    return {
      ...{ name: this.#name, network: toHex(network), networkName: record.name, key: toHex(this.#publicKey) },
      party: own === undefined ? null : toHex(own),
      roles: (own && ledger.state.get(party, own)?.roles) ?? [],
      ...{ seat: seat ?? null, seats: committee.size, quorum: committee.quorum },
      ...{ epoch: committee.epoch, epochEndsAt: ledger.endIsScheduled ? ledger.epochEndsAt : null },
      ...{
        height: header.height,
        header: toHex(headerId(header)),
        stateRoot: toHex(header.stateRoot),
        time: header.time,
        ageMs: this.ageMs(),
      },
      certifiedBy:
        (certified &&
          seatsOf(
            certified.certificate.quorum.bitmap,
            ledger.committeeOf(certified.header.committeeHash)!,
          )) ??
        [],
      ...{ target, view, peers: this.#network.peers.length, objects: ledger.state.size, open, tips, parked },
      ...{ ready: notReady.length === 0, notReady },
    };
  }

  peers(): { readonly key: string; readonly party: string | null; readonly seat: number | null }[] {
    const { state, genesis } = this.#replica.ledger;
    return this.#network.peers.map((peer) => {
      const enrolled = state.get(key, fromHex(peer)!);
      return {
        key: peer,
        party: enrolled === undefined ? null : toHex(enrolled.party),
        seat: genesis.committee.seatOf.get(peer) ?? null,
      };
    });
  }
}
