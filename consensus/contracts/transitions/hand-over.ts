/** Row 6: custody passes in one step, into transit, in transit, or into another store. Pledges continue. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, maybe, text } from '../../codec/schema.ts';
import { checkGln } from '../identifiers.ts';
import type { ValueOf } from '../object.ts';
import { movement } from '../objects/movement.ts';
import { pledge } from '../objects/pledge.ts';
import { fence, transitTerms, unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { isControlledBy } from '../rules/affiliation.ts';
import { checkAgreement, claimReadings, measure, observe, readingProofs } from '../rules/evidence.ts';
import { lapseExpired, readHoldings } from '../rules/holdings.ts';
import { beginTenure } from '../rules/tenures.ts';
import { enterZone, leaveZone } from '../rules/zones.ts';
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

const stopped = ['FROZEN', 'DEFAULTED', 'ENFORCING'];

export const handOver = transition({
  name: 'hand-over',
  row: 6,
  summary: 'Hands goods over to another custodian: to a carrier under seal, or into a store.',
  args: {
    v0: { unit: hash32 },
    v1: {
      to: hash32,
      /** Where they are now, or where they go. */
      gln: text(13, 13),
      zone: text(20, 1),
      seal: text(40),
      /** Set when they travel from here on. */
      route: text(160),
      fence: maybe(fence),
      evidence: readingProofs,
    },
  },
  signedBy: [
    {
      who: 'custodian',
      role: 'warehouse',
      party: partyIn(unit, 'unit', 'custodian'),
      missing: 'E_HANDOVER',
    },
    { who: 'new custodian, who attorns', role: 'warehouse', party: ({ to }) => to, missing: 'E_HANDOVER' },
    { who: 'monitor', role: 'monitor', party: partyIn(unit, 'unit', 'monitor') },
    {
      who: 'every pledgee whose pledge is FROZEN or later',
      role: 'bank',
      party: ({ unit: id }, context) =>
        readHoldings(id, context)
          .filter(({ agreed }) => stopped.includes(agreed.state))
          .map(({ agreed }) => agreed.pledgee),
      when: 'for a preservation move',
      missing: 'E_FROZEN',
    },
  ],
  preconditions: {
    E_AFFILIATE: 'no pledgor controls the new custodian',
    E_EVIDENCE: 'two scales weigh, and a count is shown, by readings of these goods; the zone has room',
    E_FROZEN: 'frozen goods move only for their preservation, with the pledgee',
    E_HANDOVER: 'both custodians sign and differ; goods that travel have seal and route',
    E_ID_INVALID: 'the GLN has the right check digit',
    E_MISMATCH: 'weights and count agree with the book, and the seal with the one set',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the goods are STORED or IN_TRANSIT',
  },
  effects: 'the new custodian has them, and holds for every pledgee; IN_TRANSIT with a route, else STORED',
  evidence: 'both weighings; seal; route and fence',
  visibility: 'V1',
  apply: ({ unit: id, to, gln, zone, seal, route, fence: around, evidence }, context) => {
    const goods = lookUp(context, unit, id);
    if (isRefusal(goods)) return goods;
    if (goods.state !== 'STORED' && goods.state !== 'IN_TRANSIT')
      return wrongState(goods.state, ['STORED', 'IN_TRANSIT'], id);
    const holdings = lapseExpired(id, context);
    const defect = checkGln(gln);
    if (defect !== undefined) return refused('E_ID_INVALID', { field: 'gln', reason: defect });
    const refusal = checkParties(to, { seal, route }, goods, context);
    if (refusal !== undefined) return refusal;
    const pledgor = holdings.find(({ agreed }) => isControlledBy(to, agreed.pledgor, context));
    if (pledgor !== undefined) return refused('E_AFFILIATE', { reason: 'controlled by the pledgor' }, to);
    const evidenceRoot = weighTwice(evidence, id, goods, context);
    if (isRefusal(evidenceRoot)) return evidenceRoot;
    const place = { gln, zone, custodian: to };
    if (goods.state === 'STORED') leaveZone(goods, goods.quantity, true, context);
    const full = route === '' ? enterZone(place, goods.quantity, context) : undefined;
    if (full !== undefined) return full;
    for (const { pledge: pledgeId, agreed } of holdings)
      context.put(pledge, pledgeId, { ...agreed, custodian: to, ...versionOf(context) });
    const { owner, monitor, quantity, packages, custodian } = goods;
    context.put(movement, context.callId, {
      kind: 'handover',
      ...{ unit: id, owner, from: custodian, to, monitor, quantity, packages, reference: route.slice(0, 80) },
      ...{ receipt: undefined, release: undefined, seal, evidenceRoot },
      ...versionOf(context),
    });
    const transit: ValueOf<typeof unit>['transit'] =
      route === '' ? undefined : { seal, route, fence: around };
    context.put(unit, id, {
      ...goods,
      ...place,
      state: transit === undefined ? 'STORED' : 'IN_TRANSIT',
      transit,
      tenure: beginTenure({ unit: id, receipt: undefined, owner, custodian: to }, goods.tenure, context),
      ...versionOf(context),
    });
    return undefined;
  },
});

type Goods = ValueOf<typeof unit>;

/** Two different custodians; a seal where the goods travel, the same at the end as at the beginning. */
function checkParties(
  to: Uint8Array,
  { seal, route }: Pick<NonNullable<Goods['transit']>, 'seal' | 'route'>,
  goods: Goods,
  _context: Context,
): ContractRefusal | undefined {
  if (equalBytes(goods.custodian, to)) return refused('E_HANDOVER', { reason: 'the same custodian' }, to);
  if (route !== '' && transitTerms.check({ seal, route, fence: undefined }) !== undefined)
    return refused('E_HANDOVER', { reason: 'goods that travel need a seal and a route' });
  if (route === '' && goods.state === 'STORED' && seal !== '')
    return refused('E_HANDOVER', { reason: 'a seal is for goods that travel' });
  const set = goods.transit?.seal;
  return set === undefined || set === seal ? undefined : refused('E_MISMATCH', { seal, set });
}

/** Root over the readings: two scales and a count, all as the book says. */
function weighTwice(
  evidence: readonly Uint8Array[],
  id: Uint8Array,
  goods: Goods,
  context: Context,
): Uint8Array | ContractRefusal {
  const observed = observe(evidence, goods, context.time, context);
  if (isRefusal(observed)) return observed;
  const measured = measure(observed);
  if (isRefusal(measured)) return measured;
  const [first] = measured.weighings;
  if (measured.weighings.every(({ device }) => first !== undefined && equalBytes(device, first.device)))
    return refused('E_EVIDENCE', { reason: 'one scale only: each custodian weighs' });
  const differs = checkAgreement(measured, goods.quantity, goods.packages, context.policy.toleranceBp);
  if (differs !== undefined) return refused('E_MISMATCH', differs.facts);
  return claimReadings(observed.uses, id, context) ?? observed.root;
}
