/** Row 3: receipts over one lot become one again, whose quantity and packages are their sum (R133). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { hash32, list } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { receipt, receiptTerms } from '../objects/receipt.ts';
import { receiptsPerUnitMax, unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { exactInteger } from '../rules/amounts.ts';
import { holdingsOf, lapseExpired } from '../rules/holdings.ts';
import { includesId } from '../rules/lists.ts';
import { beginTenure, endTenure } from '../rules/tenures.ts';
import { lookUpOut } from '../rules/title.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

type Receipt = ValueOf<typeof receipt>;

/** What is summed; all else that a receipt states must be the same in all of them. */
const summed = ['quantity', 'packages', 'lienAmount', 'insuredAmount'] as const;
const agreeing = Object.keys(receiptTerms).filter(
  (term) => !summed.some((name) => name === term),
) as readonly Exclude<keyof typeof receiptTerms, (typeof summed)[number]>[];

function partiesOf(
  { receipts }: { readonly receipts: readonly Uint8Array[] },
  which: 'controller' | 'issuer',
  context: Context,
): Uint8Array | ContractRefusal | undefined {
  const [first] = receipts;
  const document = first && lookUp(context, receipt, first);
  return document === undefined || isRefusal(document) ? document : document[which];
}

export const mergeReceipts = transition({
  name: 'merge-receipts',
  row: 3,
  summary: 'Makes one receipt of several over one lot that state the same.',
  args: { v0: { receipts: list(hash32, receiptsPerUnitMax, 2) } },
  signedBy: [
    {
      who: 'controller, who is the owner',
      role: ['enterprise', 'bank'],
      party: (args, context) => partiesOf(args, 'controller', context),
      missing: 'E_NOT_CONTROLLER',
    },
    { who: 'issuer', role: 'warehouse', party: (args, context) => partiesOf(args, 'issuer', context) },
  ],
  preconditions: {
    E_ENCUMBERED: 'nothing is reserved or pledged on any of them',
    E_MISMATCH:
      'they are over one lot, of one owner, by one issuer, and state the same but for their amounts',
    E_NOT_CONTROLLER: 'the owner signs',
    E_NOT_FOUND: 'what it names exists',
    E_RANGE: 'sums are exact integers',
    E_SCHEMA: 'each is named once',
    E_STATE: 'each is ISSUED',
  },
  effects: 'they are MERGED; the new receipt stands in the place of the first',
  visibility: 'V1',
  apply: ({ receipts: ids }, context) => {
    if (new Set(ids.map(toHex)).size !== ids.length)
      return refused('E_SCHEMA', { field: 'receipts', reason: 'named twice' });
    const found = lookUpOut(ids[0]!, context);
    if (isRefusal(found)) return found;
    const { document: first, goods } = found;
    const documents = readMergeable(ids, first, context);
    if (isRefusal(documents)) return documents;
    const amounts = addUp(documents);
    if ('refused' in amounts) return amounts.refused;
    for (const [index, document] of documents.entries()) {
      if (index > 0) endTenure(document.tenure, context);
      context.put(receipt, ids[index]!, { ...document, state: 'MERGED', ...versionOf(context) });
    }
    const { owner, issuer, unit: unitId, tenure } = first;
    context.put(receipt, context.callId, {
      ...first,
      ...amounts,
      predecessor: undefined,
      tenure: beginTenure(
        { unit: unitId, receipt: context.callId, owner, custodian: issuer },
        tenure,
        context,
      ),
      ...versionOf(context),
    });
    const receipts = goods.receipts.flatMap((entry) => {
      if (equalBytes(entry, ids[0]!)) return [context.callId];
      return includesId(ids, entry) ? [] : [entry];
    });
    context.put(unit, unitId, { ...goods, receipts, ...versionOf(context) });
    return undefined;
  },
});

/** The documents in the order of `ids`: all ISSUED, free, and alike. */
function readMergeable(
  ids: readonly Uint8Array[],
  first: Receipt,
  context: Context,
): readonly Receipt[] | ContractRefusal {
  const holdings = lapseExpired(first.unit, context);
  const documents: Receipt[] = [];
  for (const id of ids) {
    const document = lookUp(context, receipt, id);
    if (isRefusal(document)) return document;
    const [holding] = holdingsOf(holdings, id);
    if (holding !== undefined) return refused('E_ENCUMBERED', { state: holding.state }, holding.pledge);
    if (document.state !== 'ISSUED') return wrongState(document.state, ['ISSUED'], id);
    const other = difference(first, document);
    if (other !== undefined) return refused('E_MISMATCH', { field: other, receipt: toHex(id) }, id);
    documents.push(document);
  }
  return documents;
}

/**
 * Grams and packages add up. So do lien and insurance of receipts that were issued one by one; parts of one receipt each state
 * those of the whole, of which the greatest is what is left.
 */
function addUp(
  documents: readonly Receipt[],
): { readonly [term in (typeof summed)[number]]: number } | { readonly refused: ContractRefusal } {
  const [first] = documents;
  const areParts = documents.every(
    ({ predecessor }) =>
      predecessor !== undefined &&
      first?.predecessor !== undefined &&
      equalBytes(predecessor, first.predecessor),
  );
  const amounts = { quantity: 0, packages: 0, lienAmount: 0, insuredAmount: 0 };
  for (const term of summed) {
    const stated = documents.map((document) => document[term]);
    const isOfWhole = areParts && (term === 'lienAmount' || term === 'insuredAmount');
    const sum = stated.reduce((total, amount) => total + BigInt(amount), 0n);
    const exact = isOfWhole ? Math.max(...stated) : exactInteger(sum, term);
    if (typeof exact !== 'number') return { refused: exact };
    amounts[term] = exact;
  }
  return amounts;
}

/** The first field in which they differ. */
function difference(first: Receipt, other: Receipt): string | undefined {
  for (const field of ['unit', 'owner', 'issuer', 'depositor', 'monitor'] as const)
    if (!equalBytes(first[field], other[field])) return field;
  return agreeing.find((term) => first[term] !== other[term]);
}
