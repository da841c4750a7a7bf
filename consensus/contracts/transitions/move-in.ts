/** Row 4: more of a lot comes in. What a floating pledge of the pool finds there, it attaches to. */

import { hash32, int, text } from '../../codec/schema.ts';
import { checkOrder } from '../identifiers.ts';
import { movement } from '../objects/movement.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { exactInteger } from '../rules/amounts.ts';
import { readingProofs } from '../rules/evidence.ts';
import { weighPassing } from '../rules/weighing.ts';
import { enterZone } from '../rules/zones.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const moveIn = transition({
  name: 'move-in',
  row: 4,
  summary: 'Adds goods to a lot in store.',
  args: {
    v0: { unit: hash32 },
    v1: { quantity: int(1), packages: int(1), order: text(40), evidence: readingProofs },
  },
  signedBy: [
    { who: 'custodian', role: 'warehouse', party: partyIn(unit, 'unit', 'custodian') },
    { who: 'monitor', role: 'monitor', party: partyIn(unit, 'unit', 'monitor') },
    {
      who: 'owner, who so declares title',
      role: 'enterprise',
      party: partyIn(unit, 'unit', 'owner'),
      missing: 'E_TITLE',
    },
  ],
  preconditions: {
    E_EVIDENCE:
      'weight and count of what comes agree, by readings that spoke for nothing else; the zone has room',
    E_ID_INVALID: 'the order number is well formed',
    E_NOT_FOUND: 'what it names exists',
    E_RANGE: 'the sum is an exact integer',
    E_STATE: 'it is a lot, and STORED',
    E_TITLE: 'the owner signs',
  },
  effects: 'the quantity rises; a floating pledge attaches to it',
  evidence: 'order reference; root over the readings',
  visibility: 'V1',
  apply: ({ unit: id, quantity, packages, order, evidence }, context) => {
    const goods = lookUp(context, unit, id);
    if (isRefusal(goods)) return goods;
    if (goods.state !== 'STORED') return wrongState(goods.state, ['STORED'], id);
    if (goods.scheme !== 'lot') return refused('E_STATE', { reason: 'a logistic unit does not grow' }, id);
    const defect = checkOrder(order);
    if (defect !== undefined) return refused('E_ID_INVALID', { field: 'order', reason: defect });
    const entered = exactInteger(BigInt(goods.stock.entered) + BigInt(quantity), 'quantity');
    if (typeof entered !== 'number') return entered;
    const evidenceRoot = weighPassing(evidence, id, goods, { quantity, packages }, context);
    if (isRefusal(evidenceRoot)) return evidenceRoot;
    const full = enterZone(goods, quantity, context);
    if (full !== undefined) return full;
    const { owner, custodian, monitor } = goods;
    context.put(movement, context.callId, {
      kind: 'in',
      ...{ unit: id, owner, from: owner, to: custodian, monitor, quantity, packages, evidenceRoot },
      ...{ receipt: undefined, release: undefined, reference: order, seal: '' },
      ...versionOf(context),
    });
    context.put(unit, id, {
      ...goods,
      quantity: goods.quantity + quantity,
      packages: goods.packages + packages,
      stock: { ...goods.stock, entered },
      ...versionOf(context),
    });
    return undefined;
  },
});
