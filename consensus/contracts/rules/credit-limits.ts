/** Credit limits: what is in force, who may use how much of it, and which devices carry it `[CRD-2]` to `[CRD-6]`. */

import { equalBytes } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import {
  creditLimit,
  limitMember,
  liveLimitStates,
  type Member,
  type MemberTerms,
} from '../objects/credit-limit.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused, wrongState } from '../transition.ts';
import { hasRepeatedId } from './lists.ts';
import { activeDevice } from './things.ts';

export type CreditLimit = ValueOf<typeof creditLimit>;
/** What a use is judged by: no more, so that it can be asked without a call. */
export type LimitContext = Pick<Context, 'get' | 'time' | 'running'>;

/** What one member carries, minor units. */
export function carriedBy({ perUnit, most, output }: Pick<Member, 'perUnit' | 'most' | 'output'>): number {
  const worth = BigInt(perUnit) * BigInt(output);
  return worth < BigInt(most) ? Number(worth) : most;
}

/** `[CRD-4]` max(used, min(granted, carried)). */
export function limitInForce({
  byOutput,
  members,
  granted,
  used,
}: Pick<CreditLimit, 'byOutput' | 'members' | 'granted' | 'used'>): number {
  if (!byOutput) return Math.max(used, granted);
  const carried = members.reduce((sum, member) => sum + BigInt(carriedBy(member)), 0n);
  return Math.max(used, carried < BigInt(granted) ? Number(carried) : granted);
}

/** Writes a limit with what is then in force. */
export function putLimit(id: Uint8Array, value: CreditLimit, context: Context): void {
  context.put(creditLimit, id, { ...value, limit: limitInForce(value), ...versionOf(context) });
}

/** The limit, when it may be used at this position; else E_FROZEN, or E_STATE. */
export function usableLimit(id: Uint8Array, context: LimitContext): CreditLimit | ContractRefusal {
  const held = lookUp(context, creditLimit, id);
  if (isRefusal(held)) return held;
  if (held.state === 'FROZEN') return refused('E_FROZEN', { reason: 'the credit limit is frozen' }, id);
  if (held.state !== 'ACTIVE') return wrongState(held.state, ['ACTIVE'], id);
  return held.until < context.running
    ? refused('E_STATE', { reason: 'the credit limit has run out', until: held.until }, id)
    : held;
}

/** The refusal unless `amount` more can be owed under the limit at this position. */
export function checkUse(id: Uint8Array, amount: number, context: LimitContext): ContractRefusal | undefined {
  const held = usableLimit(id, context);
  if (isRefusal(held)) return held;
  const { used, limit, periodMs } = held;
  const stale = held.members.find(
    ({ output, measuredAt }) => output > 0 && context.time - measuredAt > periodMs,
  );
  if (stale !== undefined)
    return refused('E_STALE', { measuredAt: stale.measuredAt, most: periodMs }, stale.device);
  return BigInt(used) + BigInt(amount) > BigInt(limit)
    ? refused('E_LIMIT', { used, amount, limit, reason: 'the credit limit' }, id)
    : undefined;
}

/** After `checkUse`, or to give back: `used` changes by so much, under the limit that there is. */
export function changeUse(id: Uint8Array | undefined, change: number, context: Context): void {
  const held = id && context.get(creditLimit, id);
  if (id === undefined || held === undefined || change === 0) return;
  putLimit(id, { ...held, used: held.used + change }, context);
}

/** Each an ACTIVE device of the applicant with a key, named once. */
export function checkMembers(
  members: readonly MemberTerms[],
  applicant: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  if (hasRepeatedId(members.map(({ device }) => device)))
    return refused('E_SCHEMA', { field: 'members', reason: 'a device is named twice' });
  for (const { device } of members) {
    const active = activeDevice(device, applicant, context);
    if (isRefusal(active)) return active;
  }
  return undefined;
}

/** `[CRD-6]` E_ID_LIVE where a member stands in another live limit. */
export function checkUnclaimed(
  members: readonly MemberTerms[],
  id: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  for (const { device } of members) {
    const other = context.get(limitMember, device)?.limit;
    if (other !== undefined && !equalBytes(other, id))
      return refused('E_ID_LIVE', { reason: 'the device stands in another limit' }, other);
  }
  return undefined;
}

/** Notes for each device that it stands in this limit, or in none any more. */
export function setMembership(
  members: readonly { readonly device: Uint8Array }[],
  limit: Uint8Array | undefined,
  context: Context,
): void {
  for (const { device } of members) context.put(limitMember, device, { limit, ...versionOf(context) });
}

/** The device is revoked or another's from this position: the limit that it carried goes on without it. */
export function leaveLimit(device: Uint8Array, context: Context): void {
  const id = context.get(limitMember, device)?.limit;
  const held = id && context.get(creditLimit, id);
  if (id === undefined || held === undefined) return;
  setMembership([{ device }], undefined, context);
  if (!liveLimitStates.includes(held.state)) return;
  const members = held.members.filter((member) => !equalBytes(member.device, device));
  putLimit(id, { ...held, members }, context);
}
