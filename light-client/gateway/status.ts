/** How the gateway stands: for its operator, for whoever watches it, and for `/readyz`. */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Clock } from '../../node/ports.ts';
import type { IntakeConnection } from '../mqtt/intake-connection.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Spool } from '../outbox/spool.ts';
import type { Alarms } from './alarms.ts';
import type { ChainGuard } from './chain-guard.ts';
import type { EarlyWarnings } from './early-warnings.ts';
import type { Follower } from './follower.ts';
import type { Ledger } from './ledger.ts';
import type { Finality, GatewayStatus } from './metrics.ts';
import type { Payments } from './payments.ts';
import type { Reception } from './reception.ts';

export interface StatusSources {
  readonly name: string;
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly spool: Spool;
  readonly follower: Follower;
  readonly ledger: Ledger;
  readonly guard: ChainGuard;
  readonly alarms: Alarms;
  readonly reception: Reception;
  readonly warnings: EarlyWarnings;
  readonly payments: Payments;
  readonly finality: Finality;
  /** Not there before the broker is dialled. */
  readonly mqtt: () => IntakeConnection | undefined;
}

/** Heartbeats that may fail before finality counts as stopped. */
const HEARTBEATS_MISSED_MAX = 3;
const SHOWN_DEVICES_MAX = 1_000;

export class Status {
  readonly #sources: StatusSources;
  readonly #startedMs: number;

  constructor(sources: StatusSources) {
    this.#sources = sources;
    this.#startedMs = sources.clock.now();
  }

  /** Why readings do not become final now; empty when they do. */
  notReady(): string[] {
    const { alarms, guard, ledger, outbox, genesis, mqtt } = this.#sources;
    const reasons = [...alarms.raised.values()].map(({ code, reason }) => `${code}: ${reason}`);
    if (guard.standing.state === 'waiting') reasons.push(guard.standing.reason);
    if (ledger.primary === undefined) reasons.push('no node is connected');
    if (mqtt()?.connected !== true) reasons.push('the MQTT broker is not connected');
    if (outbox.isFull) reasons.push('the outbox is full');
    const mostMs = HEARTBEATS_MISSED_MAX * genesis.record.pace.heartbeatMs;
    if (this.#ageMs() > mostMs)
      reasons.push(`the newest certified header is ${this.#ageMs()} ms old, more than ${mostMs}`);
    return reasons;
  }

  async read(): Promise<GatewayStatus> {
    const { name, genesis, guard, clock } = this.#sources;
    const notReady = this.notReady();
    const { rss, heapUsed } = process.memoryUsage();
    return {
      ...{
        name,
        network: toHex(genesis.network),
        networkName: genesis.record.name,
        key: toHex(guard.author),
      },
      ...{ ready: notReady.length === 0, notReady, uptimeMs: clock.now() - this.#startedMs },
      ...this.#incoming(),
      ...(await this.#outgoing()),
      ledger: this.#ledgerView(),
      finality: this.#sources.finality.summary,
      bytes: this.#sources.ledger.bytes,
      memory: { rssBytes: rss, heapBytes: heapUsed },
      alarms: Object.fromEntries(this.#sources.alarms.raised),
      watches: this.#sources.warnings.status,
      warningsRaised: this.#sources.warnings.raised,
      payments: this.#sources.payments.status,
    };
  }

  #incoming(): Pick<GatewayStatus, 'mqtt' | 'refused' | 'devices'> {
    const { mqtt, reception, outbox } = this.#sources;
    const { messages, bytes } = reception.counts;
    const connection = mqtt();
    return {
      mqtt: {
        connected: connection?.connected ?? false,
        inFlight: connection?.inFlight ?? 0,
        messages,
        bytes,
      },
      refused: Object.fromEntries(reception.refused),
      devices: Object.fromEntries([...outbox.tallies.devices].slice(0, SHOWN_DEVICES_MAX)),
    };
  }

  async #outgoing(): Promise<Pick<GatewayStatus, 'frames' | 'readings' | 'vertices' | 'outbox'>> {
    const { outbox, spool } = this.#sources;
    const diskBytes = await outbox.database.size();
    const { counts, end, inFlight, queuedFrames, queuedBytes, isFull, tallies } = outbox;
    return {
      frames: {
        ...{
          accepted: tallies.total('accepted'),
          duplicates: tallies.total('duplicates'),
          queued: queuedFrames,
        },
        inFlight: inFlight.reduce((sum, { receivedMs }) => sum + receivedMs.length, 0),
        ...{ final: counts.finalFrames, refused: counts.refusedFrames, held: spool.size },
      },
      readings: { final: counts.finalReadings },
      vertices: {
        signed: end.sequence,
        inFlight: inFlight.length,
        final: counts.finalVertices,
        kept: counts.keptVertices,
      },
      outbox: { queuedBytes, keptBytes: counts.keptBytes, diskBytes, full: isFull },
    };
  }

  #ledgerView(): GatewayStatus['ledger'] {
    const { follower, genesis, guard, ledger } = this.#sources;
    const { height, time } = (follower.head ?? genesis).header;
    const { standing } = guard;
    const reason = standing.state === 'clear' ? '' : standing.reason;
    return { height, time, ageMs: this.#ageMs(), standing: standing.state, reason, nodes: ledger.nodes };
  }

  #ageMs(): number {
    const { follower, genesis, clock } = this.#sources;
    return Math.max(0, clock.now() - (follower.head ?? genesis).header.time);
  }
}
