/** Row 32: a loan passes to another bank, and its pledges with it; rank and perfection stay as they are. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, list } from '../../codec/schema.ts';
import { grant } from '../objects/grant.ts';
import { loan } from '../objects/loan.ts';
import { notice } from '../objects/notice.ts';
import { endedStates, pledge, securedStates } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { versionOf } from '../objects/version.ts';
import { changeUse } from '../rules/credit-limits.ts';
import { includesId } from '../rules/lists.ts';
import { checkNotice } from '../rules/notices.ts';
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

/** Monitors, and custodians, of the loan's secured pledges, each once. */
function holders(loanId: Uint8Array, field: 'monitor' | 'custodian', context: Context): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const id of context.get(loan, loanId)?.pledges ?? []) {
    const held = context.get(pledge, id);
    if (held === undefined || !securedStates.includes(held.state)) continue;
    if (!includesId(found, held[field])) found.push(held[field]);
  }
  return found;
}

export const assignLoan = transition({
  name: 'assign-loan',
  row: 32,
  summary: 'Assigns a loan to another bank: its pledges follow, the monitor re-attorns.',
  args: { v0: { loan: hash32 }, v1: { to: hash32, notices: list(hash32, 32, 1) } },
  signedBy: [
    { who: 'old bank', role: 'bank', party: partyIn(loan, 'loan', 'bank'), missing: 'E_NOT_HOLDER' },
    { who: 'new bank', role: 'bank', party: ({ to }) => to },
    {
      who: 'every monitor, who re-attorns',
      role: 'monitor',
      party: (args, context) => holders(args.loan, 'monitor', context),
      missing: 'E_NO_CONTROL',
    },
  ],
  preconditions: {
    E_NOTICE: 'notice of it to the enterprise, and to every monitor and custodian, is proved',
    E_NOT_FOUND: 'what it names exists',
    E_NOT_HOLDER: 'the creditor signs',
    E_NO_CONTROL: 'the monitors sign',
    E_STATE: 'the loan is DRAWN or WRITTEN_OFF, the new bank another, no sale under way',
  },
  effects:
    'the new bank is creditor and pledgee; quantity, rank and position of perfection stay; payment to the old bank no longer discharges; the old bank’s credit limit is free of it',
  evidence: 'the notices',
  visibility: 'V1',
  apply: ({ loan: id, to, notices }, context) => {
    const lent = lookUp(context, loan, id);
    if (isRefusal(lent)) return lent;
    if (lent.state !== 'DRAWN' && lent.state !== 'WRITTEN_OFF')
      return wrongState(lent.state, ['DRAWN', 'WRITTEN_OFF'], id);
    if (equalBytes(lent.bank, to)) return refused('E_STATE', { reason: 'the same bank' }, id);
    const wanted = [lent.applicant, ...holders(id, 'monitor', context), ...holders(id, 'custodian', context)];
    const unknown = checkNotices(id, lent.bank, wanted, notices, context);
    if (unknown !== undefined) return unknown;
    for (const pledgeId of lent.pledges) {
      const held = context.get(pledge, pledgeId);
      if (held === undefined || endedStates.includes(held.state)) continue;
      if (held.state === 'ENFORCING') return refused('E_STATE', { reason: 'a sale is under way' }, pledgeId);
      context.put(pledge, pledgeId, { ...held, pledgee: to, ...versionOf(context) });
      const document = held.receipt && context.get(receipt, held.receipt);
      if (
        held.receipt !== undefined &&
        document?.state === 'HELD' &&
        equalBytes(document.controller, lent.bank)
      )
        context.put(receipt, held.receipt, { ...document, controller: to, ...versionOf(context) });
    }
    const given = lent.grant && context.get(grant, lent.grant);
    if (lent.grant !== undefined && given !== undefined)
      context.put(grant, lent.grant, { ...given, bank: to, ...versionOf(context) });
    changeUse(lent.creditLimit, -lent.debt.principal, context);
    context.put(loan, id, { ...lent, bank: to, creditLimit: undefined, ...versionOf(context) });
    return undefined;
  },
});

/** Each of the parties has a proved notice of assignment among those cited. */
function checkNotices(
  subject: Uint8Array,
  sender: Uint8Array,
  addressees: readonly Uint8Array[],
  notices: readonly Uint8Array[],
  context: Context,
): ContractRefusal | undefined {
  for (const addressee of addressees) {
    const refusal = checkOne({ subject, sender, addressee }, notices, context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function checkOne(
  whose: { readonly subject: Uint8Array; readonly sender: Uint8Array; readonly addressee: Uint8Array },
  notices: readonly Uint8Array[],
  context: Context,
): ContractRefusal | undefined {
  let nearest = refused('E_NOTICE', { reason: 'a party has no notice' }, whose.addressee);
  for (const id of notices) {
    const given = lookUp(context, notice, id);
    if (isRefusal(given)) return given;
    const wanted = { ...whose, kind: 'assignment', since: 0, after: 0 } as const;
    const wrong = checkNotice(id, given, wanted, 0, 'E_NOTICE', context);
    if (wrong === undefined) return undefined;
    if (equalBytes(given.addressee, whose.addressee)) nearest = wrong;
  }
  return nearest;
}
