/**
 * Fees and rewards in whole networks (R009): epochs with an equivocator among the seats, crashes and losses. Every node has
 * the same state roots, each epoch is divided to the unit, and who equivocated has nothing of any of them.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findBreaches } from '../../consensus/contracts/invariants.ts';
import { epochId } from '../../consensus/contracts/objects/epoch.ts';
import { account, accountId, moneyId } from '../../consensus/contracts/objects/money.ts';
import { offender } from '../../consensus/contracts/objects/offence.ts';
import { reward, rewardEpoch, rewardId } from '../../consensus/contracts/objects/reward.ts';
import { tariff, tariffId } from '../../consensus/contracts/objects/tariff.ts';
import { feeAccountOf } from '../../consensus/contracts/rules/fees.ts';
import { stakeOf } from '../../consensus/contracts/rules/stake.ts';
import { issueMoney } from '../../consensus/contracts/transitions/money.ts';
import { fundRewards, prepayFees, settleReward } from '../../consensus/contracts/transitions/rewards.ts';
import { stateTariff } from '../../consensus/contracts/transitions/tariff.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { memoryStore } from '../../node/memory-store.ts';
import type { Event } from '../../node/replica/events.ts';
import { type SimulatedNode, World } from '../world.ts';
import { checkAgreement, ledgerOf, partyOf, sendCall } from './epoch-calls.ts';
import { corrupt, lies } from './lies.ts';

const test = suite('rewards');
const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };
const BATCH_FEE = 3;
const BUDGET = 1_001;
const PREPAID = 100;
/** Epochs 1 to 5 are divided. */
const EPOCHS = 6;
const LIES_FROM = 3;
const withheldMs = 60_000;

for (const seed of [71, 72]) {
  test(`epochs with an equivocator and crashes, seed ${seed}: equal roots, sums to the unit, and nothing for the cheat`, async () => {
    const world = await World.open({
      ...{ seed, seats: 5, followers: 2, link: { loss: 0.01 }, bonds: [100, 110, 120, 130, 140] },
      pace: { heartbeatMs: 400, viewTimeoutMs: 600, trustingPeriodMs: withheldMs },
      committee: { policy: 'governance', epochHeights: 12 },
    });
    const [issuer, , cheat, , , sender, carrier] = world.nodes as SimulatedNode[];
    const honest = world.nodes.filter((node) => node !== cheat);
    const seats = world.nodes.slice(0, 5);
    await charge(world, { issuer: issuer!, sender: sender!, carrier: carrier!, seats });

    let crashes = 0;
    let lied: { readonly told: number } | undefined;
    const epochNow = () => Math.max(...honest.map((node) => (node.runner ? epochOf(node) : 0)));
    for (let step = 0; epochNow() < EPOCHS; step++) {
      assert.ok(step < 900, `stuck: ${world.describe()}`);
      if (epochNow() === LIES_FROM && lied === undefined)
        lied = await corrupt(world, cheat!, lies['commits to two values']!);
      for (const node of [sender!, honest[step % honest.length]!]) node.runner?.dispatch(author);
      await world.run(200);
      if (step % 11 !== 5) continue;
      // One at a time: with the cheat that is all that five seats bear.
      const victim = honest[Math.floor(world.time.chance() * honest.length)]!;
      crashes += 1;
      world.kill(victim);
      await world.run(300);
      await world.start(victim);
    }
    assert.ok(crashes > 3 && lied!.told > 0, `${crashes} crashes, ${lied!.told} lies`);
    await world.runUntil('all are there', () => honest.every((node) => epochOf(node) >= EPOCHS), 120_000);

    const { state } = ledgerOf(issuer!);
    assert.is.not(state.get(offender, cheat!.signer.publicKey), undefined);
    assert.is(stakeOf(state, partyOf(world, cheat!)).bonded, 0);
    let [heard, taken] = [0, 0];
    for (let epoch = 1; epoch < EPOCHS; epoch++) {
      const { fees, budget, carriedIn, rewards, carriedOut } = state.get(rewardEpoch, epochId(epoch))!;
      const earned = seats.map((node) => rewardOf(node, epoch, issuer!));
      const sum = earned.reduce((total, found) => total + (found?.amount ?? 0), 0);
      assert.equal([sum, carriedOut], [fees + budget + carriedIn, 0], `epoch ${epoch}`);
      assert.equal([rewards, budget], [sum, BUDGET]);
      taken += fees;
      if (epoch < LIES_FROM) assert.ok(earned[2]!.amount > 0, 'as long as it was honest');
      else assert.is(earned[2]?.amount ?? 0, 0, `epoch ${epoch}`);
      heard += earned.reduce((total, found) => total + (found?.points ?? 0), 0);
    }
    assert.ok(heard > 100, `${heard} points`);
    const { prepaid, owed } = feeAccountOf(state, euros(world, issuer!), partyOf(world, sender!));
    assert.equal([prepaid, taken], [0, PREPAID], 'the others had prepaid nothing');
    assert.ok(owed > 0, 'it sent more than it had prepaid, and all of it was confirmed');

    // What it had earned before is withheld still, and forfeited; the others are paid when their time is over.
    await settle(world, [cheat!], 1, carrier!, honest);
    assert.is(rewardOf(cheat!, 1, issuer!)!.state, 'FORFEITED');
    await world.run(withheldMs + 5_000);
    for (const node of honest) node.runner!.dispatch(author);
    const paid = seats.filter((node) => node !== cheat);
    await settle(world, paid, 1, carrier!, honest);
    for (const node of paid) {
      const { state: now, amount } = rewardOf(node, 1, issuer!)!;
      assert.is(now, 'PAID');
      assert.is(balanceOf(world, node, issuer!), amount);
    }
    assert.is(balanceOf(world, cheat!, issuer!), 0);

    // One without a disk comes to the same from the genesis, or from what others hand it.
    const loser = honest.at(-1)!;
    world.kill(loser);
    (loser as { store: SimulatedNode['store'] }).store = memoryStore();
    await world.start(loser);
    const top = ledgerOf(issuer!).height;
    await world.runUntil('it is there', () => ledgerOf(loser).height >= top, 60_000);
    assert.ok((await checkAgreement(world)) >= top);
    for (const node of honest) {
      assert.is(node.halted, undefined, node.name);
      assert.equal(findBreaches({ objects: () => ledgerOf(node).state.objects() }), []);
    }
  });
}

const epochOf = (node: SimulatedNode) => ledgerOf(node).committee.epoch;
const euros = (world: World, issuer: SimulatedNode) => moneyId(partyOf(world, issuer), 'EUR');
const rewardOf = (node: SimulatedNode, epoch: number, at: SimulatedNode) =>
  ledgerOf(at).state.get(reward, rewardId(epoch, node.signer.publicKey));
const balanceOf = (world: World, node: SimulatedNode, issuer: SimulatedNode) =>
  ledgerOf(issuer).state.get(account, accountId(euros(world, issuer), partyOf(world, node)))?.balance ?? 0;

interface Parts {
  readonly issuer: SimulatedNode;
  readonly sender: SimulatedNode;
  readonly carrier: SimulatedNode;
  readonly seats: readonly SimulatedNode[];
}

/** In epoch 0: a tariff from epoch 1 on, a fund for all of them, and fees that the sender prepays. */
async function charge(world: World, { issuer, sender, carrier, seats }: Parts): Promise<void> {
  await world.run(500);
  const money = euros(world, issuer);
  const [bank, payer] = [partyOf(world, issuer), partyOf(world, sender)];
  const funding = { issuer: bank, to: payer, currency: 'EUR', amount: 50_000, reference: 'TX' };
  sendCall(world, carrier, issueMoney, funding, [issuer]);
  const terms = { number: 1, from: 1, money, callFee: 5, batchFee: BATCH_FEE, budget: BUDGET };
  sendCall(world, carrier, stateTariff, terms, seats.slice(1));
  sendCall(world, carrier, fundRewards, { payer, money, amount: 20_000 }, [sender]);
  sendCall(world, carrier, prepayFees, { payer, money, amount: PREPAID }, [sender]);
  await world.runUntil('the tariff waits', () => {
    const { state } = ledgerOf(issuer);
    return (
      state.get(tariff, tariffId(1)) !== undefined && feeAccountOf(state, money, payer).prepaid === PREPAID
    );
  });
  assert.is(epochOf(issuer), 0);
}

async function settle(
  world: World,
  of: readonly SimulatedNode[],
  epoch: number,
  carrier: SimulatedNode,
  at: readonly SimulatedNode[],
): Promise<void> {
  for (const node of of) sendCall(world, carrier, settleReward, { epoch, seat: node.signer.publicKey }, []);
  const isSettled = (node: SimulatedNode, seat: SimulatedNode) =>
    rewardOf(seat, epoch, node)?.state !== 'WITHHELD';
  await world.runUntil('they are settled', () =>
    at.every((node) => of.every((seat) => isSettled(node, seat))),
  );
}

test.run();
