/**
 * Hostile peers: whatever they say, of whatever type and with whatever in its fields, a replica never throws and never
 * halts, and goes on afterwards. Three kinds: bytes that are no message, messages whose fields are drawn from the
 * edges of their ranges, and a Byzantine seat that signs such fields with its own key.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { phaseDomain, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { compareBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import {
  type NewViewProof,
  newViewHash,
  type PreparedProof,
  type ViewChangeMessage,
  viewChangeBytes,
} from '../../consensus/pbft/messages.ts';
import { Dice } from '../../consensus/test/dice.ts';
import { encodeVertex, signVertex, type Vertex, vertexKinds } from '../../consensus/vertex/vertex.ts';
import { bundle, type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import { Desk } from './one-replica.ts';
import { countersignedCall, idOf, partyId } from './pending-calls.ts';

const test = suite('hostile peers');
const MAX = Number.MAX_SAFE_INTEGER;

/** Draws what a peer might send. */
class FuzzDice extends Dice {
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Often small, often at an edge. */
  integer(min: number, max: number): number {
    const edges = [min, min + 1, max, max - 1, 0, 1, 2, 3, 127, 128, 2 ** 31, 2 ** 32, 2 ** 52].filter(
      (edge) => edge >= min && edge <= max,
    );
    return this.chance() < 0.9 ? this.of(edges) : min + this.below(Math.min(max - min, 1_000_000));
  }
}

type Node = { readonly [name: string]: Json };

/** A value of a JSON Schema as our schemas write them, with everything at its edges. */
function drawJson(schema: Node, dice: FuzzDice, ids: readonly string[]): Json {
  if ('const' in schema) return schema['const']!;
  if ('oneOf' in schema) return drawJson(dice.of(schema['oneOf'] as Node[]), dice, ids);
  if ('anyOf' in schema)
    return dice.chance() < 0.4 ? null : drawJson((schema['anyOf'] as Node[])[0]!, dice, ids);
  if ('enum' in schema) return dice.of(schema['enum'] as string[]);
  switch (schema['type']) {
    case 'integer':
      return dice.integer(schema['minimum'] as number, schema['maximum'] as number);
    case 'boolean':
      return dice.chance() < 0.5;
    case 'string':
      return drawString(schema, dice, ids);
    case 'array': {
      const least = schema['minItems'] as number;
      const length = Math.min(schema['maxItems'] as number, least + dice.of([0, 0, 1, 2, 3, 8]));
      return Array.from({ length }, () => drawJson(schema['items'] as Node, dice, ids));
    }
    default: {
      const properties = Object.entries(schema['properties'] as { readonly [field: string]: Node });
      return Object.fromEntries(properties.map(([field, type]) => [field, drawJson(type, dice, ids)]));
    }
  }
}

function drawString(schema: Node, dice: FuzzDice, ids: readonly string[]): string {
  const [least, most] = [schema['minLength'] as number, schema['maxLength'] as number];
  if (!String(schema['pattern']).includes('a-f'))
    return 'x'.repeat(dice.of([least, Math.min(most, least + 3)]));
  // A hash that means something here is worth more than a random one.
  if (least === 64 && most === 64 && dice.chance() < 0.7) return dice.of(ids);
  return toHex(dice.bytes(dice.of([least, Math.min(most, least + 2), Math.min(most, 200)]) >> 1));
}

/** A seat's replica with a few open vertices, and ids of everything that it knows. */
async function prepare(own = 2): Promise<{ desk: Desk; ids: string[] }> {
  const desk = await Desk.open({ own });
  for (let seat = 0; seat < 4; seat++) await desk.step({ type: 'connected', peer: desk.keys[seat]! });
  const vertices: Vertex[] = [];
  for (let i = 0; i < 3; i++) vertices.push(desk.vertex(4 + i));
  await desk.gossip(0, ...vertices);
  await desk.certify(vertices.slice(0, 1));
  await desk.elapse(150);
  const parties = [own, (own + 1) % 7].map((i) =>
    partyId(desk.genesis.network, desk.genesis.record.parties[i]!.lei),
  );
  const call = countersignedCall({
    ...{ network: desk.genesis.network, deadline: desk.nowMs + 3_600_000 },
    parties: [parties[0]!, parties[1]!],
  });
  await desk.step({ type: 'pending', act: { act: 'propose', call } });
  // And a message of its own, so that there is something to ask for.
  const kept = { act: 'keep', id: '07'.repeat(32), recipient: toHex(parties[1]!) } as const;
  await desk.step({
    type: 'mailbox',
    act: { ...kept, ciphertext: Uint8Array.of(1), deadline: desk.nowMs + 3_600_000 },
  });
  const { ledger, dag } = desk.replica;
  const known = [...dag.nodes()].map((node) => node.vertex.key);
  return {
    desk,
    ids: [
      ...known,
      ...desk.keys,
      toHex(idOf(call)),
      kept.id,
      toHex(ledger.headerId),
      toHex(desk.genesis.headerId),
      toHex(desk.genesis.network),
      toHex(zero32),
      toHex(desk.genesis.committee.hash),
    ],
  };
}

/** Still upright: nothing was halted, timers are numbers, and the next checkpoint is followed. */
async function standsUp(desk: Desk): Promise<void> {
  assert.not.ok(Number.isNaN(desk.replica.wakeAt));
  desk.nowMs += 60_000;
  await desk.step({ type: 'tick' });
  assert.not.ok(desk.halted);
  const { height } = desk.replica.ledger;
  await desk.certify([]);
  assert.is(desk.replica.ledger.height, height + 1);
}

async function survive(desk: Desk, said: () => Promise<unknown>, what: () => string): Promise<void> {
  try {
    await said();
  } catch (error) {
    throw new Error(`the replica threw on ${what()}`, { cause: error });
  }
  assert.not.ok(desk.halted, what());
}

test('bytes that are no message, and messages with bits turned', async () => {
  const dice = new FuzzDice(1);
  const { desk, ids } = await prepare();
  const frames: Uint8Array[] = [];
  while (frames.length < 60) {
    const drawn = peerMessage.parseJson(drawJson(peerMessage.jsonSchema, dice, ids));
    if (drawn.ok) frames.push(peerMessage.encode(drawn.value));
  }
  for (let i = 0; i < 6_000; i++) {
    const frame = i % 3 === 0 ? dice.bytes(dice.below(300)) : dice.of(frames).slice();
    if (i % 3 !== 0)
      for (let turns = 1 + dice.below(3); turns > 0; turns--)
        frame[dice.below(frame.length)]! ^= 1 << dice.below(8);
    const peer = dice.of(desk.keys);
    const event =
      dice.chance() < 0.7
        ? ({ type: 'message', peer, frame } as const)
        : ({ type: 'gossip', peer, data: frame } as const);
    if (i % 50 === 0) desk.nowMs += 1_000;
    await survive(
      desk,
      () => desk.step(event),
      () => toHex(frame),
    );
    await survive(
      desk,
      () => desk.step({ type: 'submit', envelope: frame }),
      () => toHex(frame),
    );
  }
  await standsUp(desk);
});

test('every type of message, its fields at their edges', async () => {
  const counts = new Map<string, number>();
  for (let seed = 10; seed < 16; seed++) {
    const dice = new FuzzDice(seed);
    const { desk, ids } = await prepare(seed % 5);
    for (let i = 0; i < 1_500; i++) {
      const drawn = peerMessage.parseJson(drawJson(peerMessage.jsonSchema, dice, ids));
      if (!drawn.ok) throw new Error(`the generator: ${JSON.stringify(drawn.facts)}`);
      let message = drawn.value;
      // Where a height or a seat is asked for, half of the time it is one that is heard.
      if ('seat' in message && dice.chance() < 0.8)
        message = withSeat(message, dice.below(4), desk.replica.ledger.height + dice.below(3));
      counts.set(message.type, (counts.get(message.type) ?? 0) + 1);
      const from = 'seat' in message && message.seat < 4 ? message.seat : dice.below(desk.keys.length);
      if (i % 10 === 0) desk.nowMs += 1_000;
      const said = message;
      await survive(
        desk,
        () => desk.hear(from, said),
        () => JSON.stringify(peerMessage.toJson(said)),
      );
    }
    await standsUp(desk);
  }
  assert.is(counts.size, 27, JSON.stringify([...counts]));
});

function withSeat<M extends PeerMessage & { readonly seat: number }>(
  message: M,
  seat: number,
  height: number,
): M {
  if (message.type === 'proposal') return { ...message, seat, header: { ...message.header, height } };
  return { ...message, seat, height: Math.max(1, height) };
}

// ---- a Byzantine seat: its signatures are good

class Liar {
  readonly #desk: Desk;
  readonly #dice: FuzzDice;
  readonly #seat: number;

  constructor(desk: Desk, dice: FuzzDice, seat: number) {
    this.#desk = desk;
    this.#dice = dice;
    this.#seat = seat;
  }

  message(): PeerMessage {
    const kind = this.#dice.below(4);
    if (kind === 0) return this.#vote();
    if (kind === 1) return { type: 'viewChange', ...this.#viewChange(this.#view() + 1) };
    return this.#proposal();
  }

  vertex(): Vertex {
    const dice = this.#dice;
    const { ledger, dag } = this.#desk.replica;
    const known = [...dag.nodes()].map((node) => node.vertex.id);
    const parents = Array.from({ length: dice.of([0, 1, 3, 8]) }, () =>
      dice.chance() < 0.8 ? dice.of(known) : dice.bytes(32),
    );
    const sequence = dice.integer(1, MAX);
    const fields = {
      ...{
        network: ledger.genesis.network,
        sequence,
        previous: sequence === 1 ? zero32 : dice.of([...known, zero32, dice.bytes(32)]),
      },
      ...{
        checkpoint: dice.of([ledger.headerId, ledger.genesis.headerId, dice.bytes(32)]),
        time: dice.integer(0, MAX),
      },
      parents: [...new Map(parents.map((id) => [toHex(id), id])).values()].sort(compareBytes),
      ...{ kind: dice.of(vertexKinds), payloadHash: dice.of([zero32, dice.bytes(32)]) },
    };
    return signVertex(
      fields,
      dice.chance() < 0.8 ? new Uint8Array(0) : dice.bytes(40),
      this.#desk.signers[this.#seat]!,
    );
  }

  #view(): number {
    return this.#dice.chance() < 0.7 ? this.#dice.below(6) : this.#dice.integer(0, MAX - 1);
  }

  #header(): Header {
    const dice = this.#dice;
    const { ledger, dag } = this.#desk.replica;
    const { header, headerId: previous } = ledger;
    const known = [...dag.nodes()].map((node) => node.vertex.id);
    const good = { ...header, height: header.height + 1, previous, time: this.#desk.nowMs };
    const bad: Partial<Header> = {
      ...{
        suite: dice.integer(0, 255),
        epoch: dice.integer(0, MAX),
        time: dice.integer(0, MAX),
        outcomesCount: dice.integer(0, MAX),
      },
      ...{
        anchor: dice.of([...known, zero32, header.anchor, dice.bytes(32)]),
        previous: dice.of([previous, zero32]),
        network: dice.bytes(32),
      },
      ...{
        outcomesRoot: dice.bytes(32),
        stateRoot: dice.bytes(32),
        historyRoot: dice.bytes(32),
        committeeHash: dice.bytes(32),
      },
    };
    const drawn = Object.entries(bad).filter(() => dice.chance() < 0.3);
    return { ...good, ...Object.fromEntries(drawn) };
  }

  #sign(domain: Parameters<typeof signDigest>[1], body: Uint8Array, seat = this.#seat): Uint8Array {
    return signDigest(this.#desk.signers[seat]!, domain, this.#desk.genesis.network, body);
  }

  #voteBytes(view: number, header: Header, newView: Uint8Array): Uint8Array {
    const { network, committee } = this.#desk.genesis;
    return voteBytes({
      network,
      committeeHash: committee.hash,
      height: this.#desk.replica.ledger.height + 1,
      view,
      headerId: headerId(header),
      newView,
    });
  }

  #vote(): PeerMessage {
    const phase = this.#dice.of(['prepare', 'commit'] as const);
    const header = this.#header();
    const [view, newView] = [this.#view(), this.#dice.of([zero32, this.#dice.bytes(32)])];
    const signature = this.#sign(phaseDomain[phase], this.#voteBytes(view, header, newView));
    return {
      type: 'vote',
      phase,
      height: this.#desk.replica.ledger.height + 1,
      view,
      headerId: headerId(header),
      newView,
      seat: this.#seat,
      signature,
    };
  }

  /** Now and then with a proof that q seats prepared: this adversary holds their keys too, just for that. */
  #prepared(): PreparedProof | undefined {
    const dice = this.#dice;
    if (dice.chance() < 0.3) return undefined;
    const header = dice.chance() < 0.7 ? this.#header() : { ...this.#header(), height: dice.integer(0, MAX) };
    const [view, newView] = [dice.integer(0, MAX), dice.of([zero32, dice.bytes(32)])];
    const { network, committee } = this.#desk.genesis;
    const body = voteBytes({
      network,
      committeeHash: committee.hash,
      height: Math.max(1, header.height),
      view,
      headerId: headerId(header),
      newView,
    });
    const signatures = [0, 1, 3].map((seat) => this.#sign('vote-prepare', body, seat));
    return {
      view,
      header,
      newView,
      quorum: {
        bitmap: Uint8Array.of(dice.of([0b1011, 0b0111, 0xff])),
        signatures: signatures.slice(0, dice.of([3, 3, 2, 0])),
      },
    };
  }

  #viewChange(view: number, seat = this.#seat): ViewChangeMessage {
    const prepared = this.#prepared();
    const height = this.#desk.replica.ledger.height + 1;
    const { network, committee } = this.#desk.genesis;
    const subject = prepared && {
      view: Math.min(prepared.view, MAX - 1),
      headerId: headerId(prepared.header),
    };
    const body = viewChangeBytes({ network, committeeHash: committee.hash, height, view, prepared: subject });
    return { height, view, prepared, seat, signature: this.#sign('view-change', body, seat) };
  }

  #proposal(): PeerMessage {
    const dice = this.#dice;
    let view = this.#view();
    const { height } = this.#desk.replica.ledger;
    while (this.#desk.genesis.committee.leader(height + 1, view) !== this.#seat && view < MAX) view += 1;
    const newView: NewViewProof | undefined =
      view === 0 && dice.chance() < 0.8
        ? undefined
        : { viewChanges: [0, 1, 3].map((seat) => this.#viewChange(Math.max(1, view), seat)) };
    const header = this.#header();
    const signature = this.#sign('proposal', this.#voteBytes(view, header, newViewHash(newView)));
    const anchor = dice.of([new Uint8Array(0), dice.bytes(100), encodeVertex(this.vertex())]);
    return {
      type: 'proposal',
      view,
      header,
      previousCertificate: undefined,
      newView,
      anchor,
      seat: this.#seat,
      signature,
    };
  }
}

test('a Byzantine seat signs what it likes: votes, view-changes, proposals and vertices at their edges', async () => {
  for (let seed = 20; seed < 32; seed++) {
    const dice = new FuzzDice(seed);
    const { desk } = await prepare(2);
    const seat = dice.of([0, 1, 3]);
    const liar = new Liar(desk, dice, seat);
    for (let i = 0; i < 300; i++) {
      if (i % 5 === 0) desk.nowMs += 400;
      if (dice.chance() < 0.3) {
        const vertex = liar.vertex();
        await survive(
          desk,
          () => desk.gossip(seat, vertex),
          () => `vertex ${JSON.stringify({ ...vertex, payload: '' })}`,
        );
      } else {
        const message = liar.message();
        await survive(
          desk,
          () => desk.hear(seat, message),
          () => JSON.stringify(peerMessage.toJson(message)),
        );
      }
      if (dice.chance() < 0.1)
        await survive(
          desk,
          () => desk.step({ type: 'tick' }),
          () => 'tick',
        );
    }
    await standsUp(desk);
  }
});

test('bundles may hold anything, twice, in any order', async () => {
  const { desk } = await prepare();
  const dice = new FuzzDice(40);
  const chainOf = Array.from({ length: 40 }, () => desk.vertex(5));
  for (let i = 0; i < 200; i++) {
    const vertices = Array.from({ length: dice.below(20) }, () => {
      const envelope = encodeVertex(dice.of(chainOf)).slice();
      if (dice.chance() < 0.2) envelope[dice.below(envelope.length)]! ^= 1 << dice.below(8);
      return envelope;
    });
    desk.nowMs += 100;
    await survive(
      desk,
      () =>
        desk.step({
          type: 'gossip',
          peer: desk.keys[dice.below(7)]!,
          data: bundle.encode({ publisher: desk.signers[0]!.publicKey, vertices }),
        }),
      () => `bundle ${i}`,
    );
  }
  await standsUp(desk);
});

test('a header’s hash is not a vertex’s: ids of one kind mean nothing as the other', async () => {
  const { desk } = await prepare();
  await desk.hear(0, { type: 'getVertices', ids: [desk.replica.ledger.headerId, hash('order')] });
  await desk.hear(0, { type: 'tips', ids: [desk.replica.ledger.headerId] });
  await desk.hear(0, { type: 'getCheckpoint', height: MAX });
  await standsUp(desk);
});

test.run();
