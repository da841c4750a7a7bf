/** A simulated network of real nodes: the replica and the runner of `node/`, over virtual time, network and disks. */

import type { Genesis } from '../consensus/checkpoint/genesis.ts';
import { equalBytes, toHex } from '../consensus/codec/bytes.ts';
import { invariant } from '../consensus/codec/result.ts';
import type { Signer } from '../consensus/crypto/ed25519.ts';
import type { SignedCall } from '../consensus/vertex/call.ts';
import { GuardedRunner } from '../node/guarded-runner.ts';
import { Conversation } from '../node/join/conversation.ts';
import { join } from '../node/join/join.ts';
import type { PeerKey, Store, Verdict } from '../node/ports.ts';
import type { Event, Notice, Reply } from '../node/replica/events.ts';
import { Replica } from '../node/replica/replica.ts';
import { restore } from '../node/restore.ts';
import type { Runner } from '../node/runner.ts';
import type { ActorKind } from './byzantine/actor.ts';
import { Masquerade } from './byzantine/stage.ts';
import { drawSigner, makeGenesis, type NetworkRules, NODES_MAX, START_MS } from './cast.ts';
import { NodeClock } from './clock.ts';
import { type CrashKind, Disk, type DiskOptions } from './disk.ts';
import { latencyForms, parseLatency } from './network/latency.ts';
import { type Endpoint, type LinkFaults, SimulatedNetwork } from './network/network.ts';
import { drawTopology } from './network/topology.ts';
import { Random } from './random.ts';
import { installSharedPrimitives } from './shared-primitives.ts';
import { Trace } from './trace.ts';
import { VirtualTime } from './virtual-time.ts';

export interface WorldOptions extends NetworkRules {
  readonly seed: number;
  readonly seats: number;
  /** No fault will break a connection. */
  readonly steady?: boolean;
  /** Full nodes without a seat. */
  readonly followers?: number;
  /** `delayMs`: one way, uniform between the two; `latency` says it by name instead. */
  readonly link?: Partial<
    LinkFaults & { readonly delayMs: readonly [number, number]; readonly latency: string }
  >;
  readonly disk?: Pick<DiskOptions, 'syncMs' | 'losesWrites'>;
  /** By number of a node: the actor that stands between it and everybody else. */
  readonly actors?: ReadonlyMap<number, ActorKind>;
}

export interface SimulatedNode {
  readonly number: number;
  readonly name: string;
  readonly key: PeerKey;
  readonly signer: Signer;
  readonly store: Store;
  readonly clock: NodeClock;
  /** Absent for honest nodes. */
  readonly masquerade: Masquerade | undefined;
  /** Absent while the node is down. */
  runner: Runner | undefined;
  /** Present while it joins by a snapshot. */
  joining: Conversation | undefined;
  /** Why it stopped of its own accord, if it did. */
  halted: Error | undefined;
}

export class World {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly genesis: Genesis;
  readonly nodes: readonly SimulatedNode[];
  /** Called for every notice of every node. */
  onNotice: (node: SimulatedNode, notice: Notice) => void = () => {};
  /** Called when a node has stopped of its own accord. */
  onHalt: (node: SimulatedNode, error: Error) => void = () => {};

  /** Around everything that a node hears by gossip: `take` hands it to the node. */
  aroundGossip: (node: SimulatedNode, data: Uint8Array, take: () => Verdict) => Verdict = (_, __, take) =>
    take();

  /** For actors that pledge twice; whoever makes contract calls sets it. */
  rivalCalls: () => readonly [SignedCall, SignedCall] | undefined = () => undefined;

  private constructor(options: WorldOptions) {
    const { seed, seats, followers = 0, link = {}, disk = { syncMs: [0, 0], losesWrites: false } } = options;
    const count = seats + followers;
    if (count > NODES_MAX) throw new RangeError(`"nodes" expected at most ${NODES_MAX}, got ${count}`);
    this.seed = seed;
    this.time = new VirtualTime(START_MS, seed);
    this.trace = new Trace(this.time);
    const signers = Array.from({ length: count }, (_, i) => drawSigner(seed, i));
    this.genesis = makeGenesis(signers, seats, options);
    const names = signers.map((_, i) => (i < seats ? `seat ${i}` : `follower ${i - seats}`));
    const keys = signers.map((signer) => toHex(signer.publicKey));
    this.network = new SimulatedNetwork({
      time: this.time,
      random: new Random(seed, 'network'),
      trace: this.trace,
      latency: latencyOf(link),
      faults: { loss: 0, duplicate: 0, reorder: 0, bandwidthBytesPerS: 0, ...link },
      steady: options.steady ?? false,
      topology: drawTopology(count, seats, new Random(seed, 'topology')),
      nodes: signers.map((_, i) => ({ key: keys[i]!, name: names[i]! })),
    });
    const keep = sharedEnvelopes();
    const accomplices = [...(options.actors?.keys() ?? [])].map((i) => keys[i]!);
    this.nodes = signers.map((signer, number) => {
      const name = names[number]!;
      const kind = options.actors?.get(number);
      const node: SimulatedNode = {
        ...{
          number,
          name,
          key: keys[number]!,
          signer,
          runner: undefined,
          joining: undefined,
          halted: undefined,
        },
        store: new Disk(this.time, new Random(seed, `disk/${number}`), { ...disk, keep }),
        clock: new NodeClock(this.time, () => this.trace.note(name, 'tick')),
        masquerade: kind && this.#disguise(number, signer, kind, accomplices),
      };
      return node;
    });
  }

  /** A world with all its nodes up. */
  static async open(options: WorldOptions): Promise<World> {
    const world = World.prepare(options);
    for (const node of world.nodes) await world.start(node);
    return world;
  }

  /** A world whose nodes are still to be started. */
  static prepare(options: WorldOptions): World {
    installSharedPrimitives();
    return new World(options);
  }

  /** Virtual time as a clock shows it, ms. */
  get nowMs(): number {
    return Math.floor(this.time.now());
  }

  /** Starts a node on what its store holds. */
  async start(node: SimulatedNode): Promise<void> {
    invariant(node.runner === undefined, `${node.name} runs already`);
    const tipSeed = Math.floor(
      new Random(this.seed, `tips/${node.number}/${this.time.events}`).chance() * 2 ** 32,
    );
    const replica = new Replica(await restore(this.genesis, node.signer, node.store, tipSeed));
    this.trace.note(node.name, `starts at height ${replica.ledger.height}`);
    const dispatch = (event: Event): Reply => node.runner?.dispatch(event) ?? { type: 'none' };
    const endpoint: Endpoint = {
      onConnect: (peer) => dispatch({ type: 'connected', peer }),
      onDisconnect: (peer) => dispatch({ type: 'disconnected', peer }),
      onMessage: (peer, frame) => dispatch({ type: 'message', peer, frame }),
      onGossip: (peer, data) =>
        this.aroundGossip(node, data, () => {
          const reply = dispatch({ type: 'gossip', peer, data });
          return reply.type === 'verdict' ? reply.verdict : 'ignore';
        }),
    };
    const joined = this.network.join(node.key, node.masquerade?.endpoint(endpoint) ?? endpoint);
    const network = node.masquerade?.network(joined) ?? joined;
    const ports = { store: node.store, network, clock: node.clock, timers: node.clock };
    const halt = (error: Error) => {
      node.halted = error;
      this.trace.note(node.name, `halts: ${error.message}`);
      this.kill(node);
      this.onHalt(node, error);
    };
    const runner = new GuardedRunner(replica, ports, {
      onNotice: (notice) => this.onNotice(node, notice),
      onHalt: halt,
    });
    runner.onFault = (error) => halt(new Error('the replica broke', { cause: error }));
    node.runner = runner;
    node.masquerade?.onStart();
    runner.dispatch({ type: 'tick' });
  }

  /** Starts a node that joins by a snapshot, where it has no ledger yet. It may be killed meanwhile. */
  async join(node: SimulatedNode): Promise<void> {
    invariant(node.runner === undefined, `${node.name} runs already`);
    if ((await node.store.stage()) === 'whole') return this.start(node);
    const conversation = new Conversation({
      network: { send: (peer, frame) => joined.send(peer, frame) },
      ...{ clock: node.clock, timers: node.clock },
      onRefused: (peer, code) =>
        this.trace.note(node.name, `${peer.slice(0, 8)} gave what cannot be right: ${code}`),
    });
    node.joining = conversation;
    const joined = this.network.join(node.key, {
      onConnect: (peer) => conversation.connected(peer),
      onDisconnect: (peer) => conversation.disconnected(peer),
      onMessage: (peer, frame) => conversation.hear(peer, frame),
      onGossip: () => 'ignore',
    });
    const { genesis } = this;
    const { store, signer } = node;
    const say = (progress: object, text: string) =>
      this.trace.note(node.name, `${text} ${JSON.stringify(progress)}`);
    const how = await join({ conversation, store, genesis, publicKey: signer.publicKey, say });
    if (node.joining !== conversation) return;
    this.trace.note(node.name, `${how === 'joined' ? 'joined' : 'goes on'} by ${how}`);
    node.joining = undefined;
    conversation.stop();
    this.network.leave(node.key);
    await this.start(node);
  }

  /** Takes a node down at once: what was not stored is lost; by a power failure also what was not synced. */
  kill(node: SimulatedNode, kind: CrashKind = 'kill'): void {
    void node.runner?.stop();
    node.runner = undefined;
    node.joining?.stop();
    node.joining = undefined;
    this.network.leave(node.key);
    if (node.store instanceof Disk) node.store.crash(kind);
  }

  /** Takes a node down in good order: what it has begun it finishes. */
  async stop(node: SimulatedNode): Promise<void> {
    const { runner } = node;
    node.runner = undefined;
    this.network.leave(node.key);
    await runner?.stop();
  }

  /** Lets `durationMs` of virtual time pass. */
  async run(durationMs: number): Promise<void> {
    await this.time.run(this.time.now() + durationMs);
  }

  /** Runs until `done`, or throws once `withinMs` of virtual time have passed. */
  async runUntil(what: string, done: () => boolean, withinMs = 60_000): Promise<void> {
    const endMs = this.nowMs + withinMs;
    while (!done()) {
      invariant(this.nowMs < endMs, `${what}: not within ${withinMs} ms; ${this.describe()}`);
      await this.run(10);
    }
  }

  describe(): string {
    const one = ({ name, runner, halted }: SimulatedNode) => {
      if (runner === undefined) return `${name} down${halted === undefined ? '' : `: ${halted.message}`}`;
      const { ledger, view } = runner.replica;
      return `${name} height ${ledger.height} view ${view} ${JSON.stringify(runner.replica.gauges())}`;
    };
    return this.nodes.map(one).join('; ');
  }

  #disguise(number: number, signer: Signer, kind: ActorKind, everyActor: readonly PeerKey[]): Masquerade {
    const own = toHex(signer.publicKey);
    return new Masquerade(kind, {
      genesis: this.genesis,
      signer,
      accomplices: everyActor.filter((key) => key !== own),
      time: this.time,
      random: new Random(this.seed, `actor/${number}`),
      replica: () => this.nodes[number]?.runner?.replica,
      tell: (event) => this.nodes[number]?.runner?.dispatch(event) ?? { type: 'none' },
      rivalCalls: () => this.rivalCalls(),
    });
  }
}

function latencyOf({ latency, delayMs: [least, most] = [5, 40] }: NonNullable<WorldOptions['link']>) {
  const name = latency ?? `${least}-${most}ms`;
  const parsed = parseLatency(name);
  if (parsed === undefined) throw new RangeError(`"latency" expected ${latencyForms}, got ${name}`);
  return parsed;
}

/** All nodes hold the same vertices: one copy of each is enough for all of them. */
function sharedEnvelopes(): DiskOptions['keep'] & object {
  const held = new Map<string, Uint8Array>();
  return (key, envelope) => {
    const known = held.get(key);
    if (known !== undefined && equalBytes(known, envelope)) return known;
    const copy = envelope.slice();
    if (known === undefined) held.set(key, copy);
    return copy;
  };
}
