/**
 * Whole networks over many epochs `[CKP-4]`: seats move to other nodes and back, while nodes crash, messages are lost,
 * and some sleep through several epochs; one header per height by the committee of its epoch, everything said becomes
 * final, and what is proved at the end verifies from the genesis `[LC-1]`.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import { committeeIn } from '../../consensus/checkpoint/succession.ts';
import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { party } from '../../consensus/contracts/registry.ts';
import { seedCommitment } from '../../consensus/contracts/seats/stake-draw.ts';
import { endEpoch, nameSeats } from '../../consensus/contracts/transitions/seats.ts';
import { commitSeed, revealSeed } from '../../consensus/contracts/transitions/seeds.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { Follower } from '../../light-client/gateway/follower.ts';
import { BUNDLE_VERSION, bundleSchema } from '../../light-client/proof/bundle.ts';
import {
  type LightRequest,
  type LightResponse,
  lightRequest,
  lightResponse,
} from '../../light-client/protocol/messages.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { memoryStore } from '../../node/memory-store.ts';
import type { Event } from '../../node/replica/events.ts';
import { DurableHead } from '../../node/service/durable-head.ts';
import { answerLightClient } from '../../node/service/light.ts';
import { Prover } from '../../node/service/proofs.ts';
import { type SimulatedNode, World } from '../world.ts';
import { checkAgreement, ledgerOf, partyOf, sendCall } from './epoch-calls.ts';

const test = suite('epochs');
const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };
const pace = { heartbeatMs: 400, viewTimeoutMs: 600 };

const heightOf = (node: SimulatedNode) => (node.runner === undefined ? 0 : ledgerOf(node).height);
const epochOf = (node: SimulatedNode) => (node.runner === undefined ? 0 : ledgerOf(node).committee.epoch);

/** Whatever the nodes say to make the next committee, once an epoch each. */
type Duty = (world: World, epoch: number) => void;

const liveNode = (world: World) => world.nodes.find((node) => node.runner !== undefined)!;

function seatsNow(world: World): SimulatedNode[] {
  const { seats } = ledgerOf(newest(world)).committee;
  return seats.map((seat) => world.nodes.find(({ signer }) => signer.publicKey.join() === seat.join())!);
}

function newest(world: World): SimulatedNode {
  const up = world.nodes.filter((node) => node.runner !== undefined);
  return up.reduce((best, node) => (heightOf(node) > heightOf(best) ? node : best), liveNode(world));
}

/** Names seats one further on, in a ring of all nodes. */
const rotate: Duty = (world, epoch) => {
  const count = world.genesis.record.seats.length;
  const named = Array.from(
    { length: count },
    (_, i) => world.nodes[(i + 2 * (epoch + 1)) % world.nodes.length]!,
  );
  const args = { seats: named.map(({ signer }) => signer.publicKey) };
  sendCall(world, newest(world), nameSeats, args, seatsNow(world));
};

const secretOf = (node: number, epoch: number) => hash('seed', uint32Bytes(node), uint32Bytes(epoch));

const draw: Duty = (world, epoch) => {
  for (const [i, node] of world.nodes.entries()) {
    const owner = partyOf(world, node);
    const carrier = newest(world);
    const commitment = seedCommitment(owner, secretOf(i, epoch));
    sendCall(world, carrier, commitSeed, { party: owner, commitment }, [node]);
    if (epoch > 0)
      sendCall(world, carrier, revealSeed, { party: owner, secret: secretOf(i, epoch - 1) }, [node]);
  }
};

/** Runs until `epochs` are over, with each epoch's duty done in its first heights; `disturb` is called in between. */
async function runEpochs(world: World, epochs: number, duty: Duty, disturb: (step: number) => Promise<void>) {
  let done = -1;
  for (let step = 0; epochOf(newest(world)) < epochs; step++) {
    assert.ok(step < 600, `stuck: ${world.describe()}`);
    const epoch = epochOf(newest(world));
    if (epoch > done) {
      duty(world, epoch);
      done = epoch;
    }
    await disturb(step);
    newest(world).runner!.dispatch(author);
    await world.run(200);
  }
}

const seedOf = (name: string) => [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);

for (const [name, seats, followers, duty, committee] of [
  ['governance', 4, 3, rotate, { policy: 'governance', epochHeights: 8 }],
  ['governance, n = 5', 5, 3, rotate, { policy: 'governance', epochHeights: 7 }],
  ['stake', 4, 3, draw, { policy: 'stake', epochHeights: 10, seatsWanted: 4 }],
] as const) {
  test(`${name}: seats move over epochs while nodes crash and messages are lost; one header per height`, async () => {
    const total = seats + followers;
    const world = await World.open({
      ...{ seed: seedOf(name), seats, followers, pace, committee, link: { loss: 0.01 } },
      bonds: Array.from({ length: total }, (_, i) => 100 + 10 * i),
    });
    const held = new Map<string, Set<number>>();
    let crashes = 0;
    world.onNotice = (_, notice) => assert.is.not(notice.type, 'offence', 'a crash is no offence');
    await runEpochs(world, 6, duty, async (step) => {
      const { committee: office } = ledgerOf(newest(world));
      for (const seat of office.seats) {
        const epochs = held.get(seat.join()) ?? new Set();
        held.set(seat.join(), epochs.add(office.epoch));
      }
      if (step % 9 !== 4) return;
      // One at a time, or more than f of some committee would be away.
      const victim = world.nodes[Math.floor(world.time.chance() * world.nodes.length)]!;
      if (victim.runner === undefined) return;
      crashes += 1;
      world.kill(victim);
      await world.run(300);
      await world.start(victim);
    });
    assert.ok(crashes > 3, `${crashes} crashes`);
    assert.ok(held.size > seats, `${held.size} of ${total} nodes had a seat`);
    await world.runUntil('all are there', () => world.nodes.every((node) => epochOf(node) >= 6), 120_000);
    const height = await checkAgreement(world);
    for (const node of world.nodes) assert.is(node.halted, undefined, node.name);
    // What is said now becomes final everywhere.
    const taken = newest(world).runner!.dispatch(author);
    assert.ok(taken.type === 'taken');
    const { key } = taken.vertex;
    await world.runUntil(
      'final',
      () => world.nodes.every((node) => node.runner!.replica.dag.isSettled(key)),
      120_000,
    );

    const [node] = world.nodes as [SimulatedNode, ...SimulatedNode[]];
    const ledger = ledgerOf(node);
    for (let at = 1; at <= height; at++) {
      const { header, certificate } = (await node.store.checkpoint(at))!;
      const by = committeeIn(ledger.state, header.committeeHash)!;
      assert.ok(checkCertificate(header, certificate, by, world.genesis.network).ok);
    }
    const prover = new Prover(ledger, node.store, new DurableHead(ledger));
    const proved = await prover.object(party.name, partyOf(world, node), () => [0]);
    assert.ok(proved.ok, proved.ok ? '' : describeRefusal(proved));
    const { proof, anchor } = proved.value;
    const changes = await prover.changesTo(anchor.certified.header);
    assert.ok(changes.ok && changes.value.length >= 6);
    const sealed = (shown: typeof changes.value) =>
      bundleSchema.encode({
        ...{ version: BUNDLE_VERSION, network: world.genesis.network, changes: shown, anchor },
        statement: { type: 'object', proof },
      });
    const verdictOf = (shown: typeof changes.value) =>
      verifyBundle(sealed(shown), world.genesis, { nowMs: world.nowMs }).verdict;
    assert.is(verdictOf(changes.value), 'valid');
    assert.is(verdictOf(changes.value.slice(0, -1)), 'invalid', 'a change is missing');
    assert.is(verdictOf(changes.value.slice(1)), 'invalid');
    assert.is(verdictOf([]), 'invalid');
    await followAsGateway(world, node, prover);
    console.log(
      `${changes.value.length} changes, bundle ${sealed(changes.value).length} bytes, n = ${seats}`,
    );
  });
}

/** A gateway that knows the genesis alone comes to the newest header by what this node answers. */
async function followAsGateway(world: World, node: SimulatedNode, prover: Prover): Promise<void> {
  const ask = async (body: LightRequest): Promise<LightResponse> => {
    const frame = lightRequest.encode({ id: 1, body });
    const answer = lightResponse.decode(await answerLightClient(node.key, frame, node.runner!, prover));
    if (!answer.ok) throw new Error(describeRefusal(answer));
    return answer.value.body;
  };
  const { record } = world.genesis;
  const follower = new Follower({
    ...{ root: world.genesis, genesisTimeMs: record.time, trustingPeriodMs: record.pace.trustingPeriodMs },
    ...{ newest: undefined, changes: [] },
  });
  const head = await ask({ type: 'head' });
  assert.ok(head.type === 'head' && head.certified !== undefined);
  assert.is(follower.observe(head.certified, node.key, world.nowMs).type, 'ahead');
  while (follower.isAhead(head.certified.header)) {
    const shown = await ask({ type: 'changes', epoch: follower.epoch });
    assert.ok(shown.type === 'changes' && shown.changes.length > 0);
    for (const change of shown.changes)
      assert.is(follower.change(change, node.key, world.nowMs).type, 'changed');
  }
  const sight = follower.observe(head.certified, node.key, world.nowMs).type;
  assert.ok(sight === 'advanced' || sight === 'known', sight);
  assert.is(follower.head!.header.height, head.certified.header.height);
  const none = await ask({ type: 'changes', epoch: Number.MAX_SAFE_INTEGER - 1 });
  assert.ok(none.type === 'changes' && none.changes.length === 0);
}

test('a node that slept through four epochs, and one that lost its disk, come along; no seat of today was known to them', async () => {
  const committee = { policy: 'governance', epochHeights: 6 } as const;
  const world = await World.open({ seed: 41, seats: 4, followers: 6, pace, committee });
  const [, , , , , , , , sleeper, loser] = world.nodes as SimulatedNode[];
  await world.run(1_000);
  world.kill(sleeper!);
  // Only nodes 4 to 7 have seats in the end.
  const away: Duty = (at, epoch) => {
    const named = [4, 5, 6, 7].map((i) => at.nodes[i]!.signer.publicKey);
    if (epoch === 0) sendCall(at, newest(at), nameSeats, { seats: named }, seatsNow(at));
  };
  await runEpochs(world, 4, away, async () => undefined);
  assert.ok(heightOf(newest(world)) >= 24);
  assert.equal(
    seatsNow(world).map(({ name }) => name),
    ['follower 0', 'follower 1', 'follower 2', 'follower 3'],
  );
  world.kill(loser!);
  (loser as { store: SimulatedNode['store'] }).store = memoryStore();
  await world.start(sleeper!);
  await world.start(loser!);
  await world.runUntil(
    'they are there',
    () => [sleeper!, loser!].every((node) => heightOf(node) >= heightOf(newest(world)) - 1),
    60_000,
  );
  await checkAgreement(world);
  for (const node of world.nodes) assert.is(node.halted, undefined);
});

test('q seats end an epoch early, at the height they name, and the next one begins there', async () => {
  const world = await World.open({ seed: 43, seats: 4, followers: 1, pace });
  await world.run(1_000);
  const height = heightOf(newest(world)) + 6;
  sendCall(world, newest(world), endEpoch, { height }, seatsNow(world).slice(0, 3));
  await world.runUntil('the epoch is over', () => world.nodes.every((node) => epochOf(node) === 1));
  const { header } = (await world.nodes[0]!.store.checkpoint(height))!;
  assert.is(header.epoch, 0);
  assert.is.not(header.nextCommitteeHash.join(), header.committeeHash.join());
  assert.is(ledgerOf(world.nodes[0]!).committee.record.firstHeight, height + 1);
  await world.run(3_000);
  assert.ok((await checkAgreement(world)) > height + 3);
});

test.run();
