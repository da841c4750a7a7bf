/** How the gateway does: one reading of everything that it counts, as JSON for people and as text for Prometheus. */

import type { Alarm, AlarmSubject } from './alarms.ts';
import type { WatchStatus } from './early-warnings.ts';
import type { NodeView } from './ledger.ts';
import type { PaymentsStatus } from './payment-views.ts';

export interface GatewayStatus {
  readonly name: string;
  readonly network: string;
  readonly networkName: string;
  /** The gateway's key, hex. */
  readonly key: string;
  readonly ready: boolean;
  readonly notReady: readonly string[];
  readonly uptimeMs: number;
  readonly mqtt: {
    readonly connected: boolean;
    readonly inFlight: number;
    readonly messages: number;
    readonly bytes: number;
  };
  /** Since the outbox began, but for `duplicates`, which counts a frame once for each time it came again. */
  readonly frames: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly queued: number;
    readonly inFlight: number;
    readonly final: number;
    /** Their vertex was confirmed without effect. */
    readonly refused: number;
    /** Messages whose device nobody could be asked about yet. */
    readonly held: number;
  };
  readonly readings: { readonly final: number };
  readonly vertices: {
    readonly signed: number;
    readonly inFlight: number;
    readonly final: number;
    readonly kept: number;
  };
  readonly outbox: {
    readonly queuedBytes: number;
    readonly keptBytes: number;
    readonly diskBytes: number;
    readonly full: boolean;
  };
  /** From a message's arrival to its frames' checked proof, over the last frames; 0 before the first. */
  readonly finality: { readonly p50Ms: number; readonly p95Ms: number; readonly samples: number };
  readonly ledger: {
    readonly height: number;
    readonly time: number;
    readonly ageMs: number;
    readonly standing: string;
    readonly reason: string;
    readonly nodes: readonly NodeView[];
  };
  /** Frames exchanged with nodes. */
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly memory: { readonly rssBytes: number; readonly heapBytes: number };
  /** By code, since the start of this process: of frames under E_REPLAY, of messages under the others. */
  readonly refused: { readonly [code: string]: number };
  readonly alarms: { readonly [S in AlarmSubject]?: Alarm };
  /** Goods whose pledges' rules are asked of what passes through here, before it is final. */
  readonly watches: readonly WatchStatus[];
  /** Since the start of this process, by level. */
  readonly warningsRaised: { readonly warning: number; readonly critical: number };
  /** What readings have made things pay. */
  readonly payments: PaymentsStatus;
  readonly devices: {
    readonly [device: string]: {
      readonly accepted: number;
      readonly duplicates: number;
      readonly final: number;
    };
  };
}

const SAMPLES = 4_096;
const BUCKETS_S = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 3_600, 86_400];

/** Durations of the last frames, and counts of all in buckets. */
export class Finality {
  readonly #recent = new Float64Array(SAMPLES);
  readonly #buckets = BUCKETS_S.map(() => 0);
  #count = 0;
  #sumMs = 0;

  note(durationMs: number): void {
    this.#recent[this.#count % SAMPLES] = durationMs;
    this.#count += 1;
    this.#sumMs += durationMs;
    const bucket = BUCKETS_S.findIndex((most) => durationMs <= most * 1_000);
    if (bucket >= 0) this.#buckets[bucket]! += 1;
  }

  get summary(): { readonly p50Ms: number; readonly p95Ms: number; readonly samples: number } {
    const samples = Math.min(this.#count, SAMPLES);
    const ascending = this.#recent.slice(0, samples).sort();
    const at = (share: number) =>
      Math.round(ascending[Math.min(samples - 1, Math.floor(samples * share))] ?? 0);
    return { p50Ms: at(0.5), p95Ms: at(0.95), samples };
  }

  /** Lines of a Prometheus histogram. */
  lines(name: string): string[] {
    let below = 0;
    const lines = BUCKETS_S.map((most, index) => {
      below += this.#buckets[index]!;
      return `${name}_bucket{le="${most}"} ${below}`;
    });
    return [
      ...lines,
      `${name}_bucket{le="+Inf"} ${this.#count}`,
      `${name}_sum ${this.#sumMs / 1_000}`,
      `${name}_count ${this.#count}`,
    ];
  }
}

type Kind = 'gauge' | 'counter' | 'histogram';
type Labelled = { readonly [label: string]: number };

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** The Prometheus text format, 0.0.4. */
export function metricsText(status: GatewayStatus, finality: Finality): string {
  const lines: string[] = [];
  const head = (name: string, kind: Kind, help: string): string => {
    lines.push(`# HELP tally_gateway_${name} ${help}`, `# TYPE tally_gateway_${name} ${kind}`);
    return `tally_gateway_${name}`;
  };
  const one = (name: string, kind: Kind, help: string, value: number | boolean): void => {
    lines.push(`${head(name, kind, help)} ${Number(value)}`);
  };
  const many = (name: string, kind: Kind, help: string, label: string, values: Labelled): void => {
    const full = head(name, kind, help);
    for (const [key, value] of Object.entries(values))
      lines.push(`${full}{${label}="${quoted(key)}"} ${value}`);
  };
  const { frames, vertices, outbox, ledger, mqtt, bytes, memory } = status;
  one('ready', 'gauge', '1 when readings come in and become final', status.ready);
  one('mqtt_connected', 'gauge', '1 while the broker is connected', mqtt.connected);
  one('mqtt_messages_total', 'counter', 'Messages taken from the broker', mqtt.messages);
  one('mqtt_in_flight', 'gauge', 'Messages taken and not acknowledged', mqtt.inFlight);
  one('frames_accepted_total', 'counter', 'Frames accepted since the outbox began', frames.accepted);
  one('frames_duplicate_total', 'counter', 'Frames that came again', frames.duplicates);
  one('frames_final_total', 'counter', 'Frames proved to have taken effect', frames.final);
  one('frames_refused_total', 'counter', 'Frames whose vertex was confirmed without effect', frames.refused);
  one('frames_queued', 'gauge', 'Frames that wait to be signed', frames.queued);
  one('frames_in_flight', 'gauge', 'Frames signed and not final', frames.inFlight);
  one('messages_held', 'gauge', 'Messages of devices that nobody could be asked about yet', frames.held);
  one(
    'readings_final_total',
    'counter',
    'Single readings proved to have taken effect',
    status.readings.final,
  );
  one('vertices_signed_total', 'counter', 'Vertices signed', vertices.signed);
  one('vertices_final_total', 'counter', 'Vertices proved to have taken effect', vertices.final);
  one('vertices_in_flight', 'gauge', 'Vertices signed and not final', vertices.inFlight);
  one('vertices_kept', 'gauge', 'Final vertices kept with their proofs', vertices.kept);
  one('outbox_queued_bytes', 'gauge', 'Bytes of queued frames', outbox.queuedBytes);
  one('outbox_disk_bytes', 'gauge', 'Bytes of the data directory', outbox.diskBytes);
  one('outbox_full', 'gauge', '1 while nothing more is accepted', outbox.full);
  one('ledger_height', 'gauge', 'Height of the newest certified header that was verified', ledger.height);
  one('ledger_age_seconds', 'gauge', 'Age of that header', ledger.ageMs / 1_000);
  many(
    'node_up',
    'gauge',
    '1 while the node is connected',
    'node',
    Object.fromEntries(ledger.nodes.map(({ key, up }) => [key, Number(up)])),
  );
  many('bytes_total', 'counter', 'Bytes of frames exchanged with nodes', 'direction', {
    sent: bytes.sent,
    received: bytes.received,
  });
  many(
    'refused_total',
    'counter',
    'Refusals by code: of frames under E_REPLAY, else of messages',
    'code',
    status.refused,
  );
  many(
    'alarm',
    'gauge',
    '1 for each alarm raised',
    'code',
    Object.fromEntries(Object.values(status.alarms).map(({ code }) => [code, 1])),
  );
  const standing = status.watches.flatMap(({ warnings }) => warnings);
  const bySignal: Record<string, number> = {};
  for (const { signal } of standing) bySignal[signal] = (bySignal[signal] ?? 0) + 1;
  many('early_warnings', 'gauge', 'Early warnings that stand now', 'signal', bySignal);
  many('early_warnings_total', 'counter', 'Early warnings raised', 'level', status.warningsRaised);
  const { due, underWay, settled } = status.payments;
  one('payments_due', 'gauge', 'Payments for which no call is under way', due);
  one('payments_under_way', 'gauge', 'Payments whose call has no outcome yet', underWay);
  many('payments_total', 'counter', 'Payments that ended, by code: OK, or why refused', 'code', settled);
  const name = head(
    'finality_seconds',
    'histogram',
    'From a message’s arrival to the checked proof of its frames',
  );
  lines.push(...finality.lines(name));
  one('resident_memory_bytes', 'gauge', 'Resident memory', memory.rssBytes);
  return `${lines.join('\n')}\n`;
}

const quoted = (text: string): string =>
  text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
