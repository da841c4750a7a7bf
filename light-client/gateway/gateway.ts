/** Wires the gateway: MQTT → intake → outbox → ledger, and a small API beside it. docs/guides/gateway.md. */

import '../../node/polyfill.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { type Genesis, parseGenesis } from '../../consensus/checkpoint/genesis.ts';
import type { GatewayConfig } from '../../node/config/gateway-config.ts';
import { installNativePrimitives, nativeSigner, randomPort, systemClock } from '../../node/crypto/native.ts';
import { openKeyFile } from '../../node/keys/key-file.ts';
import { connectLight } from '../../node/libp2p/light-link.ts';
import type { Clock } from '../../node/ports.ts';
import { connectIntake, type ConnectionStatus, type IntakeConnection } from '../mqtt/intake-connection.ts';
import { Outbox, outboxLimits } from '../outbox/outbox.ts';
import { Spool } from '../outbox/spool.ts';
import { Alarms } from './alarms.ts';
import { ChainGuard, type Standing } from './chain-guard.ts';
import { Devices } from './devices.ts';
import { Dispatcher } from './dispatcher.ts';
import { describeConflict, Follower } from './follower.ts';
import { type Api, startApi } from './http.ts';
import { Ledger, type LedgerNode } from './ledger.ts';
import { type Log, makeLog } from './log.ts';
import { Finality, type GatewayStatus } from './metrics.ts';
import { Readings } from './readings.ts';
import { Reception } from './reception.ts';
import { readOrMakeToken } from './token.ts';

export interface RunningGateway {
  /** Public key in hexadecimal. */
  readonly key: string;
  readonly url: string;
  readonly port: number;
  status(): Promise<GatewayStatus>;
  /** Resolves when the gateway has ended: with the error that ended it, or `undefined` after `close`. */
  readonly ended: Promise<Error | undefined>;
  close(): Promise<void>;
}

const TICK_MS = 1_000;
/** How often the newest header is written down while nothing is signed. */
const REMEMBER_MS = 30_000;
/** Heartbeats that may fail before finality counts as stopped. */
const HEARTBEATS_MISSED_MAX = 3;
/** What is in flight at the end has this long to become durable. */
const CLOSE_GRACE_MS = 500;
const SHOWN_DEVICES_MAX = 1_000;

/** Starts a gateway. Throws where a file of its configuration is missing or wrong; afterwards it runs until `close`. */
export async function startGateway(config: GatewayConfig, passphrase: string): Promise<RunningGateway> {
  installNativePrimitives();
  const log = makeLog(config.logLevel, config.name);
  const genesis = await readGenesis(config.genesisFile);
  const secret = await openKeyFile(config.keyFile, passphrase);
  const token = await readOrMakeToken(config.api.tokenFile);
  const password = config.mqtt.passwordFile === undefined ? undefined : (await readFile(config.mqtt.passwordFile, 'utf8')).replace(/\r?\n$/, '');
  const author = nativeSigner(secret).publicKey;
  const limits = { ...outboxLimits, queuedFramesMax: config.outbox.framesMax, keptVerticesMax: config.outbox.keptBatchesMax };
  const outbox = await Outbox.open(join(config.dataDir, 'outbox'), { network: genesis.network, author }, limits);
  try {
    const gateway = new Gateway({ config, genesis, outbox, log, clock: systemClock });
    await gateway.start(secret, token, password);
    return gateway;
  } catch (error) {
    await outbox.close();
    throw error;
  }
}

async function readGenesis(file: string): Promise<Genesis> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new Error(`${file}: cannot read the genesis: ${cause.message}`, { cause });
  });
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (cause) {
    throw new Error(`${file}: not JSON: ${(cause as Error).message}`, { cause });
  }
  const genesis = parseGenesis(json);
  if (!genesis.ok) throw new Error(`${file}: no genesis: ${describeRefusal(genesis)}`);
  return genesis.value;
}

class Gateway implements RunningGateway {
  readonly #config: GatewayConfig;
  readonly #genesis: Genesis;
  readonly #outbox: Outbox;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  readonly #finality = new Finality();
  readonly #startedMs: number;
  #follower!: Follower;
  #ledger!: Ledger;
  #guard!: ChainGuard;
  #dispatcher!: Dispatcher;
  #devices!: Devices;
  #spool!: Spool;
  #reception!: Reception;
  #api!: Api;
  #mqtt: IntakeConnection | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #rememberedMs = 0;
  #closing: Promise<void> | undefined;
  #end: (error: Error | undefined) => void = () => {};
  #failure: Error | undefined;
  readonly ended: Promise<Error | undefined>;

  constructor(parts: { readonly config: GatewayConfig; readonly genesis: Genesis; readonly outbox: Outbox; readonly log: Log; readonly clock: Clock }) {
    this.#config = parts.config;
    this.#genesis = parts.genesis;
    this.#outbox = parts.outbox;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#alarms = new Alarms(parts.clock, parts.log);
    this.#startedMs = parts.clock.now();
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get key(): string {
    return toHex(this.#guard.author);
  }

  get url(): string {
    return this.#api.url;
  }

  get port(): number {
    return this.#api.port;
  }

  async start(secret: Uint8Array, token: string, password: string | undefined): Promise<void> {
    const { network } = this.#genesis;
    const [outbox, clock, log] = [this.#outbox, this.#clock, this.#log];
    this.#spool = await Spool.open(outbox.database);
    this.#devices = await Devices.open(network, outbox.database, clock);
    await this.#follow();
    await this.#connectLedger(secret);
    this.#reception = await Reception.open({ network, outbox, clock, log, spool: this.#spool, devices: this.#devices, onQueued: () => this.#dispatcher.poke() });
    const readings = new Readings({ outbox, clock, ledger: this.#ledger, genesis: this.#genesis });
    this.#api = await startApi({
      ...{ host: this.#config.api.host, port: this.#config.api.port, token, readings, finality: this.#finality },
      notReady: () => this.#notReady(),
      status: () => this.status(),
      onError: (error) => log('error', 'a request failed', { error: error.stack ?? error.message }),
    });
    this.#connectMqtt(password);
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    const { queuedFrames, inFlight } = outbox;
    log('info', 'gateway is up', { url: this.url, key: this.key, network: toHex(network), queued: queuedFrames, inFlight: inFlight.length });
  }

  async #follow(): Promise<void> {
    const { record } = this.#genesis;
    this.#follower = new Follower({
      root: this.#genesis,
      genesisTimeMs: record.time,
      trustingPeriodMs: record.pace.trustingPeriodMs,
      newest: this.#outbox.newest,
    });
    for (const conflict of await this.#outbox.evidence()) {
      this.#follower.recallConflict(conflict);
      this.#alarms.raise('ledger', 'E_CERTIFICATE', describeConflict(conflict));
    }
  }

  async #connectLedger(secret: Uint8Array): Promise<void> {
    const { nodes, batch, resumeChain } = this.#config;
    const signer = nativeSigner(secret);
    const parts = { outbox: this.#outbox, follower: this.#follower, clock: this.#clock, alarms: this.#alarms };
    this.#guard = new ChainGuard({ outbox: this.#outbox, author: signer.publicKey, resume: resumeChain, onStanding: (standing) => this.#onStanding(standing) });
    const link = await connectLight({
      secret,
      network: toHex(this.#genesis.network),
      nodes: nodes.map(({ key, address }) => ({ key, multiaddr: address })),
    });
    secret.fill(0);
    this.#ledger = new Ledger({
      link,
      nodes: this.#organise(),
      follower: this.#follower,
      clock: this.#clock,
      events: {
        onUp: (node) => {
          this.#log('info', 'node is connected', { node });
          this.#dispatcher.onUp(node);
          this.#look();
        },
        onHead: (node) => {
          this.#look();
          this.#dispatcher.onHead(node);
        },
        onConflict: () => void this.#onConflict(),
        onLie: (node, reason) => this.#log('warn', 'node is not believed for a while', { node, reason }),
        onPrimary: (node, before) => {
          this.#log(node === undefined ? 'warn' : 'info', node === undefined ? 'no node answers' : 'node is primary now', { node, before });
          // The constructor of the ledger chooses as well, before there is anything to tell.
          if (this.#dispatcher === undefined || node === undefined) return;
          this.#look();
          this.#dispatcher.onHead(node);
          this.#dispatcher.poke();
        },
      },
    });
    this.#devices.ledger = this.#ledger;
    this.#dispatcher = new Dispatcher({
      ...{ ...parts, ledger: this.#ledger, guard: this.#guard, signer, random: randomPort() },
      ...{ framesMax: batch.framesMax, intervalMs: batch.intervalMs },
      onFinal: ({ receivedMs }) => {
        const nowMs = this.#clock.now();
        for (const arrivedMs of receivedMs) this.#finality.note(nowMs - arrivedMs);
      },
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Which party runs each node, by the genesis: two nodes of one party are one opinion `[LC-2]`. */
  #organise(): LedgerNode[] {
    const partyOf = new Map(this.#genesis.record.parties.flatMap(({ lei, keys }) => keys.map((key) => [toHex(key), lei] as const)));
    const nodes = this.#config.nodes.map(({ key }) => ({ key, organisation: partyOf.get(key) ?? key }));
    if (new Set(nodes.map(({ organisation }) => organisation)).size < 2) {
      this.#log('warn', 'all nodes followed are of one organisation: nobody contradicts it if it lies');
    }
    return nodes;
  }

  #connectMqtt(password: string | undefined): void {
    const { url, protocolVersion, clientId, username, topics } = this.#config.mqtt;
    const credentials = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
    this.#mqtt = connectIntake(
      { url, protocolVersion, clientId, topics, ...credentials, onStatus: (status) => this.#onMqtt(status) },
      async (payload, facts) => {
        try {
          await this.#reception.take(payload, facts);
        } catch (error) {
          const { failure } = this.#outbox.database;
          if (failure !== undefined) this.#fail(failure);
          throw error;
        }
      },
    );
  }

  #onMqtt(status: ConnectionStatus): void {
    if (this.#closing !== undefined) return;
    if (status.state === 'failed') this.#log('warn', status.error.message, { cause: String(status.error.cause ?? '') });
    else this.#log('info', `MQTT ${status.state}`, 'retryInMs' in status ? { retryInMs: status.retryInMs } : {});
  }

  #onStanding(standing: Standing): void {
    if (standing.state === 'blocked') this.#alarms.raise('chain', standing.code, standing.reason);
    else this.#alarms.clear('chain');
    if (standing.state === 'waiting') this.#log('info', standing.reason, { code: standing.code });
    if (standing.state !== 'clear') return;
    this.#log('info', 'the ledger knows this gateway: signing begins', { sequence: this.#outbox.end.sequence });
    this.#dispatcher.poke();
  }

  async #onConflict(): Promise<void> {
    const { conflict } = this.#follower;
    if (conflict === undefined) return;
    this.#alarms.raise('ledger', 'E_CERTIFICATE', describeConflict(conflict));
    await this.#outbox.keepEvidence(conflict).catch((error: Error) => this.#fail(error));
  }

  /** Looks whether something that waited on the ledger can go on. */
  #look(): void {
    if (this.#closing !== undefined) return;
    void this.#guard.check(this.#ledger);
    if (this.#spool.size > 0 && this.#reception !== undefined) void this.#reception.drain();
  }

  #tick(): void {
    const nowMs = this.#clock.now();
    if (this.#follower.conflict === undefined) {
      if (this.#follower.isUnanchored(nowMs)) {
        this.#alarms.raise('ledger', 'E_CERTIFICATE', 'the newest header that is trusted is older than the trusting period: new ones cannot be judged');
      } else this.#alarms.clear('ledger');
    }
    const { head } = this.#follower;
    if (head === undefined || nowMs - this.#rememberedMs < REMEMBER_MS) return;
    this.#rememberedMs = nowMs;
    void this.#outbox.remember(head).catch((error: Error) => this.#fail(error));
  }

  #notReady(): string[] {
    const reasons = [...this.#alarms.raised.values()].map(({ code, reason }) => `${code}: ${reason}`);
    const { standing } = this.#guard;
    if (this.#closing !== undefined) reasons.push('the gateway is stopping');
    if (standing.state === 'waiting') reasons.push(standing.reason);
    if (this.#ledger.primary === undefined) reasons.push('no node is connected');
    if (this.#mqtt?.connected !== true) reasons.push('the MQTT broker is not connected');
    if (this.#outbox.isFull) reasons.push('the outbox is full');
    const mostMs = HEARTBEATS_MISSED_MAX * this.#genesis.record.pace.heartbeatMs;
    if (this.#ageMs() > mostMs) reasons.push(`the newest certified header is ${this.#ageMs()} ms old, more than ${mostMs}`);
    return reasons;
  }

  #ageMs(): number {
    const { header } = this.#follower.head ?? this.#genesis;
    return Math.max(0, this.#clock.now() - header.time);
  }

  async status(): Promise<GatewayStatus> {
    const { counts, end, inFlight, queuedFrames, queuedBytes, isFull, database, tallies } = this.#outbox;
    const { messages, bytes } = this.#reception.counts;
    const { standing } = this.#guard;
    const notReady = this.#notReady();
    const { rss, heapUsed } = process.memoryUsage();
    const { header } = this.#follower.head ?? this.#genesis;
    return {
      ...{ name: this.#config.name, network: toHex(this.#genesis.network), networkName: this.#genesis.record.name, key: this.key },
      ...{ ready: notReady.length === 0, notReady, uptimeMs: this.#clock.now() - this.#startedMs },
      mqtt: { connected: this.#mqtt?.connected ?? false, inFlight: this.#mqtt?.inFlight ?? 0, messages, bytes },
      frames: {
        ...{ accepted: tallies.total('accepted'), duplicates: tallies.total('duplicates'), queued: queuedFrames },
        inFlight: inFlight.reduce((sum, { receivedMs }) => sum + receivedMs.length, 0),
        ...{ final: counts.finalFrames, refused: counts.refusedFrames, held: this.#spool.size },
      },
      readings: { final: counts.finalReadings },
      vertices: { signed: end.sequence, inFlight: inFlight.length, final: counts.finalVertices, kept: counts.keptVertices },
      outbox: { queuedBytes, keptBytes: counts.keptBytes, diskBytes: await database.size(), full: isFull },
      finality: this.#finality.summary,
      ledger: {
        ...{ height: header.height, time: header.time, ageMs: this.#ageMs() },
        ...{ standing: standing.state, reason: standing.state === 'clear' ? '' : standing.reason, nodes: this.#ledger.nodes },
      },
      bytes: this.#ledger.bytes,
      memory: { rssBytes: rss, heapBytes: heapUsed },
      refused: Object.fromEntries(this.#reception.refused),
      alarms: Object.fromEntries(this.#alarms.raised),
      devices: Object.fromEntries([...tallies.devices].slice(0, SHOWN_DEVICES_MAX)),
    };
  }

  #fail(error: Error): void {
    if (this.#closing !== undefined) return;
    this.#failure = error;
    this.#log('error', 'the gateway stops', { error: error.stack ?? error.message, cause: String(error.cause ?? '') });
    void this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close().then(
      () => this.#end(this.#failure),
      (error: Error) => this.#end(this.#failure ?? error),
    );
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#ticker);
    // No more comes in; what came is written and acknowledged; then nothing more goes out.
    await this.#mqtt?.close(CLOSE_GRACE_MS);
    await this.#api.close();
    await this.#dispatcher.close();
    await this.#ledger.close();
    if (this.#follower.head !== undefined) await this.#outbox.remember(this.#follower.head);
    await this.#outbox.close();
    this.#log('info', 'gateway is down', { queued: this.#outbox.queuedFrames, inFlight: this.#outbox.inFlight.length });
  }
}
