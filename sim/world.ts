/** A simulated network of real nodes: the replica and the runner of `node/`, over virtual time, network and disk. */

import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
  type Pace,
} from '../consensus/checkpoint/genesis.ts';
import { toHex, uint32Bytes } from '../consensus/codec/bytes.ts';
import { invariant } from '../consensus/codec/result.ts';
import { defaultPolicy } from '../consensus/contracts/policy.ts';
import type { CommitteeRules } from '../consensus/contracts/seats/rules.ts';
import type { Signer } from '../consensus/crypto/ed25519.ts';
import { SUITE } from '../consensus/crypto/ed25519.ts';
import { hash } from '../consensus/crypto/hash.ts';
import { nativeSigner } from '../node/crypto/native.ts';
import { memoryStore } from '../node/memory-store.ts';
import type { PeerKey, Store } from '../node/ports.ts';
import type { Event, Notice, Reply } from '../node/replica/events.ts';
import { Replica } from '../node/replica/replica.ts';
import { restore } from '../node/restore.ts';
import { Runner } from '../node/runner.ts';
import { type LinkFaults, SimulatedNetwork } from './network.ts';
import { installSharedPrimitives } from './shared-primitives.ts';
import { VirtualTime } from './virtual-time.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly seats: number;
  /** Full nodes without a seat. */
  readonly followers?: number;
  readonly link?: Partial<LinkFaults>;
  readonly pace?: Partial<Pace>;
  /** How committees change; one for ever when left out. */
  readonly committee?: Partial<CommitteeRules>;
  /** What each party has bonded at the start, in the order of the nodes. */
  readonly bonds?: readonly number[];
}

export interface SimulatedNode {
  readonly name: string;
  readonly key: PeerKey;
  readonly signer: Signer;
  readonly store: Store;
  /** Absent while the node is down. */
  runner: Runner | undefined;
  /** Why it stopped of its own accord, if it did. */
  halted: Error | undefined;
}

/** Any Monday will do; what matters is that it is the same in every run. */
const START_MS = Date.UTC(2026, 0, 5);
const LEI_PREFIX = '5493000000000000';

export class World {
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly genesis: Genesis;
  readonly nodes: readonly SimulatedNode[];
  /** Called for every notice of every node. */
  onNotice: (node: SimulatedNode, notice: Notice) => void = () => {};

  private constructor(options: WorldOptions) {
    const { seed, seats, followers = 0 } = options;
    this.time = new VirtualTime(START_MS, seed);
    this.network = new SimulatedNetwork(this.time, {
      delayMs: [5, 40],
      loss: 0,
      duplicate: 0,
      ...options.link,
    });
    const signers = Array.from({ length: seats + followers }, (_, i) =>
      nativeSigner(hash('salt', uint32Bytes(seed), uint32Bytes(i))),
    );
    this.genesis = makeGenesis(signers, seats, options);
    this.nodes = signers.map((signer, i) => ({
      ...{ name: i < seats ? `seat ${i}` : `follower ${i - seats}`, key: toHex(signer.publicKey), signer },
      ...{ store: memoryStore(), runner: undefined, halted: undefined },
    }));
  }

  /** A world with all its nodes up. */
  static async open(options: WorldOptions): Promise<World> {
    installSharedPrimitives();
    const world = new World(options);
    for (const node of world.nodes) await world.start(node);
    return world;
  }

  get nowMs(): number {
    return this.time.now();
  }

  /** Starts a node on what its store holds. */
  async start(node: SimulatedNode): Promise<void> {
    invariant(node.runner === undefined, `${node.name} runs already`);
    const replica = new Replica(
      await restore(this.genesis, node.signer, node.store, Math.floor(this.time.chance() * 2 ** 32)),
    );
    const dispatch = (event: Event): Reply => node.runner?.dispatch(event) ?? { type: 'none' };
    const network = this.network.join(node.key, {
      onConnect: (peer) => dispatch({ type: 'connected', peer }),
      onDisconnect: (peer) => dispatch({ type: 'disconnected', peer }),
      onMessage: (peer, frame) => dispatch({ type: 'message', peer, frame }),
      onGossip: (peer, data) => {
        const reply = dispatch({ type: 'gossip', peer, data });
        return reply.type === 'verdict' ? reply.verdict : 'ignore';
      },
    });
    const ports = { store: node.store, network, clock: this.time, timers: this.time };
    node.runner = new Runner(replica, ports, {
      onNotice: (notice) => this.onNotice(node, notice),
      onHalt: (error) => {
        node.halted = error;
        this.kill(node);
      },
    });
    node.runner.dispatch({ type: 'tick' });
  }

  /** Takes a node down at once: what was not stored is lost. */
  kill(node: SimulatedNode): void {
    void node.runner?.stop();
    node.runner = undefined;
    this.network.leave(node.key);
  }

  /** Lets `durationMs` of virtual time pass. */
  async run(durationMs: number): Promise<void> {
    await this.time.run(this.time.now() + durationMs, async () => {
      for (const node of this.nodes) await node.runner?.idle();
    });
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
}

function makeGenesis(signers: readonly Signer[], seats: number, options: WorldOptions): Genesis {
  const parties = signers.map((signer, i) => ({
    lei: withCheckDigits(`${LEI_PREFIX}${String(i).padStart(2, '0')}`),
    name: `Party ${i}`,
    address: '',
    roles: [i % 2 === 0 ? ('bank' as const) : ('monitor' as const)],
    keys: [signer.publicKey],
  }));
  const stakes = (options.bonds ?? []).map((amount, i) => ({
    ...{ lei: parties[i]!.lei, amount, key: signers[i]!.publicKey },
  }));
  const seatKeys = signers.slice(0, seats).map((signer) => signer.publicKey);
  const record = {
    suite: SUITE,
    name: 'simulated',
    time: START_MS,
    seats: seatKeys,
    committee: { ...defaultCommitteeRules, ...options.committee, stakes },
    parties,
    policy: defaultPolicy,
    pace: { ...defaultPace, ...options.pace },
  };
  const genesis = checkGenesis(record);
  invariant(genesis.ok, 'the simulated genesis is good');
  return genesis.value;
}

/** ISO 17442: the two last digits make the whole, with letters as numbers, 1 modulo 97. */
function withCheckDigits(prefix: string): string {
  return `${prefix}${String(98n - ((BigInt(prefix) * 100n) % 97n)).padStart(2, '0')}`;
}
