/** Row 26: default, declared by the pledgee on proved notice; and its waiver. Readings alone never suffice. */

import { hash32 } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { loan } from '../objects/loan.ts';
import { notice } from '../objects/notice.ts';
import { pledge } from '../objects/pledge.ts';
import { versionOf } from '../objects/version.ts';
import { warning } from '../objects/warning.ts';
import { totalDebt } from '../rules/amounts.ts';
import { checkNotice } from '../rules/notices.ts';
import { closeWarnings } from '../rules/warnings.ts';
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

type Pledge = ValueOf<typeof pledge>;
type Cause = NonNullable<Pledge['defaulted']>['cause'];

export const declareDefault = transition({
  name: 'declare-default',
  row: 26,
  summary: 'Declares default: maturity unpaid, or the cure period over; notice proved.',
  args: { v0: { pledge: hash32, notice: hash32 } },
  signedBy: [{ who: 'pledgee', role: 'bank', party: partyIn(pledge, 'pledge', 'pledgee') }],
  preconditions: {
    E_CURE_OPEN: 'the cure period of the warnings has ended, in running time',
    E_NOT_FOUND: 'what it names exists',
    E_NO_NOTICE: 'notice of default of this pledge, given since there was cause, is proved and unused',
    E_STATE: 'the pledge is PERFECTED, WARNED or FROZEN, and something is due',
  },
  effects: 'DEFAULTED; the notice is used',
  evidence: 'the notice',
  visibility: 'V1',
  apply: ({ pledge: id, notice: noticeId }, context) => {
    const held = lookUp(context, pledge, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'PERFECTED' && held.state !== 'WARNED' && held.state !== 'FROZEN')
      return wrongState(held.state, ['PERFECTED', 'WARNED', 'FROZEN'], id);
    const given = lookUp(context, notice, noticeId);
    if (isRefusal(given)) return given;
    const cause = findCause(id, held, context);
    if (typeof cause !== 'string') return cause;
    const wanted = {
      subject: id,
      kind: 'default',
      sender: held.pledgee,
      addressee: held.pledgor,
      since: cause === 'maturity' ? held.perfectedAt : firstWarned(held, context),
      after: cause === 'maturity' ? context.get(loan, held.loan)!.maturity : 0,
    } as const;
    const unproved = checkNotice(noticeId, given, wanted, 0, 'E_NO_NOTICE', context);
    if (unproved !== undefined) return unproved;
    context.put(notice, noticeId, { ...given, state: 'USED', ...versionOf(context) });
    const defaulted = { cause, notice: noticeId, at: context.running, height: context.height };
    context.put(pledge, id, { ...held, state: 'DEFAULTED', defaulted, ...versionOf(context) });
    return undefined;
  },
});

/** Maturity is a date of the calendar; the cure period runs in running time. */
function findCause(id: Uint8Array, held: Pledge, context: Context): Cause | ContractRefusal {
  const lent = lookUp(context, loan, held.loan);
  if (isRefusal(lent)) return lent;
  if (lent.maturity < context.time && totalDebt(lent.debt) > 0n) return 'maturity';
  if (held.cureUntil === 0) return refused('E_STATE', { reason: 'nothing is due' }, id);
  return held.cureUntil < context.running
    ? 'cure'
    : refused('E_CURE_OPEN', { cureUntil: held.cureUntil, running: context.running }, id);
}

/** Height of the oldest open warning. */
function firstWarned(held: Pledge, context: Context): number {
  const heights = held.openWarnings.map((id) => context.get(warning, id)?.height ?? 0);
  return heights.reduce((least, height) => Math.min(least, height), context.height);
}

export const waiveDefault = transition({
  name: 'waive-default',
  row: 26,
  summary: 'Waives a default: the pledge is as it was before.',
  args: { v0: { pledge: hash32 } },
  signedBy: [{ who: 'pledgee', role: 'bank', party: partyIn(pledge, 'pledge', 'pledgee') }],
  preconditions: { E_NOT_FOUND: 'what it names exists', E_STATE: 'the pledge is DEFAULTED' },
  effects: 'PERFECTED; its warnings are closed',
  visibility: 'V1',
  apply: ({ pledge: id }, context) => {
    const held = lookUp(context, pledge, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'DEFAULTED') return wrongState(held.state, ['DEFAULTED'], id);
    closeWarnings(held, context);
    context.put(pledge, id, {
      ...held,
      state: 'PERFECTED',
      cureUntil: 0,
      openWarnings: [],
      defaulted: undefined,
      ...versionOf(context),
    });
    return undefined;
  },
});
