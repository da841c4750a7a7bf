/** Tariff, pools and what seats earned (R009), as everybody may see them. docs/spec/contracts/rewards.md. */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { ObjectType, StoredObject } from '../../consensus/contracts/object.ts';
import { objectPath } from '../../consensus/contracts/object.ts';
import { committeeObject, epochId, epochObject } from '../../consensus/contracts/objects/epoch.ts';
import { feeAccount } from '../../consensus/contracts/objects/fee-account.ts';
import { accountId } from '../../consensus/contracts/objects/money.ts';
import { reward, rewardEpoch, rewardId, rewardPool } from '../../consensus/contracts/objects/reward.ts';
import { tariff, tariffHead, tariffId } from '../../consensus/contracts/objects/tariff.ts';
import { tariffOf } from '../../consensus/contracts/rules/fees.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { ObjectView, Views } from './views.ts';

/** Epochs of a page. */
export const rewardEpochsMax = 100;

export interface RewardsNow {
  readonly epoch: number;
  /** The tariff of the present epoch, and the newest if it waits. */
  readonly tariff: { readonly inForce: ObjectView | null; readonly waits: ObjectView | null };
  readonly running: ObjectView | null;
  /** That of the money in force. */
  readonly pool: ObjectView | null;
}

export interface RewardsOfParty {
  /** What it has prepaid or owes, in the money in force. */
  readonly fees: ObjectView | null;
  /** By epoch, the newest first. */
  readonly epochs: readonly {
    readonly epoch: number;
    readonly account: ObjectView;
    readonly rewards: readonly ObjectView[];
  }[];
  /** `before` of the page after, or null. */
  readonly next: number | null;
}

export class Rewards {
  readonly #ledger: Ledger;
  readonly #views: Pick<Views, 'show'>;

  constructor(ledger: Ledger, views: Pick<Views, 'show'>) {
    this.#ledger = ledger;
    this.#views = views;
  }

  now(): RewardsNow {
    const { state, committee } = this.#ledger;
    const inForce = tariffOf(state, committee.epoch);
    const newest = state.get(tariffHead, zero32)?.newest ?? 0;
    const waits = newest > (inForce?.number ?? 0);
    return {
      epoch: committee.epoch,
      tariff: {
        inForce: inForce ? this.#show(tariff, tariffId(inForce.number)) : null,
        waits: waits ? this.#show(tariff, tariffId(newest)) : null,
      },
      running: this.#show(rewardEpoch, epochId(committee.epoch)),
      pool: inForce ? this.#show(rewardPool, inForce.money) : null,
    };
  }

  /** What the seats of a party earned in each epoch before `before` that had a tariff. */
  of(party: Uint8Array, limit: number, before = this.#ledger.committee.epoch): RewardsOfParty {
    const { state, committee } = this.#ledger;
    const money = tariffOf(state, committee.epoch)?.money;
    const epochs: RewardsOfParty['epochs'][number][] = [];
    const newest = Math.min(before, committee.epoch);
    const oldest = Math.max(0, newest - limit);
    for (let epoch = newest - 1; epoch >= oldest; epoch--) {
      const account = this.#show(rewardEpoch, epochId(epoch));
      if (account === null) continue;
      const { seats } = state.get(committeeObject, state.get(epochObject, epochId(epoch))!.committee)!;
      const ids = seats.map((seat) => rewardId(epoch, seat));
      const own = ids.filter((id) => equalBytes(state.get(reward, id)!.party, party));
      epochs.push({ epoch, account, rewards: own.map((id) => this.#show(reward, id)!) });
    }
    const fees = money ? this.#show(feeAccount, accountId(money, party)) : null;
    return { fees, epochs, next: oldest > 0 ? oldest : null };
  }

  #show<T>(type: ObjectType<T>, id: Uint8Array): ObjectView | null {
    const stored: StoredObject | undefined = this.#ledger.state.find(toHex(objectPath(type.name, id)));
    return stored === undefined ? null : this.#views.show(type as ObjectType<unknown>, stored);
  }
}
