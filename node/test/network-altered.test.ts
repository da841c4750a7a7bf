/** R056: whoever stands between two nodes and alters what they say alters nothing that either takes in `[ADM-3]`. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { type Alteration, AlteringRelay, type Frames, type Side } from './altering-relay.ts';
import { ascendingKeys, closeAll, keyOf, pause, startNode, type TestNode, until } from './network-nodes.ts';

const test = suite('R056: altered frames');

const FRAMES_WANTED = 10_000;
const PER_SESSION = 350;
/** Said and heard before the alterations begin. */
const BEFORE = 5;
const limits = { redialMinMs: 20, redialMaxMs: 100, redialGraceMs: 0, watchMs: 60_000 };

let turns = 0;
/** Below `below`, another one each time, the same in every run. */
function pick(below: number): number {
  turns += 1;
  return Buffer.from(hash('salt', uint32Bytes(turns))).readUInt32BE(0) % below;
}

function withLength(body: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([length, body]);
}

/** Frames of the session before, in the same direction. */
let earlier: Frames = [];

/** Each gives as many altered frames as it is given frames. */
const alterations: readonly (readonly [what: string, alter: Alteration])[] = [
  [
    'a bit is turned in each',
    (frames) =>
      frames.map((frame) => {
        const bent = Buffer.from(frame);
        bent[2 + pick(bent.length - 2)]! ^= 1 << pick(8);
        return bent;
      }),
  ],
  ['each loses its last byte', (frames) => frames.map((frame) => withLength(frame.subarray(2, -1)))],
  ['each loses its first byte', (frames) => frames.map((frame) => withLength(frame.subarray(3)))],
  [
    'each gets a byte more',
    (frames) => frames.map((frame) => withLength(Buffer.from([...frame.subarray(2), 0]))),
  ],
  ['each loses its tag', (frames) => frames.map((frame) => withLength(frame.subarray(2, -16)))],
  ['the last comes first', (frames) => frames.slice().reverse()],
  ['the first is missing', (frames) => [...frames.slice(1), frames[0]!]],
  ['those of an earlier session', (frames) => frames.map((_, i) => earlier[i % earlier.length]!)],
  [
    'their lengths are wrong',
    (frames) => frames.map((frame) => Buffer.concat([Buffer.of(0, 20), frame.subarray(2)])),
  ],
];

const numberIn = ({ frame }: TestNode['messages'][number]): number => Buffer.from(frame).readUInt32BE(0);

test('ten thousand altered frames: none is taken, each session ends, and the next one is whole', async () => {
  const [dials, listens] = ascendingKeys([31, 32]) as [number, number];
  const listener = await startNode(listens, { limits });
  const port = Number(/tcp\/(\d+)/.exec(listener.address.multiaddr)![1]);
  const relay = await AlteringRelay.before(port);
  const dialler = await startNode(dials, {
    limits,
    peers: [{ key: listener.key, multiaddr: relay.multiaddr }],
  });
  const nodes = { dialler, listener };
  const connected = () => dialler.network.peers.length === 1 && listener.network.peers.length === 1;
  let altered = 0;
  let said = 0;
  for (let session = 0; altered < FRAMES_WANTED; session++) {
    const [what, alter] = alterations[session % alterations.length]!;
    const side: Side = Math.floor(session / alterations.length) % 2 === 0 ? 'dialler' : 'listener';
    const [from, to] = side === 'dialler' ? [dialler, listener] : [listener, dialler];
    await until('they are connected', connected);
    const from0 = to.messages.length;
    const first = said;
    const say = () => from.network.send(to.key, uint32Bytes(said++));
    for (let i = 0; i < BEFORE; i++) say();
    await until('what comes before arrives', () => to.messages.length === from0 + BEFORE);
    assert.ok(relay.from(side).isSession);
    const direction = relay.from(side);
    direction.hold();
    const fallen = [dialler, listener].map((node) => node.disconnects.length);
    while (direction.held.length < PER_SESSION) {
      say();
      await pause(0);
    }
    const original = direction.held.slice(0, PER_SESSION);
    const frames = alter(original);
    assert.is(frames.length, original.length);
    if (what !== 'those of an earlier session' || earlier.length > 0) altered += frames.length;
    direction.release(frames);
    await until(`${what}: the session ends on both sides`, () =>
      [dialler, listener].every((node, i) => node.disconnects.length > fallen[i]!),
    );
    await until('they are connected anew', connected);
    const heard = to.messages.slice(from0).map(numberIn);
    assert.equal(
      heard,
      Array.from({ length: BEFORE }, (_, i) => first + i),
      what,
    );
    earlier = original;
  }
  console.log(`altered: ${altered} frames over ${dialler.disconnects.length} sessions, none taken`);
  for (const node of [dialler, listener]) {
    assert.equal(node.faults, []);
    assert.equal(node.gossip, [], 'nothing was gossiped, and nothing was heard');
    assert.is(node.network.stats().cuts, 0, 'the peer is not blamed for it');
  }
  for (const [from, to] of [
    [dialler, listener],
    [listener, dialler],
  ] as const) {
    const before = to.messages.length;
    from.network.send(to.key, uint32Bytes(said));
    await until('the session without alterations is whole', () => to.messages.length === before + 1);
    assert.is(numberIn(to.messages.at(-1)!), said);
  }
  await closeAll(Object.values(nodes));
  await relay.close();
});

test('whoever answers with another key is not talked to, and that is reported with the name of whom it was', async () => {
  const [lesser, greater] = ascendingKeys([33, 34]) as [number, number];
  const impostor = await startNode(greater);
  const victim = keyOf(35);
  const node = await startNode(lesser, { limits });
  node.network.addPeer({ key: victim, multiaddr: impostor.address.multiaddr.replace(/\/p2p\/.*/, '') });
  await until('it is reported', () => node.refused.length >= 2);
  assert.equal(node.refused[0], { peer: victim, code: 'E_PEER_KEY' });
  assert.is(node.network.stats().refused['E_PEER_KEY'], node.refused.length);
  assert.equal([node.connects, impostor.connects], [[], []]);
  await closeAll([node, impostor]);
});

test('a peer that is down is no wrong key', async () => {
  const gone = await startNode(36);
  await closeAll([gone]);
  const node = await startNode(37, { limits, peers: [gone.address] });
  await until('it was dialled', () => node.network.stats().dialFailures >= 2);
  assert.equal(node.refused, []);
  await closeAll([node]);
});

test.run();
