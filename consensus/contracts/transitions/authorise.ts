/** Row 9: a bank may be told about goods, with their owner's consent, for a purpose and a time; and no longer may. */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { hash32 } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import type { ValueOf } from '../object.ts';
import { grant, grantFields } from '../objects/grant.ts';
import { type LoanState, loan } from '../objects/loan.ts';
import { pledge, securedStates } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { checkFuture } from '../rules/dates.ts';
import { hasRepeatedId } from '../rules/lists.ts';
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

const openStates: readonly LoanState[] = ['APPLIED', 'AUTHORISED', 'EVALUATED', 'APPROVED', 'DRAWN'];

export const authorise = transition({
  name: 'authorise',
  row: 9,
  summary: 'Lets the monitor disclose to the bank what the grant names; takes the place of an earlier grant.',
  args: { v0: { loan: hash32 }, v1: grantFields },
  signedBy: [
    { who: 'bank', role: 'bank', party: partyIn(loan, 'loan', 'bank') },
    {
      who: 'applicant, who consents',
      role: 'enterprise',
      party: partyIn(loan, 'loan', 'applicant'),
      missing: 'E_NO_CONSENT',
    },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_NO_CONSENT: 'the enterprise signs',
    E_SCHEMA: 'the grant is well formed and ends in the future',
    E_SCOPE: 'the goods are the enterprise’s',
    E_STATE: 'the loan is open',
  },
  effects: 'the grant is ACTIVE, an earlier one REVOKED; the loan is AUTHORISED; the monitor may disclose',
  visibility: 'V1',
  apply: ({ loan: loanId, ...given }, context) => {
    const asked = lookUp(context, loan, loanId);
    if (isRefusal(asked)) return asked;
    if (!openStates.includes(asked.state)) return wrongState(asked.state, openStates, loanId);
    const refusal = checkGrant(given, context) ?? checkOwned(given.scope, asked.applicant, context);
    if (refusal !== undefined) return refusal;
    if (asked.grant !== undefined) endGrant(asked.grant, context);
    const { applicant: enterprise, bank } = asked;
    context.put(grant, context.callId, {
      state: 'ACTIVE',
      loan: loanId,
      enterprise,
      bank,
      ...given,
      expires: runningAt(given.expires, context),
      ...versionOf(context),
    });
    // What was evaluated under the earlier grant is evaluated anew; an approved loan goes on.
    const state = asked.state === 'APPROVED' || asked.state === 'DRAWN' ? asked.state : 'AUTHORISED';
    context.put(loan, loanId, { ...asked, state, grant: context.callId, ...versionOf(context) });
    return undefined;
  },
});

type Given = Pick<ValueOf<typeof grant>, keyof typeof grantFields>;

function checkGrant({ scope, kinds, expires }: Given, context: Context): ContractRefusal | undefined {
  if (hasRepeatedId(scope)) return refused('E_SCHEMA', { field: 'scope', reason: 'repeated' });
  if (new Set(kinds).size !== kinds.length)
    return refused('E_SCHEMA', { field: 'kinds', reason: 'repeated' });
  return checkFuture('expires', expires, context);
}

/** An enterprise consents only for goods of its own, named directly or by a receipt. */
function checkOwned(
  scope: readonly Uint8Array[],
  owner: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  for (const id of scope) {
    const holder = context.get(unit, id)?.owner ?? context.get(receipt, id)?.owner;
    if (holder === undefined) return refused('E_NOT_FOUND', { type: 'unit or receipt', id: toHex(id) }, id);
    if (!equalBytes(holder, owner))
      return refused('E_SCOPE', { reason: 'not the enterprise’s goods', id: toHex(id) }, id);
  }
  return undefined;
}

function endGrant(id: Uint8Array, context: Context): void {
  const earlier = context.get(grant, id);
  if (earlier?.state === 'ACTIVE')
    context.put(grant, id, { ...earlier, state: 'REVOKED', ...versionOf(context) });
}

export const revokeGrant = transition({
  name: 'revoke-grant',
  row: 9,
  summary:
    'Ends a grant: the bank at any time, the enterprise only while no pledge of the loan is perfected.',
  args: { v0: { grant: hash32 } },
  signedBy: [
    {
      who: 'bank, or else the enterprise',
      role: ['bank', 'enterprise'],
      party: (args, context) => {
        const given = lookUp(context, grant, args.grant);
        if (isRefusal(given)) return given;
        return context.signedBy(given.bank) ? given.bank : given.enterprise;
      },
    },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_NO_CONSENT: 'if the enterprise revokes, no pledge of the loan is perfected',
    E_STATE: 'the grant is ACTIVE',
  },
  effects: 'the grant is REVOKED',
  visibility: 'V1',
  apply: (args, context) => {
    const given = lookUp(context, grant, args.grant);
    if (isRefusal(given)) return given;
    if (given.state !== 'ACTIVE') return wrongState(given.state, ['ACTIVE'], args.grant);
    if (!context.signedBy(given.bank)) {
      const secured = context.get(loan, given.loan)?.pledges.find((id) => isSecured(id, context));
      if (secured !== undefined)
        return refused('E_NO_CONSENT', { reason: 'a pledge is perfected and not released' }, secured);
    }
    endGrant(args.grant, context);
    return undefined;
  },
});

function isSecured(id: Uint8Array, context: Context): boolean {
  const state = context.get(pledge, id)?.state;
  return state !== undefined && securedStates.includes(state);
}
