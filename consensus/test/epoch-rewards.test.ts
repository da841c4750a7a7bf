/** Fees and rewards as execution books them `[RWD-4]` `[RWD-6]` (R009): who is charged, who is heard, what is written, and what replay gives. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { findBreaches } from '../contracts/invariants.ts';
import { epochId } from '../contracts/objects/epoch.ts';
import { account, accountId, moneyId } from '../contracts/objects/money.ts';
import { reward, rewardEpoch, rewardId } from '../contracts/objects/reward.ts';
import { swap } from '../contracts/objects/swap.ts';
import { feeAccountOf } from '../contracts/rules/fees.ts';
import { issueMoney } from '../contracts/transitions/money.ts';
import { fundRewards, prepayFees, settleReward } from '../contracts/transitions/rewards.ts';
import { endEpoch } from '../contracts/transitions/seats.ts';
import { openSwap, refundSwap } from '../contracts/transitions/swaps.ts';
import { stateTariff } from '../contracts/transitions/tariff.ts';
import { EpochWorld } from './epoch-world.ts';

const rewards = suite('epoch rewards');

const HEIGHTS = 10;
const BATCH_FEE = 3;
const CALL_FEE = 50;
const q = [0, 1, 2];
/** Has no seat; its gateways send readings. */
const SENDER = 5;
/** Carries everybody's calls. */
const SCRIBE = 7;

const open = () =>
  new EpochWorld({
    parties: 8,
    seats: 4,
    bonds: [100, 300, 300, 300],
    epochHeights: HEIGHTS,
    seatsWanted: 4,
  });
const euros = (world: EpochWorld) => moneyId(world.party(0), 'EUR');

/** A tariff that applies from epoch 1 on, which has begun; sender and scribe have prepaid. */
function charging(world = open()): EpochWorld {
  for (const party of [SENDER, SCRIBE])
    world.call(
      issueMoney,
      { issuer: world.party(0), to: world.party(party), currency: 'EUR', amount: 10_000, reference: 'TX' },
      [0],
    );
  const money = euros(world);
  const terms = { number: 1, from: 1, money, callFee: CALL_FEE, batchFee: BATCH_FEE, budget: 1_000 };
  world.call(stateTariff, terms, q);
  world.call(fundRewards, { payer: world.party(SCRIBE), money, amount: 5_000 }, [SCRIBE]);
  for (const [party, amount] of [
    [SENDER, 1_000],
    [SCRIBE, 200],
  ] as const)
    world.call(prepayFees, { payer: world.party(party), money, amount }, [party]);
  world.endEpoch();
  assert.ok([...world.codes.values()].every((code) => code === 'OK'));
  return world;
}

const running = (world: EpochWorld) => world.state.get(rewardEpoch, epochId(world.committee.epoch))!;
const feesOf = (world: EpochWorld, party: number) =>
  feeAccountOf(world.state, euros(world), world.party(party));
const rewardOf = (world: EpochWorld, epoch: number, party: number) =>
  world.state.get(reward, rewardId(epoch, world.signer(party).publicKey))!;
const issue = (world: EpochWorld, amount = 1) =>
  world.call(
    issueMoney,
    { issuer: world.party(0), to: world.party(4), currency: 'EUR', amount, reference: 'TX' },
    [0],
  );

rewards('a seat is heard once a height, however many witnesses it sends; who has no seat is not', () => {
  const world = charging();
  world.write(0, 'witness', 5);
  world.write(2, 'witness');
  world.write(SENDER, 'witness');
  world.step();
  assert.equal(running(world).points, [1, 0, 1, 0]);
  world.step();
  assert.equal(running(world).points, [1, 0, 1, 0]);
  world.write(0, 'witness');
  world.fork(1);
  world.step();
  world.write(1, 'witness');
  world.step();
  assert.equal(running(world).points, [2, 0, 1, 0], 'a suspended key’s witness is not OK');
});

rewards('the author’s party pays for calls that took effect and for batches, and for nothing else', () => {
  const world = charging();
  world.write(SENDER, 'readings', 7);
  world.write(0, 'witness', 3);
  issue(world);
  // Free: refused, row 0, evidence, a call that nobody signs.
  const refused = issue(world, 2 ** 53 - 1);
  const ended = world.call(endEpoch, { height: world.height + 5 }, q);
  const proved = world.accuse(3, 1);
  const unsigned = world.call(settleReward, { epoch: 1, seat: world.signer(0).publicKey }, []);
  world.step();
  assert.equal(
    [refused, ended, proved, unsigned].map((id) => world.code(id)),
    ['E_RANGE', 'OK', 'OK', 'E_NOT_FOUND'],
  );
  assert.is(feesOf(world, SENDER).prepaid, 1_000 - 7 * BATCH_FEE);
  assert.is(feesOf(world, SCRIBE).prepaid, 200 - CALL_FEE, 'who authored the vertex, not who signed');
  assert.is(running(world).fees, 7 * BATCH_FEE + CALL_FEE);
  assert.equal(findBreaches({ objects: () => world.state.objects() }), []);
});

rewards(
  'a duty done for all costs nobody a fee: a call outside row 0 that took effect, and that nobody signed',
  () => {
    const world = charging();
    const leg = (payer: number) => ({ payer: world.party(payer), money: euros(world), amount: 5 });
    const quoteUntil = world.timeMs + 1_500;
    world.call(openSwap, { quoteUntil, first: leg(SENDER), second: leg(SCRIBE) }, [SENDER, SCRIBE]);
    world.step();
    const [agreed] = [...world.state.objects()].filter(({ type }) => type === swap.name);
    assert.is(running(world).fees, CALL_FEE);
    world.step();
    const refunded = world.call(refundSwap, { swap: agreed!.id }, []);
    world.step();
    assert.is(world.code(refunded), 'OK');
    assert.is(running(world).fees, CALL_FEE);
  },
);

rewards('a call takes effect whose author has nothing left; that is owed', () => {
  const world = charging();
  const ids = Array.from({ length: 6 }, () => issue(world));
  world.step();
  assert.ok(ids.every((id) => world.code(id) === 'OK'));
  assert.equal([feesOf(world, SCRIBE).prepaid, feesOf(world, SCRIBE).owed], [0, 6 * CALL_FEE - 200]);
  assert.is(running(world).fees, 200);
  assert.is(world.code(world.call(endEpoch, { height: world.height + 3 }, q)), undefined);
  world.step();
  assert.is(world.committee.epoch, 1);
});

rewards(
  'one write of the epoch’s account a checkpoint, one of each payer’s, none a vertex; none at all without a tariff',
  () => {
    const world = charging();
    for (const party of [0, 1, 2, 3]) world.write(party, 'witness');
    world.write(SENDER, 'readings', 200);
    world.step();
    const chains = Array<string>(5).fill('chain');
    assert.equal(world.written.at(-1), [...chains, 'fee-account', 'reward-epoch']);
    world.step();
    assert.equal(world.written.at(-1), []);

    const without = open();
    for (const party of [0, 1, 2, 3]) without.write(party, 'witness');
    without.write(SENDER, 'readings', 200);
    without.step();
    assert.equal(without.written.at(-1), chains);
    without.endEpoch();
    assert.equal(without.written.at(-1), ['committee', 'epoch', 'epoch']);
  },
);

/** Four epochs with a cheat among the seats and another found out late; each root on the way. */
function fourEpochs(): { readonly world: EpochWorld; readonly roots: readonly string[] } {
  const world = charging();
  for (let epoch = 1; epoch <= 4; epoch++) {
    for (let height = 0; world.committee.epoch === epoch; height++) {
      for (const party of world.seatNumbers())
        if ((height + epoch) % (party + 1) === 0) world.write(party, 'witness');
      world.write(SENDER, 'readings', height % 3);
      if (height === 4 && epoch === 2) world.accuse(1, world.height);
      if (height === 4 && epoch === 4) world.accuse(2, world.committees[12]!.record.firstHeight + 1);
      world.step();
    }
  }
  return { world, roots: world.headers.map(({ stateRoot }) => toHex(stateRoot)) };
}

rewards(
  'four epochs, two cheats: sums to the unit, a replay with equal roots, and who cheated has nothing',
  () => {
    const { world, roots } = fourEpochs();
    assert.equal(fourEpochs().roots, roots);
    assert.equal(findBreaches({ objects: () => world.state.objects() }), []);
    for (let epoch = 1; epoch <= 4; epoch++) {
      const closed = world.state.get(rewardEpoch, epochId(epoch))!;
      const given = [0, 1, 2, 3].map((party) => rewardOf(world, epoch, party)?.amount ?? 0);
      const sum = given.reduce((total, amount) => total + amount, 0);
      assert.is(sum + closed.carriedOut, closed.fees + closed.budget + closed.carriedIn);
      assert.equal([closed.state, closed.budget, closed.rewards], ['CLOSED', 1_000, sum]);
      assert.is(given[1]! > 0, epoch === 1, `party 1 in epoch ${epoch}`);
    }
    // Both were convicted while their earlier rewards were withheld: nothing of them is ever paid.
    world.timeMs += world.genesis.record.pace.trustingPeriodMs;
    const settled = [0, 1, 2, 3].map((party) =>
      world.call(settleReward, { epoch: 1, seat: world.signer(party).publicKey }, []),
    );
    const before = running(world);
    world.step();
    assert.equal(
      settled.map((id) => world.code(id)),
      ['OK', 'OK', 'OK', 'OK'],
    );
    const states = [0, 1, 2, 3].map((party) => rewardOf(world, 1, party).state);
    assert.equal(states, ['PAID', 'FORFEITED', 'FORFEITED', 'PAID']);
    const paidTo = (party: number) =>
      world.state.get(account, accountId(euros(world), world.party(party)))?.balance ?? 0;
    assert.equal([0, 1, 2, 3].map(paidTo), [
      rewardOf(world, 1, 0).amount,
      0,
      0,
      rewardOf(world, 1, 3).amount,
    ]);
    assert.equal(running(world), before, 'settling costs nobody a fee');
    world.endEpoch();
    const { carriedIn } = world.state.get(rewardEpoch, epochId(5))!;
    const lost = [1, 2].reduce((sum, party) => sum + rewardOf(world, 1, party).amount, 0);
    assert.is(carriedIn, lost);
    assert.equal(findBreaches({ objects: () => world.state.objects() }), []);
  },
);

rewards.run();
