/** The monitor's order receipt (semantics §4, R029, R030): a new record, or a new version of an earlier one. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, maybe, text } from '../../codec/schema.ts';
import { checkCurrency, checkOrder } from '../identifiers.ts';
import { orderHead, orderReceipt } from '../objects/order-receipt.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { party } from '../registry.ts';
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

export const stateOrder = transition({
  name: 'order-receipt',
  row: 2,
  summary: 'Records, as a new linked version, what the monitor keeps of an order and its goods.',
  args: {
    v0: { predecessor: maybe(hash32) },
    v1: {
      unit: hash32,
      /** Absent like any other field that is not filled, so that its lack has the same code (R029). */
      pledgee: maybe(hash32),
      specification: text(160),
      position: text(80),
      condition: text(160),
    },
    v2: { orderNumber: text(40), amount: int(0), currency: text(3) },
  },
  signedBy: [{ who: 'monitor', role: 'monitor', party: partyIn(unit, 'unit', 'monitor') }],
  preconditions: {
    E_ID_INVALID: 'the order number is well formed',
    E_NOT_FOUND: 'what it names exists',
    E_RECEIPT_FIELDS: 'every field is filled',
    E_ROLE: 'the pledgee is a bank',
    E_SCHEMA: 'the currency is well formed',
    E_STATE: 'the goods are there; the predecessor is the newest version and of the same goods',
  },
  effects: 'a new version, linked to its predecessor',
  visibility: 'V1',
  apply: (args, context) => {
    const goods = lookUp(context, unit, args.unit);
    if (isRefusal(goods)) return goods;
    if (goods.state === 'OUT') return wrongState(goods.state, ['STORED', 'IN_TRANSIT', 'LOST'], args.unit);
    for (const field of [
      'specification',
      'position',
      'condition',
      'orderNumber',
      'amount',
      'currency',
    ] as const) {
      if (args[field] === '' || args[field] === 0) return refused('E_RECEIPT_FIELDS', { field });
    }
    const { pledgee } = args;
    if (pledgee === undefined) return refused('E_RECEIPT_FIELDS', { field: 'pledgee' });
    const orderDefect = checkOrder(args.orderNumber);
    if (orderDefect !== undefined)
      return refused('E_ID_INVALID', { field: 'orderNumber', reason: orderDefect });
    const currencyDefect = checkCurrency(args.currency);
    if (currencyDefect !== undefined)
      return refused('E_SCHEMA', { field: 'currency', reason: currencyDefect });
    if (!context.get(party, pledgee)?.roles.includes('bank')) {
      return refused(
        'E_ROLE',
        { field: 'pledgee', role: 'bank', reason: 'the party does not have the role' },
        pledgee,
      );
    }
    const line = continueLine(args.predecessor, args.unit, context);
    if (isRefusal(line)) return line;
    const { goods: description, quantity, packages, gln, zone, monitor, owner } = goods;
    context.put(orderReceipt, context.callId, {
      ...args,
      ...line,
      pledgee,
      monitor,
      pledgor: owner,
      goods: description,
      quantity,
      packages,
      gln,
      zone,
      statedAt: context.time,
      ...versionOf(context),
    });
    context.put(orderHead, line.origin, {
      newest: context.callId,
      number: line.number,
      ...versionOf(context),
    });
    return undefined;
  },
});

/** Place of the new version: the first of a line of its own, or the successor of the newest of one. */
function continueLine(
  predecessor: Uint8Array | undefined,
  unitId: Uint8Array,
  context: Context,
): { readonly origin: Uint8Array; readonly number: number } | ContractRefusal {
  if (predecessor === undefined) return { origin: context.callId, number: 1 };
  const before = lookUp(context, orderReceipt, predecessor);
  if (isRefusal(before)) return before;
  const head = lookUp(context, orderHead, before.origin);
  if (isRefusal(head)) return head;
  if (!equalBytes(head.newest, predecessor))
    return refused('E_STATE', { reason: 'not the newest version', newest: head.number }, head.newest);
  if (!equalBytes(before.unit, unitId))
    return refused('E_STATE', { reason: 'the predecessor is about other goods' }, predecessor);
  return { origin: before.origin, number: head.number + 1 };
}
