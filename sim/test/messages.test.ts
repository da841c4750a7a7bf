/**
 * Messages between banks in a simulated network: frames are lost, nodes are killed and lose power amid everything. Each message
 * whose commitment took effect is received once, byte by byte, and let go by its sender.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { message, messageHead } from '../../consensus/contracts/objects/message.ts';
import { callPayloadHash, type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { partyId } from '../../node/test/pending-calls.ts';
import { type DraftedMessage, draftMessage, keyCall, receiptCall } from '../../node/test/sealed-calls.ts';
import { Random } from '../random.ts';
import { type SimulatedNode, World, type WorldOptions } from '../world.ts';

const test = suite('messages in a network');

interface Letter extends DraftedMessage {
  readonly sender: SimulatedNode;
  readonly recipient: SimulatedNode;
  /** Its sender's node has said that it is durable. */
  kept: boolean;
}

/** A world with letters from every bank to every other, and its people, who try again until it is seen to be done. */
class Post {
  readonly world: World;
  readonly letters: readonly Letter[];
  /** Frames about messages so far. */
  frames = 0;
  readonly #random: Random;
  readonly #banks: readonly SimulatedNode[];

  private constructor(world: World, each: number) {
    this.world = world;
    this.#random = new Random(world.seed, 'post');
    // Every other node of the cast.
    this.#banks = world.nodes.filter(({ number }) => number % 2 === 0);
    this.letters = this.#banks.flatMap((sender) =>
      this.#banks
        .filter((recipient) => recipient !== sender)
        .flatMap((recipient) => Array.from({ length: each }, (_, i) => this.#draft(sender, recipient, i))),
    );
    world.network.onSend = (_, kind) => {
      if (kind === 'getSealed' || kind === 'sealed') this.frames += 1;
    };
  }

  static async open(options: WorldOptions, each: number): Promise<Post> {
    const world = await World.open(options);
    await world.run(1_000);
    return new Post(world, each);
  }

  /** One round of everybody's work. */
  work(): void {
    for (const bank of this.#banks) {
      const { runner } = bank;
      const isKnown = runner?.replica.ledger.state.get(messageHead, this.#partyOf(bank)) !== undefined;
      if (!isKnown && this.#random.chance() < 0.5)
        this.#say(bank, keyCall(this.#settingOf(bank), this.#partyOf(bank), bank.name));
    }
    for (const letter of this.letters) {
      if (this.#random.chance() < 0.6) continue;
      const { sender, recipient, id, call } = letter;
      const state = sender.runner?.replica.ledger.state;
      if (
        state?.get(messageHead, this.#partyOf(recipient)) !== undefined &&
        state.get(message, id) === undefined
      ) {
        if (letter.kept) this.#say(sender, call);
        else this.#keep(letter);
      }
      const { replica } = recipient.runner ?? {};
      const isHere = replica?.mailbox.find(toHex(id))?.box === 'in';
      if (isHere && replica.ledger.state.get(message, id)!.state === 'SENT')
        this.#say(recipient, receiptCall(this.#settingOf(recipient), letter));
    }
  }

  /** Received, known to both, and let go by the sender. */
  isDone({ sender, recipient, id }: Letter): boolean {
    const mailboxes = [sender, recipient].map(({ runner }) => {
      const isReceived = runner?.replica.ledger.state.get(message, id)?.state === 'RECEIVED';
      return isReceived ? runner.replica.mailbox.find(toHex(id))?.box : 'unknown';
    });
    return mailboxes[0] === undefined && mailboxes[1] === 'in';
  }

  get isAllDone(): boolean {
    return this.letters.every((letter) => this.isDone(letter));
  }

  describe(): string {
    const open = this.letters.filter((letter) => !this.isDone(letter));
    return open.map(({ sender, recipient }) => `${sender.name} to ${recipient.name}`).join('; ');
  }

  /** `[MSG-6]` A commitment never stands whose ciphertext its sender has lost. */
  checkKept(): void {
    for (const { sender, id } of this.letters) {
      const { replica } = sender.runner ?? {};
      if (replica?.ledger.state.get(message, id)?.state !== 'SENT') continue;
      assert.is(replica.mailbox.find(toHex(id))?.box, 'out', `${sender.name} has lost what it committed to`);
    }
  }

  /** Byte by byte at its recipient's, and at nobody else's. */
  async checkDelivered(): Promise<void> {
    for (const { recipient, id, ciphertext } of this.letters)
      for (const node of this.world.nodes) {
        const stored = await node.store.message(toHex(id));
        if (node === recipient) assert.ok(stored !== undefined && equalBytes(stored, ciphertext), node.name);
        else assert.is(stored, undefined, node.name);
      }
  }

  #keep(letter: Letter): void {
    const { sender, recipient, id, ciphertext, call } = letter;
    const { deadline } = call.header;
    const act = {
      act: 'keep',
      id: toHex(id),
      recipient: toHex(this.#partyOf(recipient)),
      ciphertext,
      deadline,
    } as const;
    sender.runner!.dispatchDurable({ type: 'mailbox', act }).then(
      (reply) => {
        letter.kept = reply.type === 'message';
      },
      // It was killed before it could say so.
      () => undefined,
    );
  }

  #say({ runner }: SimulatedNode, call: SignedCall): void {
    const payload = signedCall.encode(call);
    runner?.dispatch({ type: 'author', kind: 'transaction', payload, payloadHash: callPayloadHash(call) });
  }

  #draft(sender: SimulatedNode, recipient: SimulatedNode, number: number): Letter {
    const parties = [this.#partyOf(sender), this.#partyOf(recipient)] as const;
    const name = `${sender.name} to ${recipient.name}, ${number}`;
    const drafted = draftMessage(this.#settingOf(sender), ...parties, { name, key: recipient.name });
    return { ...drafted, sender, recipient, kept: false };
  }

  #partyOf({ number }: SimulatedNode): Uint8Array {
    const { network, record } = this.world.genesis;
    return partyId(network, record.parties[number]!.lei);
  }

  /** The same whenever it is asked: a call said again is the same call. */
  #settingOf({ signer }: SimulatedNode) {
    const { network, header } = this.world.genesis;
    return { network, signer, nowMs: header.time };
  }
}

test('in a quiet network a message costs a question and an answer, and nothing once it has come', async () => {
  const post = await Post.open({ seed: 61, seats: 4, followers: 1 }, 2);
  for (let round = 0; !post.isAllDone; round++) {
    assert.ok(round < 400, post.describe());
    post.work();
    await post.world.run(250);
  }
  await post.checkDelivered();
  assert.ok(post.frames <= 2 * post.letters.length, `${post.frames} frames for ${post.letters.length}`);
  const { frames } = post;
  await post.world.run(120_000);
  assert.is(post.frames, frames);
});

for (const seed of [71, 72, 73]) {
  test(`seed ${seed}: lost frames, kills and power failures: what took effect arrives, and is never lost before`, async () => {
    const post = await Post.open(
      {
        ...{ seed, seats: 5 },
        link: { loss: 0.15, duplicate: 0.05, delayMs: [5, 80] },
        disk: { syncMs: [1, 15], losesWrites: true },
      },
      3,
    );
    const { world } = post;
    const random = new Random(seed, 'kills');
    let kills = 0;
    for (let round = 0; round < 60 || !post.isAllDone; round++) {
      assert.ok(round < 900, post.describe());
      post.work();
      const down = world.nodes.filter(({ runner }) => runner === undefined);
      if (round < 60 && down.length === 0 && random.chance() < 0.5) {
        world.kill(random.pick(world.nodes), random.chance() < 0.5 ? 'kill' : 'power');
        kills += 1;
      }
      await world.run(random.between(50, 400));
      for (const node of down) await world.start(node);
      post.checkKept();
    }
    assert.ok(kills >= 15, `${kills} kills`);
    await post.checkDelivered();
    assert.equal(world.nodes.map(({ halted }) => halted?.message).filter(Boolean), []);
  });
}

test.run();
