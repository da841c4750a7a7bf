/**
 * A full node: the replica wired to its store, its network, its clock and its API. Stops by itself when it finds that
 * it is wrong about the ledger or cannot trust its disk; graceful or not, what was acknowledged is on disk.
 */

import { mkdir } from 'node:fs/promises';
import type { Genesis } from '../consensus/checkpoint/genesis.ts';
import { equalBytes, fromHex, toHex } from '../consensus/codec/bytes.ts';
import { key, labelKey } from '../consensus/contracts/registry.ts';
import type { Signer } from '../consensus/crypto/ed25519.ts';
import type { NodeConfig } from './config/node-config.ts';
import { installNativePrimitives, nativeSigner, randomPort, systemClock } from './crypto/native.ts';
import { GuardedRunner } from './guarded-runner.ts';
import { type MetricsServer, NodeMetrics, startMetricsServer } from './http/metrics.ts';
import { type ApiServer, startApi } from './http/server.ts';
import type { ApiServices } from './http/services.ts';
import { readOrMakeToken } from './http/token.ts';
import { joinNetwork } from './join/join-network.ts';
import { openKeyFile } from './keys/key-file.ts';
import { MessageKeys } from './keys/message-keys.ts';
import { budgetSpentIn } from './level/disk-plan.ts';
import { type DiskStore, type OpenOptions, openStore } from './level/store.ts';
import { type Libp2pNetwork, startNetwork } from './libp2p/network.ts';
import { logNotice, makeLog, type NodeLog } from './node-log.ts';
import type { Network, NetworkHandlers, PeerKey } from './ports.ts';
import type { Notice } from './replica/events.ts';
import { Replica } from './replica/replica.ts';
import { restore } from './restore.ts';
import { Answers } from './service/answers.ts';
import { Duties } from './service/duties.ts';
import { answerLightClient, declineLightClient, newestHead } from './service/light.ts';
import type { MessageReceipts } from './service/message-receipts.ts';
import { Pruner } from './service/pruner.ts';
import { makeServices } from './service/services.ts';
import { Upkeep } from './service/upkeep.ts';
import { type WatchedStore, watchStore } from './service/watched-store.ts';
import {
  auditStore,
  cannotFit,
  cannotJoin,
  cannotListen,
  cannotOpen,
  exitCodes,
  readGenesis,
  StartError,
} from './startup.ts';
import { systemTimers } from './system-timers.ts';
import { version } from './version.ts';

export { makeLog };

/** Longest that one part of a stop may take before the next begins. */
const STOP_STEP_MS = 600;

export interface RunningNode {
  /** This node's public key, hex. */
  readonly key: PeerKey;
  readonly genesis: Genesis;
  readonly replica: Replica;
  readonly network: Libp2pNetwork;
  readonly services: ApiServices;
  readonly api: { readonly url: string; readonly token: string };
  readonly metricsUrl: string;
  /** Resolves with the exit code once everything is closed. */
  readonly stopped: Promise<number>;
  /** Stops it; calling it again waits for the same end. */
  stop(): Promise<number>;
}

/** Starts a node and resolves once it listens, connects and answers. Throws what its operator can mend. */
export async function startNode(
  config: NodeConfig,
  passphrase: string,
  log: NodeLog = makeLog(config),
  options: {
    /** Reads the whole store first, however large it is. */
    readonly audit?: boolean;
  } & OpenOptions = {},
): Promise<RunningNode> {
  installNativePrimitives();
  const genesis = await readGenesis(config.genesisFile);
  const secret = await openKeyFile(config.keyFile, passphrase);
  const signer = nativeSigner(secret);
  const messageKeys = await MessageKeys.open({
    ...{ path: config.messageKeyFile, passphrase, random: randomPort() },
  });
  const token = await readOrMakeToken(config.api.tokenFile);
  await mkdir(config.dataDir, { recursive: true });
  const closing: (() => Promise<void>)[] = [];
  try {
    const { diskBytesMax } = config.store;
    const opened = await openStore(config.dataDir, {
      ...options,
      ...(diskBytesMax && { diskBytesMax }),
    }).catch(cannotOpen);
    closing.unshift(() => opened.close());
    await auditStore(opened, options.audit ?? false);
    const stage = await opened.stage();
    if (stage === 'joining' || (stage === 'empty' && config.store.joinBy === 'snapshot'))
      await joinNetwork({ config, genesis, secret, publicKey: signer.publicKey, store: opened, log }).catch(
        cannotJoin,
      );
    const store = watchStore(opened);
    return await new NodeWiring({
      config,
      genesis,
      signer,
      secret,
      messageKeys,
      token,
      store,
      disk: opened,
      log,
      closing,
    }).start();
  } catch (error) {
    for (const close of closing) await close().catch(() => undefined);
    throw error;
  }
}

interface Parts {
  readonly config: NodeConfig;
  readonly genesis: Genesis;
  readonly signer: Signer;
  readonly secret: Uint8Array;
  readonly messageKeys: MessageKeys;
  readonly token: string;
  readonly store: WatchedStore;
  /** The same, as what lies on a disk. */
  readonly disk: DiskStore;
  readonly log: NodeLog;
  /** What to close, first to last. */
  readonly closing: (() => Promise<void>)[];
}

class NodeWiring {
  readonly #parts: Parts;
  #network: Libp2pNetwork | undefined;
  /** What peers said before everything was wired. */
  #early: (() => void)[] | undefined = [];
  #services: ApiServices | undefined;
  #metrics: NodeMetrics | undefined;
  #duties: Duties | undefined;
  #answers: Answers | undefined;
  #receipts: MessageReceipts | undefined;
  #upkeep: Upkeep | undefined;
  /** Bytes of batches that there is room for, before there is a replica to be told. */
  #room = Number.POSITIVE_INFINITY;
  #tellRoom = (batchBytes: number): void => {
    this.#room = batchBytes;
  };
  #stopping: Promise<number> | undefined;
  #ended: (code: number) => void = () => {};

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async start(): Promise<RunningNode> {
    const { config, genesis, signer, secret, messageKeys, token, store, log, closing } = this.#parts;
    const stopped = new Promise<number>((resolve) => {
      this.#ended = resolve;
    });
    const replica = new Replica(await this.#restore(), {
      authorPerS: config.authorPerS,
      ...this.#batchesOf(genesis),
    });
    const upkeep = await this.#makeUpkeep(replica);
    const timers = systemTimers(systemClock);
    const runner = new GuardedRunner(
      replica,
      { store, network: this.#outlet(), clock: systemClock, timers },
      {
        onNotice: (notice) => this.#onNotice(notice),
        onHalt: (error) => this.#fail(error),
      },
    );
    runner.onFault = (error) => this.#fail(new Error('the replica broke', { cause: error }));
    closing.unshift(() => runner.stop());
    this.#tellRoom = (batchBytes) => void runner.dispatch({ type: 'room', batchBytes });
    this.#tellRoom(this.#room);
    const { services, prover, receipts } = makeServices({
      ...{ name: config.name, alone: config.peers.length === 0, runner, store, signer, upkeep },
      ...{ network: this.#outlet(), clock: systemClock, random: randomPort(), messageKeys },
      startedMs: systemClock.now(),
    });
    this.#services = services;
    this.#receipts = receipts;
    if (config.doesDuties)
      this.#duties = new Duties({
        ...{ ledger: replica.ledger, calls: services.calls, submissions: services.submissions },
        ...{ clock: systemClock, seat: () => replica.seat },
      });
    if (config.answersRequests) this.#answers = new Answers({ ...services, ledger: replica.ledger, prover });
    this.#metrics = new NodeMetrics({
      publicKey: signer.publicKey,
      profile: config.store.profile,
      gauges: () => this.#gauges(services, replica, upkeep),
      network: () => this.#traffic(),
    });

    const network = await startNetwork({
      ...{ secret, network: toHex(genesis.network), listen: config.listen },
      peers: config.peers.map((peer) => ({ key: peer.key, multiaddr: peer.address })),
      handlers: this.#handlers(runner, (peer, frame) =>
        config.serveLight
          ? answerLightClient(peer, frame, runner, prover, (shared) =>
              log.info(shared, 'shown to a light client'),
            )
          : declineLightClient(frame),
      ),
      onFault: (error) => this.#fail(new Error('a network handler broke', { cause: error })),
    }).catch(cannotListen(`on ${config.listen.join(', ')}`));
    secret.fill(0);
    this.#network = network;
    closing.unshift(() => network.close());
    const api: ApiServer = await startApi({ ...config.api, token, version, services, log }).catch(
      cannotListen(`for the API on ${config.api.host}:${config.api.port}`),
    );
    closing.unshift(() => api.close());
    const { host, port } = config.metrics;
    const metrics: MetricsServer = await startMetricsServer(host, port, this.#metrics).catch(
      cannotListen(`for metrics on ${host}:${port}`),
    );
    closing.unshift(() => metrics.close());
    // The API does not close while somebody waits for an answer.
    closing.unshift(async () => services.submissions.close());

    const early = this.#early ?? [];
    this.#early = undefined;
    for (const call of early) call();
    runner.dispatch({ type: 'tick' });
    log.info(
      {
        height: replica.ledger.height,
        seat: replica.seat,
        key: network.key,
        network: toHex(genesis.network),
        p2p: network.address,
        api: api.url,
      },
      'the node is up',
    );
    const stop = (): Promise<number> => this.#stop(exitCodes.stopped, 'stopped');
    return {
      ...{ key: network.key, genesis, replica, network, services, metricsUrl: metrics.url, stopped, stop },
      api: { url: api.url, token },
    };
  }

  async #restore() {
    const { config, genesis, signer, store } = this.#parts;
    const first = await store.checkpoint(await store.firstHeight());
    if (first !== undefined && !equalBytes(first.header.network, genesis.network)) {
      throw new StartError(
        `${config.dataDir}: holds the ledger of network ${toHex(first.header.network)}, and ${config.genesisFile} starts network ${toHex(genesis.network)}`,
      );
    }
    const [seed, salt] = new Uint32Array(randomPort().bytes(8).buffer);
    return restore(genesis, signer, store, seed!, salt!).catch(cannotOpen);
  }

  /** Parties are named by their LEI in the configuration, and by their id on the ledger. */
  #batchesOf({ network }: Genesis): { readonly batchesOf?: readonly Uint8Array[] } {
    const { batchesOf } = this.#parts.config.store;
    return batchesOf === undefined
      ? {}
      : { batchesOf: batchesOf.map((lei) => labelKey(network, 'lei', lei)) };
  }

  async #makeUpkeep({ ledger }: Replica): Promise<Upkeep> {
    const { config, store, disk, log } = this.#parts;
    const { profile, readingsDays } = config.store;
    const pruner = new Pruner({ ledger, store }, readingsDays);
    let tookBatches = true;
    const onRoom = (batchBytes: number): void => {
      this.#tellRoom(batchBytes);
      const takesBatches = batchBytes > 0;
      if (takesBatches === tookBatches) return;
      tookBatches = takesBatches;
      if (takesBatches) log.info('batches of readings are taken again');
      else
        log.warn(
          'the disk budget is nearly used up: no batches of readings are taken; raise [store] disk_mb',
        );
    };
    this.#upkeep = await Upkeep.start({ store: disk, pruner, profile, onRoom }).catch(cannotFit);
    return this.#upkeep;
  }

  /** The network as the runner sees it, also before it is there. */
  #outlet(): Network {
    const current = (): Libp2pNetwork | undefined => this.#network;
    return {
      get peers() {
        return current()?.peers ?? [];
      },
      send: (peer, frame) => current()?.send(peer, frame),
      gossip: (bytes) => current()?.gossip(bytes),
      pushToLightClients: (frame) => current()?.pushToLightClients(frame),
      close: async () => undefined,
    };
  }

  #handlers(runner: GuardedRunner, onRequest: NetworkHandlers['onRequest']): NetworkHandlers {
    const { replica } = runner;
    const when = (call: () => void): void => {
      if (this.#early === undefined) call();
      else this.#early.push(call);
    };
    return {
      admits: (peer) => this.#admits(peer, replica),
      onConnect: (peer) => when(() => runner.dispatch({ type: 'connected', peer })),
      onDisconnect: (peer) => when(() => runner.dispatch({ type: 'disconnected', peer })),
      onMessage: (peer, frame) => when(() => runner.dispatch({ type: 'message', peer, frame })),
      onGossip: (peer, bytes) => {
        if (this.#early !== undefined) return 'ignore';
        const reply = runner.dispatch({ type: 'gossip', peer, data: bytes });
        return reply.type === 'verdict' ? reply.verdict : 'ignore';
      },
      onRequest,
      onRefused: (peer, code) => {
        // Somebody stands between this node and the peer, or its address is another’s: its operator must know.
        const level = code === 'E_PEER_KEY' ? 'warn' : 'debug';
        this.#parts.log[level]({ peer, code }, 'refused on the network');
      },
    };
  }

  /** Enrolled and ACTIVE now, or a seat of now or of the epoch that has just ended, whatever became of its key since `[ADM-3]`. */
  #admits(peer: PeerKey, replica: Replica): boolean {
    const publicKey = fromHex(peer);
    if (publicKey?.length !== 32) return false;
    return replica.ledger.isSeat(peer) || replica.ledger.state.get(key, publicKey)?.state === 'ACTIVE';
  }

  /** Everything a notice tells of is durable. Whoever listens may fail, but not stop the node. */
  #onNotice(notice: Notice): void {
    const { log, store } = this.#parts;
    const { head, submissions, feed } = this.#services!;
    const tell = (listener: string, call: () => void): void => {
      try {
        call();
      } catch (error) {
        log.error({ err: error, listener, notice: notice.type }, 'a listener failed on a notice');
      }
    };
    const changes = notice.type === 'checkpoint' ? store.takeChanges(notice.header.height) : [];
    if (notice.type === 'checkpoint') head.advance(notice);
    tell('submissions', () => submissions.note(notice));
    tell('metrics', () => this.#metrics!.note(notice));
    tell('feed', () => feed.note(notice, changes));
    if (notice.type === 'checkpoint')
      tell('light clients', () => this.#network?.pushToLightClients(newestHead(head)));
    tell('log', () => logNotice(log, notice));
    if (notice.type === 'checkpoint' || notice.type === 'message')
      this.#beside('messages', this.#receipts?.look(systemClock.now()), (each) =>
        'code' in each
          ? log.warn(each, 'a message that came cannot be acknowledged')
          : log.info(each, 'a message that came was acknowledged'),
      );
    if (notice.type === 'checkpoint' || this.#upkeep?.isDue) this.#keepUp();
    if (notice.type !== 'checkpoint') return;
    this.#beside('duties', this.#duties?.look(), (each) => log.info(each, 'a duty was done'));
    this.#beside('requests for a status', this.#answers?.look(changes, systemClock.now()), (each) =>
      log.info(each, 'a request for a status was answered'),
    );
  }

  /** What this node does of its own accord: nothing waits for it, and its failure stops nothing. */
  #beside<T>(what: string, looking: Promise<readonly T[]> | undefined, tell: (each: T) => void): void {
    looking?.then(
      (done) => {
        for (const each of done) tell(each);
      },
      (error) => this.#parts.log.error({ err: error }, `a look at the ${what} failed`),
    );
  }

  /** A store that cannot be read or written here would fail the node elsewhere as well. */
  #keepUp(): void {
    this.#upkeep?.look().then(
      (gone) => {
        if (gone > 0) this.#parts.log.debug({ gone, ...this.#upkeep?.pruned }, 'old batches let go');
      },
      (error) => {
        // A store that is closing takes no more of this.
        if (this.#stopping === undefined)
          this.#fail(new Error('the store failed on pruning', { cause: error }));
      },
    );
  }

  #gauges(services: ApiServices, replica: Replica, upkeep: Upkeep) {
    const { head, status } = services;
    const { open, tips, parked, target } = replica.gauges();
    const light = this.#network?.stats().lightClients ?? 0;
    return {
      ...{ height: head.height, target_height: target, certificate_age_seconds: status.ageMs() / 1_000 },
      ...{ peers: this.#network?.peers.length ?? 0, light_clients: light },
      ...{ open_vertices: open, parked_vertices: parked, tips, state_objects: replica.ledger.state.size },
      ...upkeep.gauges,
      pending_calls: replica.gathering.list().length,
      messages_kept: replica.mailbox.list().length,
    };
  }

  #traffic() {
    const stats = this.#network?.stats();
    if (stats === undefined) return { bytesIn: 0, bytesOut: 0, dropped: 0, refused: {} };
    const { bytesIn, bytesOut, gossipBytesIn, gossipBytesOut, dropped, refused } = stats;
    return { bytesIn: bytesIn + gossipBytesIn, bytesOut: bytesOut + gossipBytesOut, dropped, refused };
  }

  /** The node found itself wrong, or its disk failed. */
  #fail(error: Error): void {
    const spent = budgetSpentIn(error);
    if (spent !== undefined) {
      const code = exitCodes.budgetSpent;
      this.#parts.log.fatal({ code }, `the node stops: ${spent.message}`);
      return void this.#stop(code, spent.message);
    }
    const code = error.message.startsWith('the store failed') ? exitCodes.storeFailed : exitCodes.wrong;
    this.#parts.log.fatal({ err: error, code }, 'the node stops');
    void this.#stop(code, error.message);
  }

  #stop(code: number, reason: string): Promise<number> {
    this.#stopping ??= this.#close(code, reason);
    return this.#stopping;
  }

  async #close(code: number, reason: string): Promise<number> {
    const { log, closing } = this.#parts;
    if (this.#services !== undefined) this.#services.status.stopped = reason;
    for (const close of closing) {
      const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_STEP_MS).unref());
      await Promise.race([close(), late]).catch((error) =>
        log.error({ err: error }, 'could not close a part'),
      );
    }
    log.info({ code }, 'the node is down');
    this.#ended(code);
    return code;
  }
}
