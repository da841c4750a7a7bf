/** Fees and rewards (R009): who pays what, how an epoch is divided to the unit, what an offence costs, and what arrears never stop. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seatCalls, transitions } from '../contracts/index.ts';
import { findBreaches } from '../contracts/invariants.ts';
import { epochId } from '../contracts/objects/epoch.ts';
import { feeAccount } from '../contracts/objects/fee-account.ts';
import { account, accountId } from '../contracts/objects/money.ts';
import { poolOwner, reward, rewardEpoch, rewardId, rewardPool } from '../contracts/objects/reward.ts';
import { divideByPoints } from '../contracts/rules/rewards.ts';
import type { SignedCall } from '../vertex/call.ts';
import { hashOf } from './arbitraries.ts';
import { credited } from './cases/policy.ts';
import { gatherCases } from './contract-coverage.ts';
import { codeOf } from './contract-story.ts';
import { cast, idOf, type PartyName, seats, signerOf, TRUSTING_MS, World } from './contract-world.ts';
import { euros, issueTo } from './loan-steps.ts';
import {
  charge,
  charged,
  divided,
  due,
  epochIn,
  feesOf,
  fund,
  poolIn,
  prepay,
  rewardIn,
  settle,
  takeBack,
} from './reward-steps.ts';
import { Chance } from './walk-random.ts';

const rewards = suite('rewards');
type Holder = { readonly world: World };

const balanceOf = ({ world }: Holder, owner: Uint8Array) =>
  world.get(account, accountId(euros(), owner))?.balance ?? 0;
const amounts = (holder: Holder, epoch = 1) => seats.map((seat) => rewardIn(holder, seat, epoch).amount);
const states = (holder: Holder, epoch = 1) => seats.map((seat) => rewardIn(holder, seat, epoch).state);
const balanced = ({ world }: Holder) => assert.equal(findBreaches(world), []);

rewards('a division is exact, for any points, to the unit', () => {
  const chance = new Chance(9);
  for (let round = 0; round < 2_000; round++) {
    const total = chance.below(chance.pick([10, 1_000, Number.MAX_SAFE_INTEGER]));
    const claims = Array.from({ length: 1 + chance.below(64) }, (_, i) => ({
      seat: hashOf(i),
      points: chance.below(chance.pick([2, 5, 100_000])),
    }));
    const all = claims.reduce((sum, { points }) => sum + points, 0);
    const shares = divideByPoints(total, claims);
    const given = shares.reduce((sum, share) => sum + share, 0);
    assert.is(given, all === 0 ? 0 : total);
    for (const [i, { points }] of claims.entries()) {
      if (points === 0) assert.is(shares[i], 0);
      if (all === 0) continue;
      const product = BigInt(total) * BigInt(points);
      const least = product / BigInt(all);
      const share = BigInt(shares[i]!);
      assert.ok(share === least || (share === least + 1n && product % BigInt(all) > 0n), `${round} ${i}`);
    }
  }
});

rewards(
  'units that are left go by largest remainder, equal ones to the lesser key, however seats are numbered',
  () => {
    const seatsOf = [hashOf(1), hashOf(2), hashOf(3)].sort((a, b) => Buffer.compare(a, b)) as Uint8Array[];
    const claim = (index: number, points: number) => ({ seat: seatsOf[index]!, points });
    // 10 × 4/9 = 4.44, 10 × 3/9 = 3.33, 10 × 2/9 = 2.22
    assert.equal(divideByPoints(10, [claim(0, 4), claim(1, 3), claim(2, 2)]), [5, 3, 2]);
    assert.equal(divideByPoints(5, [claim(0, 1), claim(1, 1), claim(2, 1)]), [2, 2, 1]);
    assert.equal(divideByPoints(5, [claim(2, 1), claim(1, 1), claim(0, 1)]), [1, 2, 2]);
  },
);

rewards(
  'an epoch is divided: Σ rewards = fees + budget, and each is paid when its time is over, once',
  () => {
    const holder = divided();
    const { fees, budget, carriedIn, rewards: given, carriedOut } = epochIn(holder, 1);
    assert.equal([fees, budget, carriedIn, given, carriedOut], [6, 100, 0, 106, 0]);
    // 106 for 3, 1, 2 and 0 points.
    assert.equal(amounts(holder), [53, 18, 35, 0]);
    assert.equal(states(holder), ['WITHHELD', 'WITHHELD', 'WITHHELD', 'NOTHING']);
    assert.equal([poolIn(holder).fund, feesOf(holder, 'acme').prepaid], [50, 4]);
    balanced(holder);

    const { withheldUntil } = rewardIn(holder, 'bankA');
    const before = balanceOf(holder, idOf('monitor'));
    holder.world.time = withheldUntil - 250;
    assert.is(codeOf(settle(holder, 'monitor', 1)), 'E_NOT_DUE', 'the last moment at which evidence counts');
    assert.is(codeOf(settle(holder, 'monitor', 1)), 'OK');
    assert.is(codeOf(settle(holder, 'monitor', 1)), 'E_STATE');
    assert.is(balanceOf(holder, idOf('monitor')), before + 35);
    assert.is(balanceOf(holder, poolOwner), 53 + 18 + 50 + 4);
    balanced(holder);
  },
);

rewards('who is convicted by the end has 0, and its points leave the divisor', () => {
  const holder = charged();
  const { world } = holder;
  fund(holder, 106);
  world.work(['bankA', 'monitor', 'bankB']);
  world.work(['bankA', 'monitor']);
  world.work(['bankA']);
  world.convict('bankA');
  charge(holder, { budget: 106 });
  world.endEpoch();
  assert.equal(amounts(holder), [0, 33, 67, 0]);
  assert.equal(states(holder), ['FORFEITED', 'WITHHELD', 'WITHHELD', 'NOTHING']);
  assert.is(rewardIn(holder, 'bankA').points, 0);
  // Its seat goes on here, as where too few others are fit: it earns nothing in the next epoch either.
  world.work(['bankA', 'bankB']);
  world.endEpoch();
  assert.equal(amounts(holder, 2), [0, 6, 0, 0]);
  balanced(holder);
});

rewards(
  'a late offence: what is withheld is forfeited and goes into the next division; what was out of time is paid',
  () => {
    const holder = divided();
    const { world } = holder;
    world.work(['bankA', 'monitor']);
    world.pass(TRUSTING_MS - 10_000);
    world.endEpoch();
    assert.equal(amounts(holder, 2), [25, 0, 25, 0], 'the budget is what the fund has left');
    world.pass(20_000);
    // Epoch 1 no longer answers, epoch 2 does; the offence itself was at a height of neither.
    world.convict('monitor', 1);
    assert.is(codeOf(settle(holder, 'monitor', 1)), 'OK');
    assert.is(codeOf(settle(holder, 'monitor', 2)), 'OK');
    assert.is(codeOf(settle(holder, 'bankA', 2)), 'E_NOT_DUE', 'nobody else loses anything');
    assert.equal(
      [rewardIn(holder, 'monitor').state, rewardIn(holder, 'monitor', 2).state],
      ['PAID', 'FORFEITED'],
    );
    assert.is(balanceOf(holder, idOf('monitor')), 35);
    assert.is(poolIn(holder).carried, 25);
    balanced(holder);
    // A second offence later changes nothing about when the first was on record.
    world.pass(10 * TRUSTING_MS);
    world.convict('monitor', 2);
    world.work(['bankB']);
    world.endEpoch();
    assert.equal(amounts(holder, 3), [0, 25, 0, 0]);
    assert.is(epochIn(holder, 3).carriedIn, 25);
    balanced(holder);
  },
);

rewards('convicted in time, settled ever so late: the reward is forfeited all the same', () => {
  const holder = divided();
  holder.world.time = rewardIn(holder, 'monitor').withheldUntil;
  holder.world.convict('monitor');
  holder.world.pass(100 * TRUSTING_MS);
  assert.is(codeOf(settle(holder, 'monitor', 1)), 'OK');
  assert.is(rewardIn(holder, 'monitor').state, 'FORFEITED');
  balanced(holder);
});

rewards('without any point all is carried over, through as many epochs as it takes', () => {
  const holder = charged();
  const { world } = holder;
  fund(holder, 250);
  prepay(holder, 7);
  world.work([], { acme: 7 });
  world.endEpoch();
  world.endEpoch();
  const carried = [1, 2].map((epoch) => {
    const { fees, budget, carriedIn, rewards: given, carriedOut } = epochIn(holder, epoch);
    return [fees, budget, carriedIn, given, carriedOut];
  });
  assert.equal(carried, [
    [7, 100, 0, 0, 107],
    [0, 100, 107, 0, 207],
  ]);
  world.work(['bankB']);
  world.endEpoch();
  assert.equal(amounts(holder, 3), [0, 257, 0, 0], 'with the last of the fund');
  balanced(holder);
});

rewards(
  'what is not covered is owed; what is prepaid next pays it first, and counts as fees when it is paid',
  () => {
    const holder = charged();
    const { world } = holder;
    prepay(holder, 5);
    world.work(['bankA'], { acme: 12, zenith: 3 });
    assert.is(epochIn(holder).fees, 5);
    assert.equal([feesOf(holder, 'acme').owed, feesOf(holder, 'zenith').owed], [7, 3]);
    world.endEpoch();
    assert.equal(amounts(holder), [5, 0, 0, 0], 'nothing is divided that nobody paid in');
    prepay(holder, 4);
    assert.equal([feesOf(holder, 'acme').owed, epochIn(holder).fees], [3, 4]);
    assert.is(codeOf(takeBack(holder, 1)), 'E_INSUFFICIENT');
    prepay(holder, 10);
    assert.equal(
      [feesOf(holder, 'acme').owed, feesOf(holder, 'acme').prepaid, epochIn(holder).fees],
      [0, 7, 7],
    );
    assert.is(codeOf(takeBack(holder, 7)), 'OK');
    balanced(holder);
  },
);

rewards(
  'another money: figures stay with theirs, and only arrears in that of the present epoch bar credit',
  () => {
    const holder = charged();
    const { world } = holder;
    const other = euros('bankB');
    issueTo(holder, 'zenith', 1_000, {}, 'bankB');
    fund(holder, 30);
    world.work([], { acme: 9 });
    assert.is(codeOf(charge(holder, { money: other })), 'OK');
    world.endEpoch();
    assert.is(poolIn(holder).carried, 30, 'epoch 1 had no points');
    fund(holder, 500, 'zenith', other);
    prepay(holder, 20, 'zenith', other);
    world.work(['bankA'], { zenith: 8 });
    prepay(holder, 9);
    assert.is(feesOf(holder, 'acme').owed, 0);
    assert.is(poolIn(holder).carried, 39, 'arrears of the first money wait for its next division');
    world.endEpoch();
    assert.equal(amounts(holder, 2), [108, 0, 0, 0]);
    assert.equal(rewardIn(holder, 'bankA', 2).money, other);
    charge(holder);
    world.endEpoch();
    world.work(['monitor']);
    world.endEpoch();
    assert.equal(amounts(holder, 4), [0, 0, 39, 0]);
    balanced(holder);
  },
);

rewards(
  'whoever owes: every call of every passing case takes effect, but for new credit and new security',
  async () => {
    const names = Object.keys(cast) as PartyName[];
    // What things do in their owner's place as well.
    const mayBar = [...Object.keys(credited), 'draw-by-thing', 'pledge-by-thing'].sort();
    const barred = new Set<string>();
    const passed = new Set<string>();
    for (const { transition, code, when, run } of await gatherCases()) {
      if (code !== 'OK') continue;
      let last: { readonly world: World; readonly call: SignedCall } | undefined;
      World.onExecute = (world, call) => {
        last = { world: world.fork(), call };
      };
      run();
      World.onExecute = () => {};
      // Cases of the calls about seats run in a world of their own.
      if (last === undefined) continue;
      const { world, call } = last as { readonly world: World; readonly call: SignedCall };
      oweAll(world, names);
      const got = codeOf(world.execute(call));
      if (got === 'E_FEE') barred.add(transition);
      else passed.add(transition);
      assert.ok(
        got === 'OK' || (got === 'E_FEE' && mayBar.includes(transition)),
        `${transition} (${when}): ${got}`,
      );
    }
    assert.equal([...barred].sort(), mayBar);
    const tried = [...transitions.keys()].filter((name) => passed.has(name) || barred.has(name));
    const ofSeats: readonly string[] = seatCalls.map(({ name }) => name);
    assert.equal(
      [...transitions.keys()]
        .filter((name) => !tried.includes(name))
        .filter((name) => !ofSeats.includes(name)),
      [],
    );
  },
);

/** An epoch runs whose fees everybody owes. */
function oweAll(world: World, names: readonly PartyName[]): void {
  const zero = { fees: 0, budget: 0, carriedIn: 0, rewards: 0, carriedOut: 0 };
  const running = world.get(rewardEpoch, epochId(world.epoch));
  const issue = running?.money ?? euros();
  if (running === undefined) {
    const points = [0, 0, 0, 0];
    const epoch = { state: 'RUNNING', epoch: world.epoch, tariff: 1, money: issue, points, ...zero } as const;
    world.put(rewardEpoch, epochId(world.epoch), epoch);
    if (world.get(rewardPool, issue) === undefined) world.put(rewardPool, issue, { fund: 0, carried: 0 });
  }
  for (const name of names) {
    const id = accountId(issue, idOf(name));
    const held = world.get(feeAccount, id) ?? { party: idOf(name), money: issue, prepaid: 0, owed: 0 };
    world.put(feeAccount, id, { ...held, owed: 1 });
  }
}

rewards('each breach of conservation is found out', () => {
  const breaches: readonly ((holder: Holder) => void)[] = [
    ({ world }) => world.change(rewardPool, euros(), { fund: 51 }),
    ({ world }) => world.change(rewardPool, euros(), { carried: 1 }),
    ({ world }) => world.change(rewardEpoch, epochId(2), { fees: 1 }),
    ({ world }) => world.change(feeAccount, accountId(euros(), idOf('acme')), { prepaid: 3 }),
    ({ world }) => world.change(feeAccount, accountId(euros(), idOf('acme')), { owed: 1 }),
    ({ world }) => world.change(rewardEpoch, epochId(1), { fees: 7 }),
    ({ world }) => world.change(rewardEpoch, epochId(1), { rewards: 105, carriedOut: 1 }),
    ({ world }) => world.remove(rewardEpoch, epochId(1)),
    ({ world }) => world.change(reward, rewardId(1, signerOf('bankA').publicKey), { amount: 52 }),
    ({ world }) => world.change(reward, rewardId(1, signerOf('bankA').publicKey), { state: 'NOTHING' }),
    ({ world }) => world.change(reward, rewardId(1, signerOf('bankA').publicKey), { state: 'PAID' }),
    ({ world }) => world.change(reward, rewardId(1, signerOf('monitor2').publicKey), { state: 'PAID' }),
    ({ world }) => world.change(reward, rewardId(1, signerOf('bankA').publicKey), { epoch: 0 }),
  ];
  for (const [number, breach] of breaches.entries()) {
    const holder = divided();
    breach(holder);
    const numbers = findBreaches(holder.world).map(({ invariant }) => invariant);
    assert.ok(numbers.length > 0 && numbers.every((found) => found === 14), `${number}: ${numbers}`);
  }
  balanced(due());
});

rewards.run();
