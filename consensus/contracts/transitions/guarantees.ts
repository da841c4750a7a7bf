/** Row 34, guarantees on first demand (R092): the bank pays in its own money whatever it thinks of the demand. */

import { hash32, int, text, timeMs } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import { money } from '../objects/money.ts';
import { guarantee } from '../objects/undertaking.ts';
import { versionOf } from '../objects/version.ts';
import { party, roles } from '../registry.ts';
import { checkFuture } from '../rules/dates.ts';
import { issueTo } from '../rules/money.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const issueGuarantee = transition({
  name: 'issue-guarantee',
  row: 34,
  summary: 'Issues a guarantee on first demand, in money of the bank itself.',
  args: {
    v0: { expires: timeMs },
    v1: { applicant: hash32, beneficiary: hash32 },
    v2: { money: hash32, amount: int(1), subject: text(160, 1) },
  },
  signedBy: [
    {
      who: 'bank that issues the money, and guarantees',
      role: 'bank',
      party: partyIn(money, 'money', 'issuer'),
    },
    { who: 'applicant', role: ['enterprise', 'bank'], party: ({ applicant }) => applicant },
  ],
  preconditions: { E_NOT_FOUND: 'what it names exists', E_SCHEMA: 'it expires in the future' },
  effects: 'the guarantee is OPEN',
  visibility: 'V2',
  apply: ({ expires, applicant, beneficiary, money: moneyKey, amount, subject }, context) => {
    const past = checkFuture('expires', expires, context);
    if (past !== undefined) return past;
    const taker = lookUp(context, party, beneficiary);
    if (isRefusal(taker)) return taker;
    const issue = lookUp(context, money, moneyKey);
    if (isRefusal(issue)) return issue;
    context.put(guarantee, context.callId, {
      state: 'OPEN',
      ...{ bank: issue.issuer, applicant, beneficiary, money: moneyKey, amount, called: 0, subject },
      expires: runningAt(expires, context),
      ...versionOf(context),
    });
    return undefined;
  },
});

export const callGuarantee = transition({
  name: 'call-guarantee',
  row: 34,
  summary: 'Demands payment under a guarantee: it is paid at once, by this position.',
  args: { v0: { guarantee: hash32 }, v2: { amount: int(1), statement: text(160, 1) } },
  signedBy: [{ who: 'beneficiary', role: roles, party: partyIn(guarantee, 'guarantee', 'beneficiary') }],
  preconditions: {
    E_LIMIT: 'no more than is left of it',
    E_NOT_FOUND: 'what it names exists',
    E_PVP_TIMEOUT: 'it has not expired',
    E_RANGE: 'the sum is an exact integer',
    E_STATE: 'it is OPEN',
  },
  effects: 'the bank issues the money to the beneficiary; CALLED when nothing is left',
  evidence: 'the statement of what was not done',
  visibility: 'V2',
  apply: ({ guarantee: id, amount }, context) => {
    const given = lookUp(context, guarantee, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'OPEN') return wrongState(given.state, ['OPEN'], id);
    if (given.expires < context.running)
      return refused('E_PVP_TIMEOUT', { expires: given.expires, running: context.running }, id);
    const left = given.amount - given.called;
    if (amount > left) return refused('E_LIMIT', { amount, left }, id);
    const issue = lookUp(context, money, given.money);
    if (isRefusal(issue)) return issue;
    const beyond = issueTo(given.money, issue, given.beneficiary, amount, context);
    if (beyond !== undefined) return beyond;
    const state = amount === left ? 'CALLED' : 'OPEN';
    context.put(guarantee, id, { ...given, state, called: given.called + amount, ...versionOf(context) });
    return undefined;
  },
});

export const lapseGuarantee = transition({
  name: 'lapse-guarantee',
  row: 34,
  summary: 'Ends a guarantee whose time is over.',
  args: { v0: { guarantee: hash32 } },
  signedBy: [],
  preconditions: {
    E_NOT_DUE: 'it has expired, in running time',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'it is OPEN',
  },
  effects: 'LAPSED',
  visibility: 'V2',
  apply: ({ guarantee: id }, context) => {
    const given = lookUp(context, guarantee, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'OPEN') return wrongState(given.state, ['OPEN'], id);
    if (context.running <= given.expires)
      return refused('E_NOT_DUE', { expires: given.expires, running: context.running }, id);
    context.put(guarantee, id, { ...given, state: 'LAPSED', ...versionOf(context) });
    return undefined;
  },
});
