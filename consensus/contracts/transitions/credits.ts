/**
 * Row 34, documents against payment (R092): a bank sets money aside for whoever presents a receipt that complies with the terms
 * of its credit, field by field. Title and money pass at one position.
 */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { hash32, int, timeMs } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import type { ValueOf } from '../object.ts';
import { money } from '../objects/money.ts';
import { receipt } from '../objects/receipt.ts';
import { type CreditTerms, credit, creditTerms } from '../objects/undertaking.ts';
import type { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { party } from '../registry.ts';
import { checkFuture } from '../rules/dates.ts';
import { holdingsOf, lapseExpired } from '../rules/holdings.ts';
import { checkFunds, endLock, lockMoney } from '../rules/money.ts';
import { beginTenure } from '../rules/tenures.ts';
import { lookUpOut } from '../rules/title.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

type Credit = ValueOf<typeof credit>;

export const openCredit = transition({
  name: 'open-credit',
  row: 34,
  summary: 'Opens a documentary credit: money is set aside for who presents documents that comply.',
  args: {
    v0: { expires: timeMs },
    v1: { bank: hash32, applicant: hash32, beneficiary: hash32 },
    v2: { money: hash32, amount: int(1), terms: creditTerms },
  },
  signedBy: [
    { who: 'issuing bank', role: 'bank', party: ({ bank }) => bank },
    { who: 'applicant, who buys', role: ['enterprise', 'bank'], party: ({ applicant }) => applicant },
  ],
  preconditions: {
    E_FUNDS: 'the bank’s account has so much',
    E_NOT_FOUND: 'what it names exists',
    E_SCHEMA: 'it expires in the future',
  },
  effects: 'the credit is OPEN, its amount locked',
  visibility: 'V2',
  apply: ({ expires, bank, applicant, beneficiary, money: moneyKey, amount, terms }, context) => {
    const past = checkFuture('expires', expires, context);
    if (past !== undefined) return past;
    for (const named of [beneficiary, terms.issuer, terms.custodian]) {
      const enrolled = lookUp(context, party, named);
      if (isRefusal(enrolled)) return enrolled;
    }
    const issue = lookUp(context, money, moneyKey);
    if (isRefusal(issue)) return issue;
    const short = checkFunds(moneyKey, bank, amount, issue.currency, context);
    if (short !== undefined) return short;
    lockMoney(context.callId, { money: moneyKey, owner: bank, amount, purpose: context.callId }, context);
    context.put(credit, context.callId, {
      state: 'OPEN',
      ...{ bank, applicant, beneficiary, money: moneyKey, amount, terms },
      expires: runningAt(expires, context),
      ...versionOf(context),
    });
    return undefined;
  },
});

export const presentDocuments = transition({
  name: 'present-documents',
  row: 34,
  summary:
    'Presents a receipt under a documentary credit: if it complies, title passes and the money is paid.',
  args: { v0: { credit: hash32, receipt: hash32 } },
  signedBy: [
    { who: 'beneficiary', role: ['enterprise', 'bank'], party: partyIn(credit, 'credit', 'beneficiary') },
  ],
  preconditions: {
    E_ENCUMBERED: 'nothing is reserved or pledged on the receipt',
    E_MISMATCH: 'receipt and custody are as the credit says, field by field',
    E_NOT_CONTROLLER: 'the receipt is the beneficiary’s',
    E_NOT_FOUND: 'what it names exists',
    E_PVP_TIMEOUT: 'the credit has not expired',
    E_STATE: 'the credit is OPEN, the receipt ISSUED',
  },
  effects: 'the receipt is the applicant’s, the money the beneficiary’s; PAID',
  evidence: 'the receipt',
  visibility: 'V2',
  apply: ({ credit: id, receipt: receiptId }, context) => {
    const given = lookUp(context, credit, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'OPEN') return wrongState(given.state, ['OPEN'], id);
    if (given.expires < context.running)
      return refused('E_PVP_TIMEOUT', { expires: given.expires, running: context.running }, id);
    const found = lookUpOut(receiptId, context);
    if (isRefusal(found)) return found;
    const { document, goods } = found;
    const { beneficiary, applicant, amount } = given;
    const [holding] = holdingsOf(lapseExpired(document.unit, context), receiptId);
    if (holding !== undefined) return refused('E_ENCUMBERED', { state: holding.state }, holding.pledge);
    if (!equalBytes(document.owner, beneficiary) || !equalBytes(document.controller, beneficiary))
      return refused('E_NOT_CONTROLLER', { reason: 'the receipt is not the beneficiary’s' }, receiptId);
    const discrepancy = findDiscrepancy(given.terms, document, goods);
    if (discrepancy !== undefined) return refused('E_MISMATCH', { field: discrepancy }, receiptId);
    endLock(id, [{ to: beneficiary, amount }], context);
    const whose = { unit: document.unit, receipt: receiptId, owner: applicant, custodian: document.issuer };
    const tenure = beginTenure(whose, document.tenure, context);
    const passed = { ...document, owner: applicant, controller: applicant, tenure };
    context.put(receipt, receiptId, { ...passed, ...versionOf(context) });
    context.put(credit, id, { ...given, state: 'PAID', ...versionOf(context) });
    return undefined;
  },
});

export const lapseCredit = transition({
  name: 'lapse-credit',
  row: 34,
  summary: 'Ends a documentary credit that nobody drew in time: the bank has its money back.',
  args: { v0: { credit: hash32 } },
  signedBy: [],
  preconditions: {
    E_NOT_DUE: 'it has expired, in running time',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'it is OPEN',
  },
  effects: 'LAPSED; the money is free',
  visibility: 'V2',
  apply: ({ credit: id }, context) => {
    const given = lookUp(context, credit, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'OPEN') return wrongState(given.state, ['OPEN'], id);
    if (context.running <= given.expires)
      return refused('E_NOT_DUE', { expires: given.expires, running: context.running }, id);
    endLock(id, [], context);
    context.put(credit, id, { ...given, state: 'LAPSED', ...versionOf(context) });
    return undefined;
  },
});

/** The first field in which the documents differ from the terms; banks look at documents, and at nothing else. */
function findDiscrepancy(
  terms: Credit['terms'],
  document: ValueOf<typeof receipt>,
  goods: ValueOf<typeof unit>,
): keyof CreditTerms | undefined {
  const shown: CreditTerms = {
    ...{ issuer: document.issuer, custodian: goods.custodian, goods: document.goods },
    ...{ specification: document.specification, quality: document.quality },
    ...{ quantity: document.quantity, packages: document.packages },
  };
  const told = (value: string | number | Uint8Array) => (value instanceof Uint8Array ? toHex(value) : value);
  const fields = Object.keys(shown) as (keyof CreditTerms)[];
  return fields.find((field) => told(shown[field]) !== told(terms[field]));
}
