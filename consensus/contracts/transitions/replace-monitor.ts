/** Row 31: another monitor takes over, by a joint count; it attorns at the position at which the old one is discharged. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32 } from '../../codec/schema.ts';
import { pledge } from '../objects/pledge.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { isControlledBy } from '../rules/affiliation.ts';
import { checkAgreement, claimReadings, measure, observe, readingProofs } from '../rules/evidence.ts';
import { lapseExpired, readHoldings } from '../rules/holdings.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const replaceMonitor = transition({
  name: 'replace-monitor',
  row: 31,
  summary: 'Replaces the monitor of goods, and of every pledge of them, at one position.',
  args: { v0: { unit: hash32 }, v1: { to: hash32, evidence: readingProofs } },
  signedBy: [
    {
      who: 'every pledgee; the owner when there is none',
      role: ['bank', 'enterprise'],
      party: (args, context) => {
        const goods = lookUp(context, unit, args.unit);
        if (isRefusal(goods)) return goods;
        const pledgees = readHoldings(args.unit, context).map(({ agreed }) => agreed.pledgee);
        return pledgees.length > 0 ? pledgees : goods.owner;
      },
    },
    { who: 'new monitor, who attorns', role: 'monitor', party: ({ to }) => to, missing: 'E_GAP' },
    { who: 'custodian', role: 'warehouse', party: partyIn(unit, 'unit', 'custodian') },
  ],
  preconditions: {
    E_AFFILIATE: 'no pledgor, owner or custodian controls the new monitor',
    E_EVIDENCE: 'a joint count agrees with the book',
    E_GAP: 'the new monitor attorns, and is another',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the goods are in custody',
  },
  effects: 'the new monitor holds for every pledgee; the old one is discharged; no moment between',
  evidence: 'root over the joint count',
  visibility: 'V1',
  apply: ({ unit: id, to, evidence }, context) => {
    const goods = lookUp(context, unit, id);
    if (isRefusal(goods)) return goods;
    if (goods.state !== 'STORED' && goods.state !== 'IN_TRANSIT')
      return wrongState(goods.state, ['STORED', 'IN_TRANSIT'], id);
    if (equalBytes(goods.monitor, to)) return refused('E_GAP', { reason: 'the same monitor' }, to);
    const holdings = lapseExpired(id, context);
    const masters = [goods.owner, goods.custodian, ...holdings.map(({ agreed }) => agreed.pledgor)];
    const master = masters.find((party) => isControlledBy(to, party, context));
    if (master !== undefined)
      return refused('E_AFFILIATE', { reason: 'the new monitor is not independent' }, master);
    const observed = observe(evidence, { owner: goods.owner, monitor: to }, context.time, context);
    if (isRefusal(observed)) return observed;
    const measured = measure(observed);
    if (isRefusal(measured)) return measured;
    const differs =
      checkAgreement(measured, goods.quantity, goods.packages, context.policy.toleranceBp) ??
      claimReadings(observed.uses, id, context);
    if (differs !== undefined) return differs;
    for (const { pledge: pledgeId, agreed } of holdings)
      context.put(pledge, pledgeId, { ...agreed, monitor: to, ...versionOf(context) });
    context.put(unit, id, { ...goods, monitor: to, evidenceRoot: observed.root, ...versionOf(context) });
    return undefined;
  },
});
