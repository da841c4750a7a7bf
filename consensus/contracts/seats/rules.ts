/** How a network's committees change: the part of the genesis about it, and what follows from that. `[CKP-4]` */

import { limits } from '../../codec/limits.ts';
import { choice, type Infer, int, key32, list, record, text } from '../../codec/schema.ts';
import { bondersMax } from '../objects/stake.ts';

export const seatPolicies = ['governance', 'stake', 'delegates'] as const;
export type SeatPolicyName = (typeof seatPolicies)[number];

const genesisStake = record('genesis-stake', { lei: text(20, 20), amount: int(1), key: key32 });

export const committeeRules = record('committee-rules', {
  policy: choice(...seatPolicies),
  /** Heights of an epoch; 0: it lasts until q seats end it. */
  epochHeights: int(0, 2 ** 40),
  /** Seats that `stake` and `delegates` fill. */
  seatsWanted: int(1, limits.seatsMax),
  /** Bonds at the start. */
  stakes: list(genesisStake, bondersMax),
});
export type CommitteeRules = Infer<typeof committeeRules>;

/** One committee for ever, unless q seats name another and end the epoch. */
export const defaultCommitteeRules: CommitteeRules = {
  policy: 'governance',
  epochHeights: 0,
  seatsWanted: 4,
  stakes: [],
};

/** The rules as contracts see them. */
export interface SeatRules {
  readonly policy: SeatPolicyName;
  readonly epochHeights: number;
  readonly seatsWanted: number;
  /** Least bond: no more than `bondersMax` parties can have one. */
  readonly bondMin: number;
  /** How long stake and keys answer for what they signed, ms. */
  readonly trustingPeriodMs: number;
}

export function seatRulesOf(
  { policy, epochHeights, seatsWanted, stakes }: CommitteeRules,
  trustingPeriodMs: number,
): SeatRules {
  return { policy, epochHeights, seatsWanted, bondMin: bondMinOf(stakes), trustingPeriodMs };
}

export function supplyOf(stakes: CommitteeRules['stakes']): bigint {
  return stakes.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
}

export function bondMinOf(stakes: CommitteeRules['stakes']): number {
  const supply = supplyOf(stakes);
  return Math.max(1, Number((supply + BigInt(bondersMax) - 1n) / BigInt(bondersMax)));
}

/** The committee in office, as contracts see it. */
export interface Seating {
  readonly epoch: number;
  readonly hash: Uint8Array;
  readonly seats: readonly Uint8Array[];
  /** q */
  readonly quorum: number;
}

/** No committee of four or more falls below four, and a smaller one not below its size. */
export function seatsMin(present: number): number {
  return Math.min(4, present);
}

/** Last height of a committee whose end nobody has named. */
export const NO_END = Number.MAX_SAFE_INTEGER;

/** Last height of a committee that begins at `firstHeight`, if nobody brings the end forward. */
export function lastHeightOf(firstHeight: number, epochHeights: number): number {
  if (epochHeights === 0) return NO_END;
  // Height 0 is the genesis: nobody decides it.
  const first = Math.max(firstHeight, 1);
  return Math.min(first + epochHeights - 1, NO_END);
}
