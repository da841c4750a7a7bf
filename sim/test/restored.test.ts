/**
 * A seat whose disk was lost, or put back from a backup, does not know what it signed `[BFT-1]`: it is silent until
 * nothing of it can matter, says so, and then takes part again. No life of it ever contradicts another.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { peerMessage } from '../../consensus/wire/messages.ts';
import { memoryStore } from '../../node/memory-store.ts';
import type { Store, StoreWrite } from '../../node/ports.ts';
import type { Event } from '../../node/replica/events.ts';
import { type SimulatedNode, World, type WorldOptions } from '../world.ts';

const test = suite('restored seats');
const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };

/** A world that hears every vote that leaves a node, over all its lives, and keeps what each disk was told. */
class Witnessed {
  readonly world: World;
  readonly notices: string[] = [];
  /** Values that each seat signed for a (height, view, phase): `seat/phase/height/view` → hex values. */
  readonly said = new Map<string, Set<string>>();
  readonly #written = new Map<string, StoreWrite[][]>();

  private constructor(world: World) {
    this.world = world;
    world.onNotice = (node, notice) => {
      if (notice.type === 'silent' || notice.type === 'speaking')
        this.notices.push(`${node.name} ${notice.type}`);
    };
    const { join } = world.network;
    world.network.join = (key, endpoint) => {
      const network = join.call(world.network, key, endpoint);
      return {
        ...network,
        get peers() {
          return network.peers;
        },
        send: (peer, frame) => {
          this.#hear(key, frame);
          network.send(peer, frame);
        },
      };
    };
  }

  static async open(options: WorldOptions): Promise<Witnessed> {
    // Before any node is up, so that no life goes unheard.
    const world = await World.open(options);
    const witnessed = new Witnessed(world);
    for (const node of world.nodes) {
      world.kill(node);
      witnessed.#record(node, memoryStore());
      await world.start(node);
    }
    return witnessed;
  }

  #hear(key: string, frame: Uint8Array): void {
    const decoded = peerMessage.decode(frame);
    assert.ok(decoded.ok);
    const message = decoded.value;
    if (message.type !== 'vote') return;
    const { seats } = this.world.genesis.committee.record;
    if (toHex(seats[message.seat]!) !== key) return; // An echo of somebody else's words.
    const place = `${message.seat}/${message.phase}/${message.height}/${message.view}`;
    this.said.set(place, (this.said.get(place) ?? new Set()).add(toHex(message.headerId)));
  }

  #record(node: SimulatedNode, store: Store, before: readonly StoreWrite[][] = []): void {
    const written = [...before];
    this.#written.set(node.key, written);
    const write = store.write;
    store.write = async (writes, durable) => {
      written.push([...writes]);
      await write(writes, durable);
    };
    (node as { store: Store }).store = store;
  }

  /** Replaces a node's disk by what it held `share` of its writes ago, 0 for nothing; `log`: with the vote log. */
  async putBack(node: SimulatedNode, share: number, { log }: { readonly log: boolean }): Promise<void> {
    const all = this.#written.get(node.key)!;
    const kept = all.slice(0, Math.floor(all.length * share));
    const store = memoryStore();
    for (const writes of kept) await store.write(writes, true);
    if (!log) await store.write([{ type: 'votesFrom', height: undefined }], true);
    this.#record(node, store, kept);
  }

  heights(): number[] {
    return this.world.nodes.map((node) => node.runner?.replica.ledger.height ?? -1);
  }

  contradictions(): string[] {
    return [...this.said].filter(([, values]) => values.size > 1).map(([place]) => place);
  }

  /** Everybody says something now and then. */
  async talk(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (const { runner } of this.world.nodes) runner?.dispatch(author);
      await this.world.run(400);
    }
  }
}

let votesAfter = 0;
for (let seed = 1; seed <= 12; seed++) {
  const seats = 4 + (seed % 4);
  const share = [0, 0.3, 0.6, 0.95][seed % 4]!;
  test(`seed ${seed}, n = ${seats}: back on ${share * 100} % of its disk, without a vote log`, async () => {
    const witnessed = await Witnessed.open({ seed, seats, link: { loss: seed % 3 === 0 ? 0.02 : 0 } });
    const { world, notices } = witnessed;
    await witnessed.talk(4);
    const node = world.nodes[seed % seats]!;
    world.kill(node);
    await witnessed.putBack(node, share, { log: false });
    await world.start(node);
    const reply = node.runner!.dispatch(author);
    assert.is(reply.type === 'refused' && reply.refusal.code, 'E_SILENT');
    await witnessed.talk(8);
    assert.equal(notices, [`${node.name} silent`, `${node.name} speaking`]);
    assert.is(node.runner!.dispatch(author).type, 'taken', 'and its chain goes on');
    await witnessed.talk(2);
    const { votesFrom } = await node.store.load();
    assert.ok(votesFrom! > 2, `votes from ${votesFrom} on`);
    const seat = seed % seats;
    const later = [...witnessed.said.keys()].filter((place) => {
      const [speaker, , height] = place.split('/').map(Number);
      return speaker === seat && height! >= votesFrom!;
    });
    votesAfter += later.length;
    assert.equal(witnessed.contradictions(), []);
    await world.runUntil('level', () => new Set(witnessed.heights()).size === 1, 30_000);
    for (const { halted } of world.nodes) assert.is(halted, undefined);
    const suspended = world.nodes[0]!.runner!.replica.ledger.state;
    for (const stored of suspended.objects())
      if (stored.type === 'chain') assert.is(stored.parts[0]!.value.at(-1), 0, 'nobody is suspended');
  });
}

test('they voted again', () => assert.ok(votesAfter > 50, String(votesAfter)));

test('an old backup with its vote log, against the rules: a peer’s echo or a certificate unmasks it', async () => {
  let unmasked = 0;
  for (let seed = 30; seed < 36; seed++) {
    const witnessed = await Witnessed.open({ seed, seats: 4 });
    const { world, notices } = witnessed;
    await witnessed.talk(4);
    const node = world.nodes[seed % 4]!;
    world.kill(node);
    await witnessed.putBack(node, 0.5, { log: true });
    await world.start(node);
    await witnessed.talk(8);
    if (notices.includes(`${node.name} silent`)) unmasked += 1;
    assert.equal(witnessed.contradictions(), [], `seed ${seed}`);
    assert.not.ok(node.runner!.replica.silence, 'it speaks again');
  }
  // A certificate holds q commits: now and then none on the way up is this seat’s, and nothing shows what it is.
  assert.ok(unmasked >= 4, `${unmasked} of 6`);
});

test('a seat that restarts on its own whole disk is never taken for a restored one', async () => {
  const witnessed = await Witnessed.open({ seed: 77, seats: 4, link: { loss: 0.02 } });
  const { world, notices } = witnessed;
  for (let round = 0; round < 8; round++) {
    await witnessed.talk(1);
    const node = world.nodes[round % 4]!;
    world.kill(node);
    await world.run(50 + 37 * round);
    await world.start(node);
  }
  await witnessed.talk(3);
  assert.equal(notices, []);
  assert.equal(witnessed.contradictions(), []);
});

test('two seats put back at one time take no silent seat’s height for the network’s', async () => {
  // n = 7 bears two; each of them hears the other, which is as old as itself.
  for (let seed = 40; seed < 44; seed++) {
    const witnessed = await Witnessed.open({ seed, seats: 7 });
    const { world } = witnessed;
    await witnessed.talk(5);
    const lost = [world.nodes[seed % 7]!, world.nodes[(seed + 3) % 7]!];
    const { height } = world.nodes[(seed + 1) % 7]!.runner!.replica.ledger;
    for (const node of lost) {
      world.kill(node);
      await witnessed.putBack(node, 0.3, { log: false });
    }
    for (const node of lost) await world.start(node);
    for (let round = 0; round < 60 && lost.some((node) => node.runner!.replica.silence); round++)
      await witnessed.talk(1);
    for (const node of lost) {
      assert.not.ok(node.runner!.replica.silence, `seed ${seed}: ${world.describe()}`);
      assert.ok((await node.store.load()).votesFrom! >= height + 2, `seed ${seed}`);
    }
    assert.equal(witnessed.contradictions(), [], `seed ${seed}`);
  }
});

test('a silent node says so, and is not heard by another that is', async () => {
  const witnessed = await Witnessed.open({ seed: 9, seats: 4 });
  const { world } = witnessed;
  await witnessed.talk(3);
  const [first, second] = [world.nodes[1]!, world.nodes[2]!];
  for (const node of [first, second]) {
    world.kill(node);
    await witnessed.putBack(node, 0.2, { log: false });
  }
  for (const node of [first, second]) await world.start(node);
  await witnessed.talk(6);
  // Two of four: nobody is left to end it, and each has heard the two that speak, and not the other.
  for (const node of [first, second]) assert.is(node.runner!.replica.silence?.heard, 2);
  assert.equal(witnessed.contradictions(), []);
});

test('while more seats are silent than the network bears, it waits, and nobody votes twice', async () => {
  const witnessed = await Witnessed.open({ seed: 5, seats: 7 });
  const { world } = witnessed;
  await witnessed.talk(3);
  const lost = world.nodes.slice(0, 2);
  for (const node of lost) {
    world.kill(node);
    await witnessed.putBack(node, 0, { log: false });
  }
  await witnessed.talk(1);
  for (const node of lost) await world.start(node);
  for (let round = 0; round < 40 && lost.some((node) => node.runner!.replica.silence); round++)
    await witnessed.talk(1);
  assert.ok(lost.every((node) => node.runner!.replica.silence === undefined));
  assert.equal(witnessed.contradictions(), []);
});

test.run();
