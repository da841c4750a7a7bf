/**
 * The change of committees at the end of an epoch `[CKP-4]`: chosen from the state after the epoch's last vertex, and
 * written into that same state, so that the header which ends the epoch proves who comes next. docs/spec/committee.md.
 */

import { invariant } from '../codec/result.ts';
import type { ObjectReader } from '../contracts/object.ts';
import { committeeObject, epochId, epochObject } from '../contracts/objects/epoch.ts';
import { closeRewards, openRewards } from '../contracts/rules/rewards.ts';
import { fixWeights } from '../contracts/rules/stake.ts';
import { seatPolicyOf } from '../contracts/seats/policy.ts';
import { lastHeightOf, type SeatRules, seatsMin } from '../contracts/seats/rules.ts';
import type { Draft } from '../contracts/state.ts';
import { Committee } from './committee.ts';

export interface EpochEnd {
  readonly height: number;
  readonly time: number;
  readonly committee: Committee;
  readonly rules: SeatRules;
}

/** The committee of the height after this one: the same, or at the end of its epoch its successor. */
export function succeed(draft: Draft, { height, time, committee, rules }: EpochEnd): Committee {
  const id = epochId(committee.epoch);
  const running = draft.get(epochObject, id);
  invariant(running !== undefined, `the state has no epoch ${committee.epoch}`);
  if (height < running.endsAt) return committee;
  invariant(
    height === running.endsAt,
    `epoch ${committee.epoch} ended at ${running.endsAt}, before ${height}`,
  );
  const chosen = seatPolicyOf[rules.policy](draft, { seating: committee, seatsWanted: rules.seatsWanted });
  const kept = chosen.length < seatsMin(committee.size);
  const firstHeight = height + 1;
  const next = new Committee({
    epoch: committee.epoch + 1,
    firstHeight,
    lastHeight: lastHeightOf(firstHeight, rules.epochHeights),
    seats: kept ? committee.seats : chosen,
  });
  const writer = draft.openly();
  writer.put(epochObject, id, { ...running, endTime: time });
  beginEpoch(draft, next, kept);
  closeRewards(writer, { ...committee.record, withheldUntil: time + rules.trustingPeriodMs });
  openRewards(writer, next.epoch, next.size);
  if (rules.policy === 'stake') fixWeights(writer);
  return next;
}

/** Writes the objects of an epoch that begins with this committee. */
export function beginEpoch(draft: Draft, committee: Committee, kept: boolean): void {
  const { epoch, firstHeight, lastHeight, seats } = committee.record;
  const writer = draft.openly();
  writer.put(committeeObject, committee.hash, { epoch, firstHeight, lastHeight, seats });
  const ends = { endsAt: lastHeight, endTime: 0 };
  writer.put(epochObject, epochId(epoch), {
    committee: committee.hash,
    firstHeight,
    ...ends,
    named: [],
    kept,
  });
}

/** The committee of that hash, if it ever was one. */
export function committeeIn(state: ObjectReader, hash: Uint8Array): Committee | undefined {
  const found = state.get(committeeObject, hash);
  return found && new Committee(found);
}

/** Height of the header that ended a committee's epoch; `undefined` while it runs. */
export function endOf(state: ObjectReader, committee: Committee): number | undefined {
  const epoch = state.get(epochObject, epochId(committee.epoch));
  return epoch !== undefined && epoch.endTime > 0 ? epoch.endsAt : undefined;
}
