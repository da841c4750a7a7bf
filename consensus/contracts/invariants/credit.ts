/** The invariant of credit limits `[CRD-2]` `[CRD-4]` `[CRD-6]`, with semantics §7.11. */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { creditLimit, limitMember, liveLimitStates } from '../objects/credit-limit.ts';
import { exposure, exposureId } from '../objects/exposure.ts';
import { limitPayment } from '../objects/limit-payment.ts';
import { loan } from '../objects/loan.ts';
import { device } from '../registry.ts';
import { limitInForce } from '../rules/credit-limits.ts';
import type { Invariant, Survey } from './survey.ts';

/** What loans, and what direct drawings, say is owed under each limit, by its id in hexadecimal. */
function countUse(state: Survey): {
  readonly lent: Map<string, bigint>;
  readonly drawn: Map<string, bigint>;
} {
  const lent = new Map<string, bigint>();
  const drawn = new Map<string, bigint>();
  const add = (sums: Map<string, bigint>, id: Uint8Array, amount: number): void =>
    void sums.set(toHex(id), (sums.get(toHex(id)) ?? 0n) + BigInt(amount));
  for (const { value } of state.all(loan))
    if (value.creditLimit !== undefined) add(lent, value.creditLimit, value.debt.principal);
  for (const { value } of state.all(limitPayment))
    add(drawn, value.limit, value.kind === 'draw' ? value.amount : -value.amount);
  return { lent, drawn };
}

export const creditInvariants: readonly Invariant[] = [
  {
    number: 11,
    rule: 'used ≤ limit; used is what loans and drawings say; the limit in force follows its members, each in one limit',
    *find(state) {
      const { lent, drawn } = countUse(state);
      for (const { id, name, value: held } of state.all(creditLimit)) {
        const direct = drawn.get(toHex(id)) ?? 0n;
        const owed = direct + (lent.get(toHex(id)) ?? 0n);
        if (held.used > held.limit) yield `${name}: used ${held.used} above limit ${held.limit}`;
        if (BigInt(held.used) !== owed) yield `${name}: used ${held.used}, and ${owed} is owed`;
        if (BigInt(held.drawn) !== direct) yield `${name}: drawn ${held.drawn}, and ${direct} is recorded`;
        if (held.limit !== limitInForce(held)) yield `${name}: limit ${held.limit} is not what is carried`;
        if (!liveLimitStates.includes(held.state)) {
          if (held.used > 0) yield `${name}: ${held.state}, and used`;
          continue;
        }
        for (const { device: member } of held.members) {
          const enrolled = state.get(device, member);
          const isFit = enrolled?.state === 'ACTIVE' && equalBytes(enrolled.owner, held.applicant);
          if (!isFit) yield `${name}: a member that is not an ACTIVE device of the applicant`;
          const stands = state.get(limitMember, member)?.limit;
          if (stands === undefined || !equalBytes(stands, id))
            yield `${name}: a member that stands elsewhere`;
        }
      }
    },
  },
  {
    number: 11,
    rule: 'what is on record as owed to all banks is the sum over loans and direct drawings',
    *find(state) {
      const owed = new Map<string, bigint>();
      const add = (debtor: Uint8Array, currency: string, amount: number): void => {
        const id = toHex(exposureId(debtor, currency));
        owed.set(id, (owed.get(id) ?? 0n) + BigInt(amount));
      };
      for (const { value } of state.all(loan)) add(value.applicant, value.currency, value.debt.principal);
      for (const { value } of state.all(creditLimit)) add(value.applicant, value.currency, value.drawn);
      for (const { id, name, value } of state.all(exposure)) {
        const sum = owed.get(toHex(id)) ?? 0n;
        if (BigInt(value.owed) !== sum) yield `${name}: owed ${value.owed}, and loans and limits say ${sum}`;
        owed.delete(toHex(id));
      }
      for (const [id, sum] of owed) if (sum > 0n) yield `exposure:${id}: missing, and ${sum} is owed`;
    },
  },
  {
    number: 11,
    rule: 'a device that stands in a limit is a member of it',
    *find(state) {
      for (const { id, name, value } of state.all(limitMember)) {
        const held = value.limit && state.get(creditLimit, value.limit);
        if (value.limit === undefined) continue;
        const isMember = held?.members.some((member) => equalBytes(member.device, id)) ?? false;
        if (!isMember || !liveLimitStates.includes(held!.state))
          yield `${name}: in a limit that knows nothing of it`;
      }
    },
  },
];
