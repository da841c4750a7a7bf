/** Steps of fees and rewards: a tariff, a fund, prepaid fees, rewards. In a `World` epochs end by hand. */

import { epochId } from '../contracts/objects/epoch.ts';
import { reward, rewardEpoch, rewardId, rewardPool } from '../contracts/objects/reward.ts';
import { tariffHead } from '../contracts/objects/tariff.ts';
import { feeAccountOf } from '../contracts/rules/fees.ts';
import { fundRewards, prepayFees, settleReward, withdrawPrepaid } from '../contracts/transitions/rewards.ts';
import { stateTariff } from '../contracts/transitions/tariff.ts';
import { zero32 } from '../crypto/hash.ts';
import {
  type ArgsOf,
  idOf,
  type Outcome,
  type PartyName,
  type SeatName,
  seats,
  signerOf,
  TRUSTING_MS,
  World,
} from './contract-world.ts';
import { euros, issueTo } from './loan-steps.ts';

type Holder = { readonly world: World };

/** The next tariff, which applies from the next epoch on: 2 a call, 1 a batch, in euros of bank A. */
export function charge(
  { world }: Holder,
  terms: Partial<ArgsOf<typeof stateTariff>> = {},
  by: readonly string[] = seats.slice(0, 3),
): Outcome {
  const number = (world.get(tariffHead, zero32)?.newest ?? 0) + 1;
  const fees = { callFee: 2, batchFee: 1, budget: 100 };
  const args = { number, from: world.epoch + 1, money: euros(), ...fees, ...terms };
  return world.run(stateTariff, args, by);
}

type Move = typeof fundRewards | typeof prepayFees | typeof withdrawPrepaid;

function move(declared: Move, { world }: Holder, payer: PartyName, amount: number, money = euros()): Outcome {
  return world.run(declared, { payer: idOf(payer), money, amount }, [payer]);
}

export const fund = (holder: Holder, amount: number, payer: PartyName = 'bankB', money = euros()): Outcome =>
  move(fundRewards, holder, payer, amount, money);
export const prepay = (holder: Holder, amount: number, payer: PartyName = 'acme', money = euros()): Outcome =>
  move(prepayFees, holder, payer, amount, money);
export const takeBack = (holder: Holder, amount: number, payer: PartyName = 'acme'): Outcome =>
  move(withdrawPrepaid, holder, payer, amount);

export const settle = ({ world }: Holder, seat: SeatName, epoch: number): Outcome =>
  world.run(settleReward, { epoch, seat: signerOf(seat).publicKey }, []);

/** Money for acme and bank B. */
export function funded(world = World.enrolled()): Holder {
  for (const name of ['acme', 'bankB'] as const) issueTo({ world }, name);
  return { world };
}

/** … and a tariff that waits for the next epoch. */
export function waiting(world?: World): Holder {
  const holder = funded(world);
  charge(holder);
  return holder;
}

/** … which has begun. */
export function charged(world?: World): Holder {
  const holder = waiting(world);
  holder.world.endEpoch();
  return holder;
}

/** Epoch 1 is over: 6 of fees and 100 of budget, for 3 points of bank A, 2 of the monitor, and 1 of bank B. */
export function divided(): Holder {
  const holder = charged();
  const { world } = holder;
  fund(holder, 150);
  prepay(holder, 10);
  world.work(['bankA', 'monitor', 'bankB'], { acme: 4 });
  world.work(['bankA', 'monitor']);
  world.work(['bankA'], { acme: 2 });
  world.endEpoch();
  return holder;
}

/** `divided`, when nothing of epoch 1 answers for offences any more. */
export function due(): Holder {
  const holder = divided();
  holder.world.pass(TRUSTING_MS + 1);
  return holder;
}

export const poolIn = ({ world }: Holder) => world.read(rewardPool, euros());
export const epochIn = ({ world }: Holder, epoch = world.epoch) => world.read(rewardEpoch, epochId(epoch));
export const rewardIn = ({ world }: Holder, seat: SeatName, epoch = 1) =>
  world.read(reward, rewardId(epoch, signerOf(seat).publicKey));
/** Seats and epochs of all rewards that are withheld. */
export function withheldIn({ world }: Holder): (readonly [SeatName, number])[] {
  const epochs = Array.from({ length: world.epoch }, (_, epoch) => epoch);
  return epochs.flatMap((epoch) =>
    seats
      .filter((seat) => world.get(reward, rewardId(epoch, signerOf(seat).publicKey))?.state === 'WITHHELD')
      .map((seat) => [seat, epoch] as const),
  );
}

export const feesOf = ({ world }: Holder, party: PartyName) => feeAccountOf(world, euros(), idOf(party));
