/** Row 12, credit limits: terms change, or the limit ends `[CRD-1]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, list, maybe, timeMs } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import {
  creditLimit,
  type MemberTerms,
  membersMax,
  memberTerms,
  unmeasured,
} from '../objects/credit-limit.ts';
import { roles } from '../registry.ts';
import {
  type CreditLimit,
  checkMembers,
  checkUnclaimed,
  putLimit,
  setMembership,
} from '../rules/credit-limits.ts';
import { checkFuture } from '../rules/dates.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  partyIn,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

/** What is left out stays as it is. */
interface NewTerms {
  readonly amount: number;
  readonly until: number | undefined;
  readonly members: readonly MemberTerms[] | undefined;
}

export const modifyLimit = transition({
  name: 'modify-limit',
  row: 12,
  summary: 'Changes amount, end and members of a credit limit.',
  args: {
    v0: { limit: hash32 },
    v2: {
      amount: int(1),
      /** Left out: as before. */
      until: maybe(timeMs),
      members: maybe(list(memberTerms, membersMax)),
    },
  },
  signedBy: [
    { who: 'bank', role: 'bank', party: partyIn(creditLimit, 'limit', 'bank') },
    {
      who: 'applicant',
      role: roles,
      party: ({ limit: id, amount, until, members }, context) => {
        const held = lookUp(context, creditLimit, id);
        if (isRefusal(held)) return held;
        const onlyLowers = amount <= held.granted && until === undefined && members === undefined;
        return onlyLowers ? undefined : held.applicant;
      },
      when: 'unless nothing but the amount changes, and it falls',
    },
  ],
  preconditions: {
    E_DEVICE_STATE: 'every member is an ACTIVE device of the applicant, and has a key',
    E_FROZEN: 'the limit is not frozen',
    E_ID_LIVE: 'no member stands in another live limit',
    E_LIMIT: 'not below what is used',
    E_NOT_FOUND: 'what it names exists',
    E_SCHEMA:
      'it ends in the future; members only where the limit was applied for with some, each named once',
    E_STATE: 'the limit is ACTIVE',
  },
  effects: 'the new terms hold; a member that stays keeps its measurement',
  visibility: 'V2',
  apply: (args, context) => {
    const { limit: id, amount: granted } = args;
    const held = lookUp(context, creditLimit, id);
    if (isRefusal(held)) return held;
    const refusal = checkChange(id, held, args, context);
    if (refusal !== undefined) return refusal;
    const until = args.until === undefined ? held.until : runningAt(args.until, context);
    const members = args.members?.map((terms) => {
      const before = held.members.find(({ device }) => equalBytes(device, terms.device));
      return { ...(before ?? unmeasured), ...terms };
    });
    if (members !== undefined) {
      setMembership(held.members, undefined, context);
      setMembership(members, id, context);
    }
    putLimit(id, { ...held, granted, until, members: members ?? held.members }, context);
    return undefined;
  },
});

function checkChange(
  id: Uint8Array,
  held: CreditLimit,
  { amount, until, members }: NewTerms,
  context: Context,
): ContractRefusal | undefined {
  if (held.state === 'FROZEN') return refused('E_FROZEN', { reason: 'the credit limit is frozen' }, id);
  if (held.state !== 'ACTIVE') return wrongState(held.state, ['ACTIVE'], id);
  if (amount < held.used) return refused('E_LIMIT', { amount, used: held.used }, id);
  const ended = until === undefined ? undefined : checkFuture('until', until, context);
  if (ended !== undefined) return ended;
  if (members === undefined) return undefined;
  if (!held.byOutput && members.length > 0)
    return refused('E_SCHEMA', { field: 'members', reason: 'the limit is not by output' });
  return checkMembers(members, held.applicant, context) ?? checkUnclaimed(members, id, context);
}

export const endLimit = transition({
  name: 'end-limit',
  row: 12,
  summary: 'Ends a credit limit on which nothing is used, or withdraws the application.',
  args: { v0: { limit: hash32 }, v2: { by: hash32 } },
  signedBy: [{ who: 'applicant, or bank', role: roles, party: ({ by }) => by }],
  preconditions: {
    E_DEBT: 'nothing is used',
    E_NOT_FOUND: 'what it names exists',
    E_STANDING: 'it is the applicant or the bank',
    E_STATE: 'the limit is APPLIED, ACTIVE or FROZEN',
  },
  effects: 'ENDED; its members are free',
  visibility: 'V2',
  apply: ({ limit: id, by }, context) => {
    const held = lookUp(context, creditLimit, id);
    if (isRefusal(held)) return held;
    if (![held.applicant, held.bank].some((entry) => equalBytes(entry, by)))
      return refused('E_STANDING', {}, by);
    if (held.state === 'DECLINED' || held.state === 'ENDED')
      return wrongState(held.state, ['APPLIED', 'ACTIVE', 'FROZEN'], id);
    if (held.used > 0) return refused('E_DEBT', { used: held.used }, id);
    if (held.state !== 'APPLIED') setMembership(held.members, undefined, context);
    putLimit(id, { ...held, state: 'ENDED' }, context);
    return undefined;
  },
});
