/** Nodes that join by a snapshot `[STO-2]`: over bad lines, killed on the way, and equal to all others from then on. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import { vertexEnvelope } from '../../consensus/vertex/vertex.ts';
import { type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import { type CrashKind, Disk } from '../disk.ts';
import { Random } from '../random.ts';
import { type SimulatedNode, World, type WorldOptions } from '../world.ts';
import { heightOf, say, somethingToSay } from './voices.ts';

const test = suite('snapshots');
const WINDOW = 16;

/** From the first height that both hold on, header by header, with states that match. */
async function sameLedger(a: SimulatedNode, b: SimulatedNode): Promise<void> {
  const from = Math.max(await a.store.firstHeight(), await b.store.firstHeight());
  const to = Math.min(heightOf(a), heightOf(b));
  assert.ok(to > from, `heights ${from} to ${to}`);
  for (let height = from; height <= to; height++) {
    const [one, other] = [await a.store.checkpoint(height), await b.store.checkpoint(height)];
    assert.equal(one!.header, other!.header, `height ${height}`);
    assert.equal(one!.outcomes, other!.outcomes, `height ${height}`);
  }
  for (const node of [a, b]) {
    const { state, header } = node.runner!.replica.ledger;
    assert.is(toHex(state.map.root), toHex(header.stateRoot));
  }
}

/** A network with a history, in which one follower spoke once, long ago; and a node that was never up. */
async function openOld(options: Partial<WorldOptions>, heights = 70) {
  const pace = { heartbeatMs: 1_000, settledWindow: WINDOW };
  const world = await World.open({
    seed: 3,
    seats: 4,
    followers: 3,
    pace,
    committee: { epochHeights: 25 },
    ...options,
  });
  const [busy, quiet, late] = [world.nodes[4]!, world.nodes[5]!, world.nodes[6]!];
  world.kill(late);
  await world.runUntil('some heights', () => heightOf(quiet) >= 3);
  const first = say(quiet);
  for (let i = 0; heightOf(busy) < heights; i++) {
    if (i % 3 === 0) say(busy);
    await world.run(300);
  }
  assert.not(busy.runner!.replica.dag.isSettled(first), 'beyond the window by now');
  return { world, quiet, busy, late };
}

async function isFinalAt(world: World, key: string, nodes: readonly SimulatedNode[]): Promise<void> {
  const isSettled = () => nodes.every((node) => node.runner!.replica.dag.isSettled(key));
  await world.runUntil('final at all of them', isSettled, 30_000);
}

test('a fresh node takes the state, knows only the window, and is as all others from then on', async () => {
  const { world, quiet, busy, late } = await openOld({ link: { loss: 0.05, delayMs: [20, 150] } });
  void world.join(late);
  await world.runUntil('joined', () => late.runner !== undefined, 60_000);
  const first = await late.store.firstHeight();
  assert.ok(first > 70 - 2 * WINDOW, `from height ${first}`);
  assert.is(await late.store.checkpoint(first - 1), undefined);
  await world.runUntil('level', () => heightOf(late) >= heightOf(busy), 30_000);
  await sameLedger(busy, late);

  // Its own vertices, and one on top of what settled before anything that it ever saw `[SNP-5]`.
  await isFinalAt(world, say(late), [busy, late]);
  await isFinalAt(world, say(quiet), [busy, late, quiet]);
  await sameLedger(busy, late);

  // It starts again from what it has.
  world.kill(late);
  await world.start(late);
  await isFinalAt(world, say(busy), [busy, late]);
  await sameLedger(busy, late);
});

test('a node that lost its disk goes on with its own chain, though its last vertex lies before the window', async () => {
  const { world, busy, quiet } = await openOld({ seed: 6 });
  world.kill(quiet);
  const empty = new Disk(world.time, new Random(6, 'another disk'), { syncMs: [0, 0], losesWrites: false });
  const again = Object.assign(quiet, { store: empty });
  void world.join(again);
  await world.runUntil('joined', () => again.runner !== undefined, 60_000);
  const reply = again.runner!.dispatch(somethingToSay);
  assert.ok(reply.type === 'taken' && reply.vertex.sequence === 2, JSON.stringify(reply.type));
  await isFinalAt(world, reply.vertex.key, [busy, again]);
  // A second first vertex would have been a fork, and its key suspended.
  await isFinalAt(world, say(again), [busy, again]);
  const { state } = busy.runner!.replica.ledger;
  const { lastSequence, suspended } = state.get(chain, again.signer.publicKey)!;
  assert.equal({ lastSequence, suspended }, { lastSequence: 3, suspended: false });
});

test('killed, or without power, at any moment of the join, it goes on or begins anew, and arrives', async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const disk = { syncMs: [1, 20], losesWrites: true } as const;
    const { world, busy, late } = await openOld({ seed, disk, link: { loss: 0.02, delayMs: [5, 60] } }, 40);
    const random = new Random(seed, 'kills');
    let stages = '';
    for (let life = 0; late.runner === undefined; life++) {
      assert.ok(life < 60, `seed ${seed}: still not joined`);
      const stage = await late.store.stage();
      stages += stage[0];
      void world.join(late);
      await world.run(1_000 + life * 100 + random.below(1_500));
      if (late.runner !== undefined) break;
      const kind: CrashKind = random.below(2) === 0 ? 'kill' : 'power';
      if (random.below(4) === 0 && late.store instanceof Disk)
        late.store.onNextWrite = () => world.kill(late, kind);
      else world.kill(late, kind);
      if (late.joining !== undefined) await world.run(500);
      if (late.joining !== undefined) world.kill(late, kind);
    }
    await world.runUntil('level', () => heightOf(late) >= heightOf(busy), 30_000);
    await sameLedger(busy, late);
    await isFinalAt(world, say(late), [busy, late]);
    assert.ok(stages.length > 1, `seed ${seed}: ${stages}`);
  }
});

/** How a liar bends each kind of answer, and what that is called. */
const bends: {
  readonly [what: string]: readonly [code: string | undefined, (message: PeerMessage) => PeerMessage];
} = {
  // An offer that is not proved is passed over; it may be a header of a committee that nobody leads to.
  'a height is offered that nobody certified': [
    undefined,
    (message) =>
      message.type === 'snapshot'
        ? { ...message, header: { ...message.header, height: message.header.height + 9 } }
        : message,
  ],
  'an object is left out': [
    'E_PROOF',
    (message) => (message.type === 'state' ? { ...message, objects: message.objects.slice(1) } : message),
  ],
  'an object says something else': [
    'E_PROOF',
    (message) =>
      message.type !== 'state'
        ? message
        : {
            ...message,
            objects: message.objects.map((object) => ({
              ...object,
              parts: object.parts.map(({ salt, value }) => ({ salt, value: flipped(value) })),
            })),
          },
  ],
  'a change of committee is another’s': [
    'E_HEADER',
    (message) =>
      message.type === 'changes'
        ? {
            ...message,
            changes: message.changes.map((change) => ({
              ...change,
              committee: { ...change.committee, seats: [...change.committee.seats].reverse() },
            })),
          }
        : message,
  ],
  'an outcome is left out': [
    'E_PROOF',
    (message) =>
      message.type === 'checkpoint' && message.outcomes.length > 0
        ? { ...message, outcomes: message.outcomes.slice(1) }
        : message,
  ],
  'a certificate is forged': [
    'E_CERTIFICATE',
    (message) =>
      message.type === 'checkpoint'
        ? {
            ...message,
            certificate: {
              ...message.certificate,
              quorum: {
                ...message.certificate.quorum,
                signatures: message.certificate.quorum.signatures.map(flipped),
              },
            },
          }
        : message,
  ],
  'a signature of a vertex is forged': [
    'E_SIG',
    (message) =>
      message.type === 'vertices' ? { ...message, vertices: message.vertices.map(forgedSignature) } : message,
  ],
  'the peaks are of another history': [
    'E_PROOF',
    (message) => (message.type === 'peaks' ? { ...message, hashes: message.hashes.map(flipped) } : message),
  ],
  'bytes that are no message': ['E_ENC', (message) => message],
};

function flipped(bytes: Uint8Array): Uint8Array {
  const other = bytes.slice();
  if (other.length > 0) other[other.length - 1]! ^= 1;
  return other;
}

function forgedSignature(envelope: Uint8Array): Uint8Array {
  const decoded = vertexEnvelope.decode(envelope);
  assert.ok(decoded.ok);
  return vertexEnvelope.encode({ ...decoded.value, signature: flipped(decoded.value.signature) });
}

test('of six peers five lie: whatever they bend, the one that does not is believed', async () => {
  const { world, busy, late } = await openOld({ seed: 9 }, 60);
  const honest = busy.key;
  const note = world.trace.note.bind(world.trace);
  for (const [what, [code, bend]] of Object.entries(bends)) {
    const called = new Set<string>();
    world.trace.note = (name, text) => {
      const [, found] = /cannot be right: (\w+)/.exec(text) ?? [];
      if (found !== undefined) called.add(found);
      note(name, text);
    };
    const joining = Object.assign(late, {
      store: new Disk(world.time, new Random(1, what), { syncMs: [0, 0], losesWrites: false }),
    });
    void world.join(joining);
    await world.runUntil('it begins', () => joining.joining !== undefined);
    const conversation = joining.joining!;
    const hear = conversation.hear.bind(conversation);
    conversation.hear = (peer, frame) => {
      const decoded = peerMessage.decode(frame);
      assert.ok(decoded.ok);
      const bentMessage = bend(decoded.value);
      // Or the right answer might come first, and no lie be heard.
      const isEarly = code !== undefined && called.size === 0 && bentMessage !== decoded.value;
      if (peer === honest) return isEarly ? undefined : hear(peer, frame);
      const bent = peerMessage.encode(bentMessage);
      hear(peer, code === 'E_ENC' ? bent.subarray(1) : bent);
    };
    await world.runUntil(`joined though ${what}`, () => joining.runner !== undefined, 120_000);
    assert.equal([...called], code === undefined ? [] : [code], what);
    await world.runUntil('level', () => heightOf(joining) >= heightOf(busy), 30_000);
    await sameLedger(busy, joining);
    world.kill(joining);
  }
});

test('where nobody is far ahead it replays, and has everything', async () => {
  const pace = { heartbeatMs: 1_000, settledWindow: 512 };
  const world = await World.open({ seed: 5, seats: 4, followers: 1, pace });
  const late = world.nodes[4]!;
  world.kill(late);
  for (let i = 0; i < 5; i++) {
    say(world.nodes[1]!);
    await world.run(500);
  }
  void world.join(late);
  await world.runUntil('up', () => late.runner !== undefined, 60_000);
  await world.runUntil('level', () => heightOf(late) >= heightOf(world.nodes[1]!), 30_000);
  assert.is(await late.store.firstHeight(), 1);
});

test.run();
