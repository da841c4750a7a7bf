/** Row 7: goods are lost. The book says so, pledged shortage is recorded, and pledges extend to what is paid for it. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, text } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { claim } from '../objects/claim.ts';
import { movement } from '../objects/movement.ts';
import { securedStates } from '../objects/pledge.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { isControlledBy } from '../rules/affiliation.ts';
import { lapseExpired } from '../rules/holdings.ts';
import { recordShortfall } from '../rules/shortfall.ts';
import { endTenure } from '../rules/tenures.ts';
import { leaveZone } from '../rules/zones.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

export const reportLoss = transition({
  name: 'report-loss',
  row: 7,
  summary: 'Records that goods are lost, on a survey or a resolver’s finding.',
  args: {
    v0: { unit: hash32 },
    v1: {
      reportedBy: hash32,
      /** The surveyor, or the resolver that found it. */
      surveyor: hash32,
      quantity: int(1),
      packages: int(0),
      cause: text(160, 1),
      /** Hash of the report. */
      report: hash32,
    },
  },
  signedBy: [
    { who: 'custodian or monitor', role: ['warehouse', 'monitor'], party: ({ reportedBy }) => reportedBy },
    {
      who: 'surveyor or resolver',
      role: ['appraiser', 'resolver'],
      party: ({ surveyor }) => surveyor,
      missing: 'E_EVIDENCE',
    },
  ],
  preconditions: {
    E_EVIDENCE: 'a survey or finding, by a party that neither owner nor custodian controls',
    E_INSUFFICIENT: 'so much is on the book',
    E_NOT_FOUND: 'what it names exists',
    E_ROLE: 'the custodian or the monitor of these goods reports',
    E_STATE: 'the goods are in custody',
    E_SUM: 'packages go with the goods',
  },
  effects:
    'the book quantity falls, LOST when nothing is left; shortfall recorded; a critical warning on each pledge that is short; pledges extend to insurance and compensation',
  evidence: 'hash of the report',
  visibility: 'V1',
  apply: (args, context) => {
    const goods = lookUp(context, unit, args.unit);
    if (isRefusal(goods)) return goods;
    if (goods.state !== 'STORED' && goods.state !== 'IN_TRANSIT')
      return wrongState(goods.state, ['STORED', 'IN_TRANSIT'], args.unit);
    const refusal = checkReporters(args, goods, context) ?? checkLost(args, goods);
    if (refusal !== undefined) return refusal;
    const quantity = goods.quantity - args.quantity;
    if (quantity === 0) endTenure(goods.tenure, context);
    if (goods.state === 'STORED') leaveZone(goods, args.quantity, false, context);
    const { owner, custodian, monitor } = goods;
    context.put(unit, args.unit, {
      ...goods,
      state: quantity === 0 ? 'LOST' : goods.state,
      quantity,
      packages: goods.packages - args.packages,
      stock: { ...goods.stock, lost: goods.stock.lost + args.quantity },
      ...versionOf(context),
    });
    const pledges = lapseExpired(args.unit, context)
      .filter(({ agreed }) => securedStates.includes(agreed.state))
      .map(({ pledge }) => pledge);
    recordShortfall(args.unit, args.report, context);
    context.put(claim, context.callId, {
      state: 'OPEN',
      ...{ unit: args.unit, owner, custodian, monitor, quantity: args.quantity, pledges },
      ...{ cause: args.cause, surveyor: args.surveyor },
      ...versionOf(context),
    });
    // A claim is one object and a movement another, each under the call's id: types keep them apart.
    context.put(movement, context.callId, {
      kind: 'loss',
      ...{ unit: args.unit, owner, from: custodian, to: custodian, monitor, quantity: args.quantity },
      ...{
        packages: args.packages,
        receipt: undefined,
        release: undefined,
        reference: args.cause.slice(0, 80),
      },
      ...{ seal: '', evidenceRoot: args.report },
      ...versionOf(context),
    });
    return undefined;
  },
});

type Goods = ValueOf<typeof unit>;

function checkReporters(
  { reportedBy, surveyor }: { readonly reportedBy: Uint8Array; readonly surveyor: Uint8Array },
  goods: Goods,
  context: Context,
): ContractRefusal | undefined {
  if (!equalBytes(reportedBy, goods.custodian) && !equalBytes(reportedBy, goods.monitor))
    return refused('E_ROLE', { field: 'reportedBy', reason: 'neither custodian nor monitor of these goods' });
  const master = [goods.owner, goods.custodian].find((id) => isControlledBy(surveyor, id, context));
  return master && refused('E_EVIDENCE', { reason: 'the surveyor is not independent' }, master);
}

function checkLost(
  lost: { readonly quantity: number; readonly packages: number },
  goods: Goods,
): ContractRefusal | undefined {
  if (lost.quantity > goods.quantity)
    return refused('E_INSUFFICIENT', { asked: lost.quantity, whole: goods.quantity });
  const wrong =
    lost.packages > goods.packages || (lost.quantity === goods.quantity && lost.packages !== goods.packages);
  return wrong ? refused('E_SUM', { packages: lost.packages, most: goods.packages }) : undefined;
}
