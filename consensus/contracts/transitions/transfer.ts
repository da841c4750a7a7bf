/** Row 3: title passes, of a whole unit outside receipts or of a receipt. Any pledge follows the goods. */

import { hash32 } from '../../codec/schema.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { holdingsOf, lapseExpired, readHoldings } from '../rules/holdings.ts';
import { beginTenure } from '../rules/tenures.ts';
import { checkNewOwner, checkNotFrozen, lookUpOut, passPledges } from '../rules/title.ts';
import { type Context, isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

/** Banks that hold the whole as security: their consent is needed. */
function holders(unitId: Uint8Array, receiptId: Uint8Array | undefined, context: Context): Uint8Array[] {
  return holdingsOf(readHoldings(unitId, context), receiptId)
    .filter(({ agreed }) => agreed.state !== 'AGREED' || agreed.reservedUntil >= context.running)
    .map(({ agreed }) => agreed.pledgee);
}

export const transferTitle = transition({
  name: 'transfer-title',
  row: 3,
  summary: 'Transfers title to a unit that stands in no receipt.',
  args: { v0: { unit: hash32 }, v1: { to: hash32 } },
  signedBy: [
    {
      who: 'owner',
      role: ['enterprise', 'bank'],
      party: partyIn(unit, 'unit', 'owner'),
      missing: 'E_NOT_CONTROLLER',
    },
    { who: 'transferee', role: ['enterprise', 'bank'], party: ({ to }) => to },
    {
      who: 'every pledgee',
      role: 'bank',
      party: (args, context) => holders(args.unit, undefined, context),
      when: 'when RESERVED or PLEDGED',
      missing: 'E_ENCUMBERED',
    },
  ],
  preconditions: {
    E_AFFILIATE: 'the new owner controls no holder of pledged goods',
    E_ENCUMBERED: 'pledgees of what is reserved or held sign',
    E_FROZEN: 'no pledge is frozen, no warning about the quantity open',
    E_NOT_CONTROLLER: 'the owner signs',
    E_NOT_FOUND: 'what it names exists',
    E_RECEIPT_OUT: 'no receipt lives: receipted goods pass by their receipt',
    E_STATE: 'the goods are in custody',
  },
  effects: 'title passes; pledges follow the goods',
  visibility: 'V1',
  apply: ({ unit: id, to }, context) => {
    const goods = lookUp(context, unit, id);
    if (isRefusal(goods)) return goods;
    if (goods.state !== 'STORED' && goods.state !== 'IN_TRANSIT')
      return wrongState(goods.state, ['STORED', 'IN_TRANSIT'], id);
    const [bypassed] = goods.receipts;
    if (bypassed !== undefined)
      return refused('E_RECEIPT_OUT', { reason: 'the goods are receipted; transfer the receipt' }, bypassed);
    const holdings = lapseExpired(id, context);
    const refusal = checkNotFrozen(holdings, context) ?? checkNewOwner(goods, holdings, to, context);
    if (refusal !== undefined) return refusal;
    passPledges(holdings, to, context);
    const whose = { unit: id, receipt: undefined, owner: to, custodian: goods.custodian };
    const tenure = beginTenure(whose, goods.tenure, context);
    context.put(unit, id, { ...goods, owner: to, tenure, ...versionOf(context) });
    return undefined;
  },
});

export const transferReceipt = transition({
  name: 'transfer-receipt',
  row: 3,
  summary: 'Transfers a receipt, and with it title to its goods.',
  args: { v0: { receipt: hash32 }, v1: { to: hash32 } },
  signedBy: [
    // Before the controller, who is the pledgee of a HELD one: that it is pledged says more (R133).
    {
      who: 'every pledgee',
      role: 'bank',
      party: (args, context) => {
        const document = lookUp(context, receipt, args.receipt);
        return isRefusal(document) ? document : holders(document.unit, args.receipt, context);
      },
      when: 'when RESERVED or HELD',
      missing: 'E_ENCUMBERED',
    },
    {
      who: 'controller: the owner, or the pledgee that holds it',
      role: ['enterprise', 'bank'],
      party: partyIn(receipt, 'receipt', 'controller'),
      missing: 'E_NOT_CONTROLLER',
    },
    {
      who: 'owner',
      role: ['enterprise', 'bank'],
      party: partyIn(receipt, 'receipt', 'owner'),
      missing: 'E_NOT_CONTROLLER',
    },
    { who: 'transferee', role: ['enterprise', 'bank'], party: ({ to }) => to },
  ],
  preconditions: {
    E_AFFILIATE: 'the new owner controls no holder of pledged goods',
    E_ENCUMBERED: 'pledgees of what is reserved or held sign',
    E_FROZEN: 'no pledge is frozen, no warning about the quantity open',
    E_NOT_CONTROLLER: 'owner and controller sign',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the receipt is ISSUED or HELD',
  },
  effects: 'title passes, control with it unless the receipt is HELD; pledges follow the goods',
  visibility: 'V1',
  apply: ({ receipt: id, to }, context) => {
    const found = lookUpOut(id, context);
    if (isRefusal(found)) return found;
    const { document, goods } = found;
    const holdings = holdingsOf(lapseExpired(document.unit, context), id);
    const refusal = checkNotFrozen(holdings, context) ?? checkNewOwner(goods, holdings, to, context);
    if (refusal !== undefined) return refusal;
    passPledges(holdings, to, context);
    const whose = { unit: document.unit, receipt: id, owner: to, custodian: document.issuer };
    const tenure = beginTenure(whose, document.tenure, context);
    const controller = document.state === 'HELD' ? document.controller : to;
    context.put(receipt, id, { ...document, owner: to, controller, tenure, ...versionOf(context) });
    return undefined;
  },
});
