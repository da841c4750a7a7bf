/**
 * Two networks, each with validators of its own, whose stakeholders show each other proofs (R094): both are believed by who has
 * the other's genesis; an unknown network and a committee that is over are not `[LC-6]`.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeQuorum, phaseDomain, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { party } from '../../consensus/contracts/registry.ts';
import { endEpoch, nameSeats } from '../../consensus/contracts/transitions/seats.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { BUNDLE_VERSION, type Bundle, bundleSchema } from '../../light-client/proof/bundle.ts';
import {
  type Acquaintance,
  acquaintanceSchema,
  decodeAcquaintance,
} from '../../light-client/verify/acquaintance.ts';
import { type Verification, verifyBundle } from '../../light-client/verify/verify.ts';
import { DurableHead } from '../../node/service/durable-head.ts';
import { Prover } from '../../node/service/proofs.ts';
import { World } from '../world.ts';
import { ledgerOf, partyOf, sendCall } from './epoch-calls.ts';

const test = suite('networks');
const DAY_MS = 86_400_000;

/** An epoch here would last longer than the test: governance ends it. */
const open = (seed: number): Promise<World> =>
  World.open({
    ...{ seed, seats: 4, followers: 4, pace: { heartbeatMs: 400, viewTimeoutMs: 600 } },
    committee: { policy: 'governance', epochHeights: 1_000 },
  });

/** A proof that the first party is enrolled, from the newest header that its node has. */
async function prove(world: World): Promise<Bundle> {
  const [node] = world.nodes;
  const ledger = ledgerOf(node!);
  const prover = new Prover(ledger, node!.store, new DurableHead(ledger));
  const proved = await prover.object(party.name, partyOf(world, node!), () => [0]);
  assert.ok(proved.ok, proved.ok ? '' : describeRefusal(proved));
  const { proof, anchor } = proved.value;
  const changes = await prover.changesTo(anchor.certified.header);
  assert.ok(changes.ok);
  const statement = { type: 'object' as const, proof };
  return {
    version: BUNDLE_VERSION,
    network: world.genesis.network,
    changes: changes.value,
    anchor,
    statement,
  };
}

/** Shows a bundle of `world` to somebody who knows so much of it; memory goes through its bytes. */
function show(bundle: Bundle, world: World, known?: Acquaintance, nowMs: number = world.nowMs): Verification {
  const kept = known && decodeAcquaintance(acquaintanceSchema.encode(known));
  if (kept?.ok === false) throw new Error(describeRefusal(kept));
  return verifyBundle(bundleSchema.encode(bundle), world.genesis, { nowMs, known: kept?.value });
}

/** The seats move on to the followers. */
async function changeCommittee(world: World): Promise<void> {
  const seats = world.nodes.slice(0, 4);
  const [carrier] = seats;
  const named = world.nodes.slice(4).map(({ signer }) => signer.publicKey);
  assert.ok(sendCall(world, carrier!, nameSeats, { seats: named }, seats));
  assert.ok(sendCall(world, carrier!, endEpoch, { height: ledgerOf(carrier!).height + 6 }, seats));
  const isOver = () => world.nodes.every((node) => ledgerOf(node).committee.epoch === 1);
  await world.runUntil('the next committee is in office', isOver, 60_000);
  await world.run(2_000);
}

/** The first committee certifies a header after its end, with the keys that it still has. */
function forge(bundle: Bundle, world: World, changes: Partial<Header>): Bundle {
  const { network, committee } = world.genesis;
  const header = { ...bundle.anchor.certified.header, ...changes };
  const { height } = header;
  const subject = {
    ...{ network, committeeHash: committee.hash, height, view: 0 },
    ...{ headerId: headerId(header), newView: zero32 },
  };
  const votes = [0, 1, 2].map((seat) => {
    const number = world.nodes.findIndex(
      ({ signer }) => signer.publicKey.join() === committee.seats[seat]!.join(),
    );
    const { signer } = world.nodes[number]!;
    return [seat, signDigest(signer, phaseDomain.commit, network, voteBytes(subject))] as const;
  });
  const certificate = { height, view: 0, quorum: makeQuorum(new Map(votes), committee) };
  if (bundle.statement.type !== 'object') throw new Error('an object is proved');
  const statement = { ...bundle.statement, proof: { ...bundle.statement.proof, header } };
  return { ...bundle, anchor: { certified: { header, certificate }, path: [] }, statement };
}

test('each believes the other’s proofs, by its genesis; of an unknown network nobody believes anything', async () => {
  const [here, there] = [await open(1), await open(2)];
  await Promise.all([here.run(3_000), there.run(3_000)]);
  assert.is.not(here.genesis.network.join(), there.genesis.network.join());
  for (const [one, other] of [
    [here, there],
    [there, here],
  ] as const) {
    const bundle = await prove(other);
    assert.is(show(bundle, other).verdict, 'valid');
    // Whoever has another genesis has another committee, and says of which network it is.
    const { verdict, code } = verifyBundle(bundleSchema.encode(bundle), one.genesis, { nowMs: one.nowMs });
    assert.equal([verdict, code], ['invalid', 'E_NETWORK']);
    const relabelled = { ...bundle, network: one.genesis.network };
    assert.is(show(relabelled, one).verdict, 'invalid');
  }
});

test('a committee that is over is not believed by who knows it, though its keys still sign', async () => {
  const world = await open(3);
  await world.run(3_000);
  const early = await prove(world);
  const first = show(early, world);
  assert.is(first.verdict, 'valid');
  await changeCommittee(world);
  const late = await prove(world);
  assert.is(late.changes.length, 1);
  const second = show(late, world, first.known);
  assert.is(second.verdict, 'valid', JSON.stringify(second.facts));
  assert.is(second.known!.changes.length, 1);

  const ended = late.changes[0]!.header.height;
  const forged = forge(early, world, { height: ended + 5, time: late.anchor.certified.header.time });
  // Who knows the genesis alone cannot tell: that is why it is remembered.
  assert.is(show(forged, world).verdict, 'valid');
  assert.is(show(forged, world, first.known).verdict, 'valid');
  const refused = show(forged, world, second.known);
  assert.equal([refused.verdict, refused.code], ['invalid', 'E_CERTIFICATE']);
  assert.ok(refused.facts.at(-1)!.text.includes('a committee that is over'), refused.facts.at(-1)!.text);
  assert.equal(refused.known, second.known, 'a lie teaches nothing');

  // What the first committee certified in its time stays true.
  assert.is(show(early, world, second.known).verdict, 'valid');
  assert.is(
    show(early, world, second.known).known!.newest.header.height,
    late.anchor.certified.header.height,
  );
  const atHeight = early.anchor.certified.header.height;
  const twin = forge(early, world, { time: early.anchor.certified.header.time + 1 });
  assert.is(twin.anchor.certified.header.height, atHeight);
  assert.is(show(twin, world, first.known).code, 'E_CERTIFICATE', 'another header at a known height');
});

test('who looks in once in a trusting period may go on when the genesis is older than that', async () => {
  const world = await open(4);
  await world.run(3_000);
  const bundle = await prove(world);
  const { trustingPeriodMs } = world.genesis.record.pace;
  const { known } = show(bundle, world);
  const laterMs = world.genesis.record.time + trustingPeriodMs + 1_000;
  assert.is(show(bundle, world, undefined, laterMs).verdict, 'unanchored');
  assert.is(show(bundle, world, known, laterMs).verdict, 'valid');
  assert.is(show(bundle, world, known, laterMs + trustingPeriodMs + DAY_MS).verdict, 'unanchored');
});

test('what is known of one network says nothing of another', async () => {
  const [here, there] = [await open(1), await open(2)];
  await Promise.all([here.run(2_000), there.run(2_000)]);
  const { known } = show(await prove(here), here);
  assert.is(show(await prove(there), there, known).code, 'E_NETWORK');
});

test.run();
