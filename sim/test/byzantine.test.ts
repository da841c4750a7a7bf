/**
 * One seat of the committee lies: as leader it shows two values, it votes for both, hides what it had prepared, forks
 * its own chain of witnesses, and keeps vertices from half of the others. Everybody else agrees, and goes on.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { phaseDomain, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { newViewHash, viewChangeBytes } from '../../consensus/pbft/messages.ts';
import { decodeVertex, encodeVertex, signVertex } from '../../consensus/vertex/vertex.ts';
import { bundle, type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import type { Network, PeerKey } from '../../node/ports.ts';
import type { Event } from '../../node/replica/events.ts';
import { type SimulatedNode, World } from '../world.ts';

const test = suite('a Byzantine seat');
const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };

/** Stands between a seat's node and its network, and speaks with its key. */
class Liar {
  readonly counts = { proposals: 0, votes: 0, hidden: 0, forks: 0, withheld: 0 };
  readonly #world: World;
  readonly #node: SimulatedNode;
  /** The other value for each that the node proposed or voted for, by header id. */
  readonly #twins = new Map<string, Uint8Array>();

  constructor(world: World, node: SimulatedNode) {
    this.#world = world;
    this.#node = node;
  }

  wrap(network: Network): Network {
    return {
      ...network,
      get peers() {
        return network.peers;
      },
      send: (peer, frame) => this.#send(network, peer, frame),
      gossip: (bytes) => this.#gossip(network, bytes),
    };
  }

  /** Those who get the other story. */
  #isFooled(peer: PeerKey): boolean {
    return this.#world.nodes.findIndex((node) => node.key === peer) % 2 === 1;
  }

  #send(network: Network, peer: PeerKey, frame: Uint8Array): void {
    const decoded = peerMessage.decode(frame);
    assert.ok(decoded.ok);
    const message = this.#isFooled(peer) ? this.#other(decoded.value) : decoded.value;
    network.send(peer, peerMessage.encode(message));
    // The truth and the lie, for some: both votes can be counted by whoever hears both.
    if (message !== decoded.value && this.#world.time.chance() < 0.3) network.send(peer, frame);
  }

  #other(message: PeerMessage): PeerMessage {
    const { network, committee } = this.#world.genesis;
    const sign = (domain: Parameters<typeof signDigest>[1], body: Uint8Array) =>
      signDigest(this.#node.signer, domain, network, body);
    const body = (height: number, view: number, id: Uint8Array, newView: Uint8Array) =>
      voteBytes({ network, committeeHash: committee.hash, height, view, headerId: id, newView });
    if (message.type === 'proposal') {
      const header = { ...message.header, time: message.header.time + 1 };
      this.#twins.set(toHex(headerId(message.header)), headerId(header));
      this.counts.proposals += 1;
      return {
        ...message,
        header,
        signature: sign(
          'proposal',
          body(header.height, message.view, headerId(header), newViewHash(message.newView)),
        ),
      };
    }
    if (message.type === 'vote') {
      const twin = this.#twins.get(toHex(message.headerId));
      if (twin === undefined) return message;
      this.counts.votes += 1;
      return {
        ...message,
        headerId: twin,
        signature: sign(
          phaseDomain[message.phase],
          body(message.height, message.view, twin, message.newView),
        ),
      };
    }
    if (message.type === 'viewChange' && message.prepared !== undefined) {
      this.counts.hidden += 1;
      const plain = viewChangeBytes({
        network,
        committeeHash: committee.hash,
        height: message.height,
        view: message.view,
        prepared: undefined,
      });
      return { ...message, prepared: undefined, signature: sign('view-change', plain) };
    }
    return message;
  }

  /** Half of the nodes get its vertices by gossip; now and then the others get another branch, or nothing. */
  #gossip(network: Network, bytes: Uint8Array): void {
    const decoded = bundle.decode(bytes);
    assert.ok(decoded.ok);
    const forked = decoded.value.vertices.map((envelope) => {
      const vertex = decodeVertex(envelope);
      if (!vertex.ok || vertex.value.authorKey !== this.#node.key || this.#world.time.chance() > 0.06)
        return envelope;
      this.counts.forks += 1;
      return encodeVertex(
        signVertex({ ...vertex.value, time: vertex.value.time + 1 }, vertex.value.payload, this.#node.signer),
      );
    });
    for (const peer of network.peers) {
      if (!this.#isFooled(peer))
        network.send(peer, peerMessage.encode({ type: 'vertices', vertices: decoded.value.vertices }));
      else if (this.#world.time.chance() < 0.7)
        network.send(peer, peerMessage.encode({ type: 'vertices', vertices: forked }));
      else this.counts.withheld += 1;
    }
  }
}

const totals = { proposals: 0, votes: 0, hidden: 0, forks: 0, withheld: 0 };
for (let seed = 1; seed <= 8; seed++) {
  const seats = 4 + (seed % 4);
  test(`seed ${seed}, n = ${seats}: the others agree, and what they say becomes final`, async () => {
    const world = await World.open({
      seed: 600 + seed,
      seats,
      followers: 1,
      link: { loss: seed % 2 === 0 ? 0.02 : 0 },
    });
    const crooked = world.nodes[seed % seats]!;
    const liar = new Liar(world, crooked);
    const join = world.network.join.bind(world.network);
    world.network.join = (key, endpoint) =>
      key === crooked.key ? liar.wrap(join(key, endpoint)) : join(key, endpoint);
    world.kill(crooked);
    await world.start(crooked);
    await world.run(300);

    const honest = world.nodes.filter((node) => node !== crooked);
    const keys: string[] = [];
    for (let i = 0; i < 40; i++) {
      const reply = honest[i % honest.length]!.runner!.dispatch(author);
      if (reply.type === 'taken') keys.push(reply.vertex.key);
      await world.run(120);
    }
    await world.runUntil(
      'final',
      () => honest.every((node) => keys.every((key) => node.runner!.replica.dag.isSettled(key))),
      180_000,
    );

    const [first, ...rest] = honest;
    const height = Math.min(...honest.map((node) => node.runner!.replica.ledger.height));
    assert.ok(height > 5);
    const own = new Set(keys);
    for (let at = 1; at <= height; at++) {
      const checkpoint = (await first!.store.checkpoint(at))!;
      for (const node of rest)
        assert.equal(
          (await node.store.checkpoint(at))!.header,
          checkpoint.header,
          `${node.name} at height ${at}`,
        );
      for (const outcome of checkpoint.outcomes)
        if (own.has(toHex(outcome.id))) assert.is(outcomeCode(outcome), 'OK');
    }
    for (const node of honest) assert.is(node.halted, undefined);
    for (const name of ['proposals', 'votes', 'hidden', 'forks', 'withheld'] as const)
      totals[name] += liar.counts[name];
  });
}

test('it did lie', () => {
  assert.ok(
    totals.proposals > 20 && totals.votes > 20 && totals.forks > 5 && totals.withheld > 20,
    JSON.stringify(totals),
  );
});

test.run();
