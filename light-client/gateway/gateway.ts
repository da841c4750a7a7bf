/** Wires the gateway: MQTT → intake → outbox → ledger, and a small API beside it. docs/guides/gateway.md. */

import '../../node/polyfill.ts';
import { join } from 'node:path';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { GatewayConfig } from '../../node/config/gateway-config.ts';
import { installNativePrimitives, nativeSigner, randomPort, systemClock } from '../../node/crypto/native.ts';
import { connectLight } from '../../node/libp2p/light-link.ts';
import type { Clock } from '../../node/ports.ts';
import { type ConnectionStatus, connectIntake, type IntakeConnection } from '../mqtt/intake-connection.ts';
import { Outbox, outboxLimits } from '../outbox/outbox.ts';
import { Spool } from '../outbox/spool.ts';
import { Alarms } from './alarms.ts';
import { ChainGuard, type Standing } from './chain-guard.ts';
import { Devices } from './devices.ts';
import { Dispatcher } from './dispatcher.ts';
import { EarlyWarnings } from './early-warnings.ts';
import { type Api, startApi } from './http.ts';
import { Ledger } from './ledger.ts';
import { type Log, makeLog } from './log.ts';
import { Finality, type GatewayStatus } from './metrics.ts';
import { Payments } from './payments.ts';
import { Readings } from './readings.ts';
import { Reception } from './reception.ts';
import { sealCall } from './seal.ts';
import { type Inputs, organiseNodes, readInputs, StartError } from './startup.ts';
import { Status } from './status.ts';
import { Trust } from './trust.ts';

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
/** What is in flight at the end has this long to become durable. */
const CLOSE_GRACE_MS = 500;

/** Starts a gateway. Throws where a file of its configuration is missing or wrong; afterwards it runs until `close`. */
export async function startGateway(config: GatewayConfig, passphrase: string): Promise<RunningGateway> {
  installNativePrimitives();
  const log = makeLog(config.logLevel, config.name);
  const inputs = await readInputs(config, passphrase);
  const { genesis, secret } = inputs;
  const author = nativeSigner(secret).publicKey;
  const limits = {
    ...outboxLimits,
    queuedFramesMax: config.outbox.framesMax,
    keptVerticesMax: config.outbox.keptBatchesMax,
  };
  const owner = { network: genesis.network, author };
  const outbox = await Outbox.open(join(config.dataDir, 'outbox'), owner, limits).catch((cause: Error) => {
    throw new StartError(cause.message, { cause });
  });
  const gateway = new Gateway({ config, genesis, outbox, log, clock: systemClock });
  try {
    await gateway.start(inputs);
    return gateway;
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

class Gateway implements RunningGateway {
  readonly #config: GatewayConfig;
  readonly #genesis: Genesis;
  readonly #outbox: Outbox;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  readonly #finality = new Finality();
  #trust: Trust | undefined;
  #ledger!: Ledger;
  #guard!: ChainGuard;
  #dispatcher!: Dispatcher;
  #payments!: Payments;
  #devices!: Devices;
  #warnings!: EarlyWarnings;
  #spool!: Spool;
  #reception!: Reception;
  #status!: Status;
  #api!: Api;
  #mqtt: IntakeConnection | undefined;
  /** What to close, first to last. */
  readonly #closers: (() => Promise<void>)[] = [];
  #closing: Promise<void> | undefined;
  #end: (error: Error | undefined) => void = () => {};
  #failure: Error | undefined;
  readonly ended: Promise<Error | undefined>;

  constructor(parts: {
    readonly config: GatewayConfig;
    readonly genesis: Genesis;
    readonly outbox: Outbox;
    readonly log: Log;
    readonly clock: Clock;
  }) {
    this.#config = parts.config;
    this.#genesis = parts.genesis;
    this.#outbox = parts.outbox;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#alarms = new Alarms(parts.clock, parts.log);
    this.#closers.unshift(() => this.#closeOutbox());
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

  async start({ secret, token, password, paymentRules }: Inputs): Promise<void> {
    const { network } = this.#genesis;
    const [outbox, clock, log] = [this.#outbox, this.#clock, this.#log];
    this.#spool = await Spool.open(outbox.database);
    this.#devices = await Devices.open(network, outbox.database, clock);
    const trust = await Trust.open(this.#genesis, outbox.database, this.#alarms, clock);
    this.#trust = trust;
    this.#warnings = new EarlyWarnings({
      ...{ entries: this.#config.watches, network, gateway: nativeSigner(secret).publicKey, clock, log },
      triggers: this.#genesis.record.policy.triggers,
    });
    this.#payments = await Payments.open({
      ...{ rules: paymentRules, outbox, log, random: randomPort() },
      ...{ network, clock, callLifeMs: this.#genesis.record.policy.callLifeMs },
    });
    await this.#connectLedger(secret, trust);
    this.#reception = await Reception.open({
      network,
      outbox,
      clock,
      log,
      spool: this.#spool,
      devices: this.#devices,
      onQueued: (frames) => {
        this.#warnings.note(frames);
        this.#dispatcher.poke();
      },
    });
    this.#closers.unshift(() => this.#reception.close());
    const sealing = { genesis: this.#genesis, follower: trust.follower, clock };
    const readings = new Readings({ ...sealing, outbox, ledger: this.#ledger });
    this.#status = new Status({
      ...{
        name: this.#config.name,
        genesis: this.#genesis,
        clock,
        outbox,
        spool: this.#spool,
        follower: trust.follower,
      },
      ...{
        ledger: this.#ledger,
        guard: this.#guard,
        alarms: this.#alarms,
        reception: this.#reception,
        warnings: this.#warnings,
        payments: this.#payments,
        finality: this.#finality,
      },
      mqtt: () => this.#mqtt,
    });
    this.#api = await startApi({
      ...{
        host: this.#config.api.host,
        port: this.#config.api.port,
        token,
        readings,
        payments: this.#payments,
        finality: this.#finality,
      },
      callBundle: (vertexId) => sealCall(vertexId, outbox, sealing),
      notReady: () => (this.#closing === undefined ? this.#status.notReady() : ['the gateway is stopping']),
      status: () => this.status(),
      onError: (error) => log('error', 'a request failed', { error: error.stack ?? error.message }),
    });
    this.#closers.unshift(() => this.#api.close());
    this.#connectMqtt(password);
    const ticker = setInterval(() => {
      if (this.#closing === undefined) this.#keep(trust.tick());
    }, TICK_MS);
    this.#closers.unshift(async () => clearInterval(ticker));
    const { queuedFrames, inFlight } = outbox;
    log('info', 'gateway is up', {
      url: this.url,
      key: this.key,
      network: toHex(network),
      queued: queuedFrames,
      inFlight: inFlight.length,
    });
  }

  async #connectLedger(secret: Uint8Array, trust: Trust): Promise<void> {
    const { nodes, batch, resumeChain } = this.#config;
    const signer = nativeSigner(secret);
    const parts = {
      outbox: this.#outbox,
      follower: trust.follower,
      clock: this.#clock,
      alarms: this.#alarms,
      payments: this.#payments,
    };
    this.#guard = new ChainGuard({
      outbox: this.#outbox,
      author: signer.publicKey,
      resume: resumeChain,
      onStanding: (standing) => this.#onStanding(standing),
    });
    const link = await connectLight({
      secret,
      network: toHex(this.#genesis.network),
      nodes: nodes.map(({ key, address }) => ({ key, multiaddr: address })),
    });
    secret.fill(0);
    const organised = organiseNodes(nodes, this.#genesis);
    if (new Set(organised.map(({ organisation }) => organisation)).size < 2) {
      this.#log('warn', 'all nodes followed are of one organisation: nobody contradicts it if it lies');
    }
    this.#ledger = new Ledger({
      link,
      nodes: organised,
      follower: trust.follower,
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
        onConflict: () => this.#keep(trust.onConflict()),
        onChange: (change) => {
          const { epoch, seats } = change.committee;
          this.#log('info', 'another committee is in office', { epoch, seats: seats.length });
          this.#keep(trust.onChange(change));
        },
        onLie: (node, reason) => this.#log('warn', 'node is not believed for a while', { node, reason }),
        onPrimary: (node, before) => {
          this.#log(
            node === undefined ? 'warn' : 'info',
            node === undefined ? 'no node answers' : 'node is primary now',
            { node, before },
          );
          // The constructor of the ledger chooses as well, before there is anything to tell.
          if (this.#dispatcher === undefined || node === undefined) return;
          this.#look();
          this.#dispatcher.onHead(node);
          this.#dispatcher.poke();
        },
      },
    });
    this.#closers.unshift(() => this.#ledger.close());
    this.#devices.ledger = this.#ledger;
    this.#dispatcher = new Dispatcher({
      ...{ ...parts, ledger: this.#ledger, guard: this.#guard, signer, random: randomPort() },
      ...{ framesMax: batch.framesMax, intervalMs: batch.intervalMs },
      onFinal: ({ receivedMs }) => {
        const nowMs = this.#clock.now();
        for (const arrivedMs of receivedMs) this.#finality.note(Math.max(0, nowMs - arrivedMs));
      },
      onFailure: (error) => this.#fail(error),
    });
    this.#closers.unshift(() => this.#dispatcher.close());
  }

  #connectMqtt(password: string | undefined): void {
    const { url, protocolVersion, clientId, username, topics } = this.#config.mqtt;
    const credentials = {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    };
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
    this.#closers.unshift(() => this.#mqtt!.close(CLOSE_GRACE_MS));
  }

  #onMqtt(status: ConnectionStatus): void {
    if (this.#closing !== undefined) return;
    if (status.state === 'failed')
      this.#log('warn', status.error.message, { cause: String(status.error.cause ?? '') });
    else
      this.#log('info', `MQTT ${status.state}`, 'retryInMs' in status ? { retryInMs: status.retryInMs } : {});
  }

  #onStanding(standing: Standing): void {
    if (standing.state === 'blocked') this.#alarms.raise('chain', standing.code, standing.reason);
    else this.#alarms.clear('chain');
    if (standing.state === 'waiting') this.#log('info', standing.reason, { code: standing.code });
    if (standing.state !== 'clear') return;
    this.#log('info', 'the ledger knows this gateway: signing begins', {
      sequence: this.#outbox.end.sequence,
    });
    this.#dispatcher.poke();
  }

  /** Looks whether something that waited on the ledger can go on. */
  #look(): void {
    if (this.#closing !== undefined) return;
    void this.#guard.check(this.#ledger);
    const { header } = this.#trust?.follower.head ?? this.#genesis;
    void this.#warnings.refresh(this.#ledger, header.time);
    if (this.#spool.size > 0 && this.#reception !== undefined) void this.#reception.drain();
  }

  status(): Promise<GatewayStatus> {
    return this.#status.read();
  }

  /** What cannot be written down ends the gateway. */
  #keep(written: Promise<void>): void {
    written.catch((error: Error) => this.#fail(error));
  }

  #fail(error: Error): void {
    if (this.#closing !== undefined) return;
    this.#failure = error;
    this.#log('error', 'the gateway stops', {
      error: error.stack ?? error.message,
      cause: String(error.cause ?? ''),
    });
    void this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close().then(
      () => this.#end(this.#failure),
      (error: Error) => this.#end(this.#failure ?? error),
    );
    return this.#closing;
  }

  /** No more comes in; what came is written and acknowledged; then nothing more goes out, and last the disk. */
  async #close(): Promise<void> {
    for (const close of this.#closers) {
      await close().catch((error: Error) =>
        this.#log('error', 'a part could not be closed', { error: error.message }),
      );
    }
    this.#log('info', 'gateway is down', {
      queued: this.#outbox.queuedFrames,
      inFlight: this.#outbox.inFlight.length,
    });
  }

  async #closeOutbox(): Promise<void> {
    try {
      await this.#trust?.remember(true);
    } finally {
      await this.#outbox.close();
    }
  }
}
