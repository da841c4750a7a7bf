/** Who has a part in a file, and whether any of it is in dispute (row 29). */

import type { ObjectReader } from '../object.ts';
import { bill } from '../objects/bill.ts';
import { disputed } from '../objects/dispute.ts';
import { loan } from '../objects/loan.ts';
import { pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { readHoldings } from './holdings.ts';

/** Parties of the object's file; `undefined` where there is no such object. */
export function fileParties(
  type: string,
  id: Uint8Array,
  reader: ObjectReader,
): readonly Uint8Array[] | undefined {
  switch (type) {
    case 'pledge': {
      const held = reader.get(pledge, id);
      return held && [held.pledgor, held.pledgee, held.monitor, held.custodian];
    }
    case 'loan': {
      const lent = reader.get(loan, id);
      return lent && [lent.applicant, lent.bank];
    }
    case 'unit': {
      const goods = reader.get(unit, id);
      const pledgees = readHoldings(id, reader).map(({ agreed }) => agreed.pledgee);
      return goods && [goods.owner, goods.custodian, goods.monitor, ...pledgees];
    }
    case 'receipt': {
      const document = reader.get(receipt, id);
      return document && [document.issuer, document.owner, document.controller, document.monitor];
    }
    default: {
      const drawn = reader.get(bill, id);
      return drawn && [drawn.drawer, drawn.drawee, drawn.holder];
    }
  }
}

export function openDispute(id: Uint8Array, reader: ObjectReader): Uint8Array | undefined {
  return reader.get(disputed, id)?.disputes[0];
}
