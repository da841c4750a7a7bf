/** Row 2: the warehouse receipt. From here on the receipted goods are dealt with only through it. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, maybe } from '../../codec/schema.ts';
import { checkCurrency } from '../identifiers.ts';
import type { ValueOf } from '../object.ts';
import { pledge, securedStates } from '../objects/pledge.ts';
import { receipt, receiptTerms } from '../objects/receipt.ts';
import { isWhole, receiptsPerUnitMax, unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { party } from '../registry.ts';
import { lapseExpired, readHoldings, unreceiptedFree } from '../rules/holdings.ts';
import { beginTenure } from '../rules/tenures.ts';
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

export const issueReceipt = transition({
  name: 'issue-receipt',
  row: 2,
  summary: 'Issues a warehouse receipt over registered goods to their owner.',
  args: {
    v0: {
      /** A pledge that goes over into the receipt: then its pledgee controls it at once. */
      pledge: maybe(hash32),
    },
    v1: { unit: hash32, ...receiptTerms },
  },
  signedBy: [
    {
      who: 'custodian',
      role: 'warehouse',
      party: (args, context) => {
        const goods = lookUp(context, unit, args.unit);
        if (isRefusal(goods)) return goods;
        return goods.receiptsByMonitor && !context.signedBy(goods.custodian) ? undefined : goods.custodian;
      },
      when: 'unless it let the monitor issue as its agent',
    },
    { who: 'monitor', role: 'monitor', party: partyIn(unit, 'unit', 'monitor') },
    { who: 'owner, who accepts', role: 'enterprise', party: partyIn(unit, 'unit', 'owner') },
    {
      who: 'pledgee',
      role: 'bank',
      party: (args, context) => {
        if (args.pledge === undefined) return undefined;
        const held = lookUp(context, pledge, args.pledge);
        return isRefusal(held) ? held : held.pledgee;
      },
      when: 'when the pledge goes over into the receipt',
    },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_OVERISSUE:
      'quantity ≤ registered − receipted − pledged outside receipts; a logistic unit has one receipt',
    E_POLICY: 'not more than 16 receipts',
    E_RECEIPT_FIELDS: 'every field is filled',
    E_SCHEMA: 'currencies and periods are well formed',
    E_STATE: 'the goods are STORED',
  },
  effects: 'the receipt is ISSUED and its depositor controls it; the goods are dealt with only through it',
  visibility: 'V1',
  apply: ({ unit: unitId, pledge: pledgeId, ...terms }, context) => {
    const goods = lookUp(context, unit, unitId);
    if (isRefusal(goods)) return goods;
    if (goods.state !== 'STORED') return wrongState(goods.state, ['STORED'], unitId);
    const fields = checkTerms(terms);
    if (fields !== undefined) return fields;
    const document = writeDocument(goods, context);
    if (document.depositorAddress === '') return refused('E_RECEIPT_FIELDS', { field: 'depositorAddress' });
    const held = pledgeId && checkPledge(pledgeId, unitId, terms, context);
    if (held !== undefined && isRefusal(held)) return held;
    const over = checkQuantity(unitId, goods, terms, held?.quantity ?? 0, context);
    if (over !== undefined) return over;
    const { custodian, owner, monitor } = goods;
    context.put(receipt, context.callId, {
      ...terms,
      ...document,
      state: held === undefined ? 'ISSUED' : 'HELD',
      unit: unitId,
      issuer: custodian,
      depositor: owner,
      monitor,
      owner,
      tenure: beginTenure({ unit: unitId, receipt: context.callId, owner, custodian }, undefined, context),
      predecessor: undefined,
      controller: held?.pledgee ?? owner,
      ...versionOf(context),
    });
    if (held !== undefined && pledgeId !== undefined) {
      const moved = { ...held, receipt: context.callId, line: undefined };
      context.put(pledge, pledgeId, { ...moved, ...versionOf(context) });
    }
    const receipts = [...goods.receipts, context.callId];
    context.put(unit, unitId, {
      ...goods,
      receipts,
      receipted: goods.receipted + terms.quantity,
      ...versionOf(context),
    });
    return undefined;
  },
});

type Terms = Pick<ValueOf<typeof receipt>, keyof typeof receiptTerms>;

/** Fields that no receipt may leave empty, in the order of the document. */
const mandatoryFields = [
  'quantity',
  'packages',
  'specification',
  'quality',
  'marks',
  'issuePlace',
  'storageUntil',
  'charges',
  'insurer',
  'insuredAmount',
  'insuredCurrency',
  'insuredUntil',
  'deliverTo',
  'issuerInterest',
] as const;

/** The refusal unless every field that a receipt must have is filled, and currencies and periods are well formed. */
export function checkTerms(terms: Terms): ContractRefusal | undefined {
  for (const field of mandatoryFields) {
    if (terms[field] === '' || terms[field] === 0) return refused('E_RECEIPT_FIELDS', { field });
  }
  if (terms.lienAmount > 0 && terms.lienCurrency === '')
    return refused('E_RECEIPT_FIELDS', { field: 'lienCurrency' });
  for (const field of ['insuredCurrency', 'lienCurrency'] as const) {
    const defect = terms[field] === '' ? undefined : checkCurrency(terms[field]);
    if (defect !== undefined) return refused('E_SCHEMA', { field, reason: defect });
  }
  if (terms.storageUntil <= terms.storageFrom)
    return refused('E_SCHEMA', { field: 'storageUntil', reason: 'not after storageFrom' });
  if (terms.insuredUntil <= terms.insuredFrom)
    return refused('E_SCHEMA', { field: 'insuredUntil', reason: 'not after insuredFrom' });
  return undefined;
}

/** What the document states besides its terms, as the state has it at issue. */
function writeDocument(goods: ValueOf<typeof unit>, context: Context) {
  const depositor = context.get(party, goods.owner);
  return {
    issuerLei: context.get(party, goods.custodian)?.lei ?? '',
    depositorLei: depositor?.lei ?? '',
    depositorAddress: depositor?.address ?? '',
    gln: goods.gln,
    zone: goods.zone,
    goods: goods.goods,
    issuedAt: context.time,
    evidenceRoot: goods.evidenceRoot,
  };
}

/** `[CTR-2]` Not more than is registered, under no receipt and not pledged outside receipts; a logistic unit has one receipt. */
function checkQuantity(
  unitId: Uint8Array,
  goods: ValueOf<typeof unit>,
  terms: Terms,
  pledged: number,
  context: Context,
): ContractRefusal | undefined {
  const [earlier] = goods.receipts;
  if (isWhole(goods) && earlier !== undefined) {
    return refused('E_OVERISSUE', { reason: 'what is one thing stands in one receipt only' }, earlier);
  }
  const holdings = lapseExpired(unitId, context);
  const most = unreceiptedFree(goods, holdings) + pledged;
  if (terms.quantity > most)
    return refused('E_OVERISSUE', { asked: terms.quantity, most }, earlier ?? holdings[0]?.pledge ?? unitId);
  if (terms.packages > goods.packages)
    return refused('E_OVERISSUE', { packages: terms.packages, most: goods.packages }, unitId);
  if (goods.receipts.length >= receiptsPerUnitMax)
    return refused('E_POLICY', { reason: 'too many receipts', most: receiptsPerUnitMax }, unitId);
  return undefined;
}

/** The pledge is of these goods outside receipts, PERFECTED or later, alone on its quantity, which is the receipt's. */
function checkPledge(
  id: Uint8Array,
  unitId: Uint8Array,
  terms: Terms,
  context: Context,
): ValueOf<typeof pledge> | ContractRefusal {
  const held = lookUp(context, pledge, id);
  if (isRefusal(held)) return held;
  const fits =
    equalBytes(held.unit, unitId) && held.receipt === undefined && securedStates.includes(held.state);
  const ranked = readHoldings(unitId, context).some(
    ({ agreed }) => agreed.behind && equalBytes(agreed.behind, id),
  );
  if (!fits || held.behind !== undefined || ranked)
    return refused('E_STATE', { reason: 'no pledge of these goods that stands alone outside receipts' }, id);
  return terms.quantity === held.quantity
    ? held
    : refused('E_OVERISSUE', { quantity: terms.quantity, pledged: held.quantity }, id);
}
