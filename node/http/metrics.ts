/** Prometheus metrics, on a port of their own. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Notice } from '../replica/events.ts';

/** Own vertices whose finality is still awaited. */
const AWAITED_MAX = 100_000;

/** Numbers that are read when somebody asks. */
export interface MetricSources {
  readonly publicKey: Uint8Array;
  /** What the store keeps `[STO-3]`. */
  readonly profile: string;
  gauges(): { readonly [name in GaugeName]: number };
  /** Bytes and frames that the network moved, and what it dropped; empty where it does not count. */
  network(): {
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly dropped: number;
    readonly refused: { readonly [code: string]: number };
  };
}

const gaugeHelp = {
  height: 'Height of the newest durable certified checkpoint',
  target_height: 'Greatest certified height that any peer has shown',
  certificate_age_seconds: 'Age of the newest durable certificate by this node’s clock',
  peers: 'Connected full nodes',
  light_clients: 'Connected light clients',
  open_vertices: 'Vertices not confirmed yet',
  pending_calls: 'Calls that gather signatures, or have ended and are kept to be looked at',
  messages_kept: 'Messages between banks whose bytes are kept here',
  parked_vertices: 'Vertices that wait for ancestors',
  tips: 'Open vertices without children',
  state_objects: 'Objects in the ledger state',
  disk_bytes: 'Bytes that the store takes on disk, at rest',
  disk_cap_bytes: 'The most that it may take; 0 where there is no budget',
  takes_batches: '1 while batches of readings are taken, 0 while the disk budget is nearly used up',
  pruned_height: 'Height up to which old batches of readings were let go; 0 where all are kept',
  pruned_batches: 'Batches of readings let go so far',
  pruned_bytes: 'Bytes of the batches let go so far',
} as const;
type GaugeName = keyof typeof gaugeHelp;

export class NodeMetrics {
  readonly #registry = new Registry();
  readonly #refusals = this.#counter(
    'refusals_total',
    'Refused vertices, frames and connections, by code',
    'code',
  );
  readonly #vertices = this.#counter('vertices_total', 'Vertices taken into the DAG, by kind', 'kind');
  readonly #outcomes = this.#counter('outcomes_total', 'Confirmed vertices, by outcome', 'code');
  readonly #checkpoints = this.#counter('checkpoints_total', 'Checkpoints made durable here');
  readonly #views = this.#counter('view_changes_total', 'View changes that this seat signed');
  readonly #finality: Histogram;
  readonly #ownKey: string;
  /** When own vertices arrived, by their key. */
  readonly #awaited = new Map<string, number>();

  constructor(sources: MetricSources) {
    this.#ownKey = toHex(sources.publicKey);
    this.#finality = new Histogram({
      name: 'tally_finality_seconds',
      help: 'From an own vertex’s arrival to its durable checkpoint',
      buckets: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60],
      registers: [this.#registry],
    });
    collectDefaultMetrics({ register: this.#registry, prefix: 'tally_' });
    this.#collectGauges(sources);
    new Gauge({
      name: 'tally_store_profile',
      help: 'What the store keeps of batches of readings',
      labelNames: ['profile'],
      registers: [this.#registry],
    }).set({ profile: sources.profile }, 1);
    this.#collectNetwork(sources);
  }

  note(notice: Notice): void {
    switch (notice.type) {
      case 'vertex':
        this.#vertices.inc({ kind: notice.vertex.kind });
        if (
          notice.vertex.authorKey === this.#ownKey &&
          notice.vertex.kind !== 'witness' &&
          this.#awaited.size < AWAITED_MAX
        ) {
          this.#awaited.set(notice.vertex.key, performance.now());
        }
        break;
      case 'checkpoint':
        this.#checkpoints.inc();
        for (const outcome of notice.outcomes) this.#outcomes.inc({ code: outcomeCode(outcome) });
        for (const { key } of notice.vertices) this.#onFinal(key);
        break;
      case 'view':
        this.#views.inc();
        break;
      case 'refused':
        this.#refusals.inc({ code: notice.code });
        break;
    }
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #onFinal(vertexKey: string): void {
    const arrivedMs = this.#awaited.get(vertexKey);
    if (arrivedMs === undefined) return;
    this.#awaited.delete(vertexKey);
    this.#finality.observe((performance.now() - arrivedMs) / 1_000);
  }

  #counter(name: string, help: string, label?: string): Counter {
    return new Counter({
      name: `tally_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [this.#registry],
    });
  }

  /** One look for all of them: the first collects. */
  #collectGauges(sources: MetricSources): void {
    const gauges = new Map<GaugeName, Gauge>();
    const collect = (): void => {
      const values = sources.gauges();
      for (const [name, gauge] of gauges) gauge.set(values[name]);
    };
    for (const [name, help] of Object.entries(gaugeHelp) as [GaugeName, string][]) {
      const options = { name: `tally_${name}`, help, registers: [this.#registry] };
      gauges.set(name, new Gauge(gauges.size === 0 ? { ...options, collect } : options));
    }
  }

  /** Counters that the network keeps itself: set to what it says. */
  #collectNetwork(sources: MetricSources): void {
    const registers = [this.#registry];
    const dropped = new Counter({
      name: 'tally_network_dropped_total',
      help: 'Frames not sent: the peer was gone or its queue full',
      registers,
    });
    const refused = new Counter({
      name: 'tally_network_refused_total',
      help: 'Connections and frames refused by the network, by code',
      labelNames: ['code'],
      registers,
    });
    const bytes: Counter = new Counter({
      name: 'tally_network_bytes_total',
      help: 'Bytes of direct streams and gossip',
      labelNames: ['direction'],
      registers,
      collect: () => {
        const now = sources.network();
        for (const counter of [bytes, dropped, refused]) counter.reset();
        bytes.inc({ direction: 'in' }, now.bytesIn);
        bytes.inc({ direction: 'out' }, now.bytesOut);
        dropped.inc(now.dropped);
        for (const [code, count] of Object.entries(now.refused)) refused.inc({ code }, count);
      },
    });
  }
}

export interface MetricsServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function startMetricsServer(
  host: string,
  port: number,
  metrics: NodeMetrics,
): Promise<MetricsServer> {
  const server: Server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    try {
      const text = await metrics.text();
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  });
  server.maxConnections = 32;
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: bound, address, family } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/metrics`,
    port: bound,
    close,
  };
}
