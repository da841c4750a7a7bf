/**
 * A world in which some nodes have an actor between them and their network, and what must hold of all the others:
 * one header a height, everything that they said final with its effect, queues within bounds, nobody halted.
 */

import * as assert from 'uvu/assert';
import { type Outcome, outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { bundle, peerMessage } from '../../consensus/wire/messages.ts';
import type { Network } from '../../node/ports.ts';
import type { Event } from '../../node/replica/events.ts';
import type { Actor, Stage } from '../byzantine/actor.ts';
import { actorKind } from '../byzantine/index.ts';
import type { Endpoint } from '../network/network.ts';
import { type SimulatedNode, World, type WorldOptions } from '../world.ts';

const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };
/** Parked vertices of any one honest node: far below what parking allows, far above what honest traffic makes. */
const PARKED_MAX = 3_000;
const OPEN_MAX = 20_000;

export type Casting = readonly { readonly node: number; readonly kind: string | ((stage: Stage) => Actor) }[];

export class ByzantineTrial {
  readonly world: World;
  readonly actors: Actor[] = [];
  readonly honest: readonly SimulatedNode[];
  /** Vertices of honest authors (hex). */
  readonly said: string[] = [];
  readonly greatest = { open: 0, parked: 0, views: 0 };

  private constructor(world: World, casting: Casting) {
    this.world = world;
    const crooked = casting.map(({ node }) => world.nodes[node]!);
    this.honest = world.nodes.filter((node) => !crooked.includes(node));
    for (const { node, kind } of casting) this.#cast(world.nodes[node]!, kind, crooked);
    world.onNotice = (node, notice) => {
      if (notice.type === 'view' && this.honest.includes(node)) this.greatest.views += 1;
    };
  }

  static async open(options: WorldOptions, casting: Casting): Promise<ByzantineTrial> {
    const world = await World.open(options);
    const trial = new ByzantineTrial(world, casting);
    for (const { node } of casting) {
      world.kill(world.nodes[node]!);
      await world.start(world.nodes[node]!);
    }
    for (const actor of trial.actors) actor.onStart?.();
    await world.run(300);
    return trial;
  }

  /** Stands between the node and the network whenever it joins. */
  #cast(node: SimulatedNode, kind: Casting[number]['kind'], crooked: readonly SimulatedNode[]): void {
    const { world } = this;
    let port: Network | undefined;
    const peers = () => world.nodes.map(({ key }) => key).filter((key) => port?.peers.includes(key));
    const gossip = (envelopes: readonly Uint8Array[]) => {
      if (envelopes.length > 0) port?.gossip(bundle.encode({ vertices: envelopes }));
    };
    const stage: Stage = {
      genesis: world.genesis,
      signer: node.signer,
      get replica() {
        return node.runner?.replica;
      },
      get peers() {
        return peers();
      },
      accomplices: crooked.filter((other) => other !== node).map(({ key }) => key),
      nowMs: () => world.nowMs,
      chance: () => world.time.chance(),
      send: (peer, message) => port?.send(peer, peerMessage.encode(message)),
      sendBytes: (peer, frame) => port?.send(peer, frame),
      gossip,
      gossipBytes: (data) => port?.gossip(data),
      tell: (event) => node.runner?.dispatch(event) ?? { type: 'none' },
      after: (delayMs, call) => void world.time.at(world.nowMs + Math.ceil(delayMs), call),
    };
    const create = typeof kind === 'string' ? actorKind(kind)!.create : kind;
    const actor = create(stage);
    this.actors.push(actor);
    const join = world.network.join.bind(world.network);
    world.network.join = (key, endpoint) => {
      if (key !== node.key) return join(key, endpoint);
      const inner = join(key, shield(actor, endpoint));
      port = inner;
      return {
        ...inner,
        get peers() {
          return inner.peers;
        },
        send: (peer, frame) => {
          const decoded = peerMessage.decode(frame);
          assert.ok(decoded.ok, 'the own node says what decodes');
          for (const message of actor.onSend?.(peer, decoded.value) ?? [decoded.value])
            inner.send(peer, peerMessage.encode(message));
        },
        gossip: (data) => {
          const decoded = bundle.decode(data);
          assert.ok(decoded.ok, 'the own node gossips what decodes');
          gossip(actor.onGossip?.(decoded.value.vertices) ?? decoded.value.vertices);
        },
      };
    };
  }

  /** Honest authors speak in turn, one each `everyMs`. */
  async speak(count: number, everyMs: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const reply = this.honest[i % this.honest.length]!.runner!.dispatch(author);
      if (reply.type === 'taken') this.said.push(reply.vertex.key);
      await this.world.run(everyMs);
      this.#measure();
    }
  }

  #measure(): void {
    for (const { runner } of this.honest) {
      const { open, parked } = runner!.replica.gauges();
      this.greatest.open = Math.max(this.greatest.open, open);
      this.greatest.parked = Math.max(this.greatest.parked, parked);
    }
  }

  /** Runs until all that the honest said is final everywhere, and holds everything against what must be. */
  async settle(withinMs = 60_000): Promise<void> {
    const { world, honest, said } = this;
    const endMs = world.nowMs + withinMs;
    const isFinal = ({ runner }: SimulatedNode) =>
      said.every((key) => runner?.replica.dag.isSettled(key) ?? true);
    while (!honest.every(isFinal)) {
      assert.ok(world.nowMs < endMs, `not all that the honest said is final: ${world.describe()}`);
      await world.run(100);
      this.#measure();
    }
    for (const node of honest) assert.is(node.halted, undefined, `${node.name}: ${node.halted?.message}`);
    await this.#checkAgreement();
    const { open, parked } = this.greatest;
    assert.ok(open < OPEN_MAX && parked < PARKED_MAX, JSON.stringify(this.greatest));
  }

  async #checkAgreement(): Promise<void> {
    const [first, ...rest] = this.honest;
    const outcomes = await this.outcomes();
    for (const node of rest)
      for (let at = 1; at <= this.height; at++)
        assert.equal(
          (await node.store.checkpoint(at))!.header,
          (await first!.store.checkpoint(at))!.header,
          `${node.name} at height ${at}`,
        );
    for (const key of this.said) assert.is(outcomeCode(outcomes.get(key)!), 'OK', `outcome of ${key}`);
  }

  /** Least height of any honest node. */
  get height(): number {
    return Math.min(...this.honest.map((node) => node.runner!.replica.ledger.height));
  }

  /** What became of each vertex (hex) up to that height, in order. */
  async outcomes(): Promise<Map<string, Outcome>> {
    const outcomes = new Map<string, Outcome>();
    for (let at = 1; at <= this.height; at++)
      for (const outcome of (await this.honest[0]!.store.checkpoint(at))!.outcomes) {
        const key = toHex(outcome.id);
        assert.not(outcomes.has(key), `${key} is final twice`);
        outcomes.set(key, outcome);
      }
    return outcomes;
  }
}

/** What comes for the node passes the actor first. */
function shield(actor: Actor, endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    onMessage: (peer, frame) => {
      const decoded = peerMessage.decode(frame, limits.frameBytesMax);
      if (!decoded.ok || (actor.onReceive?.(peer, decoded.value) ?? true)) endpoint.onMessage(peer, frame);
    },
    onGossip: (peer, data) => {
      const decoded = bundle.decode(data, limits.frameBytesMax);
      if (decoded.ok && actor.onHear?.(peer, decoded.value.vertices) === false) return 'ignore';
      return endpoint.onGossip(peer, data);
    },
  };
}
