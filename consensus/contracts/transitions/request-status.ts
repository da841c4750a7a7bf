/** Row 10: a bank asks the monitor how goods stand, while a grant lets it know. The answer is `supply-status`. */

import { hash32 } from '../../codec/schema.ts';
import { grant } from '../objects/grant.ts';
import { statusRequest, statusRequestId } from '../objects/status-request.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { checkConcerned, checkLive, checkScope } from '../rules/grants.ts';
import { isRefusal, lookUp, partyIn, transition, wrongState } from '../transition.ts';

export const requestStatus = transition({
  name: 'request-status',
  row: 10,
  summary: 'Asks the monitor for a status of goods under a live grant.',
  args: { v0: { grant: hash32 }, v1: { unit: hash32 } },
  signedBy: [{ who: 'bank', role: 'bank', party: partyIn(grant, 'grant', 'bank') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_SCOPE: 'a live grant covers the goods and the kind',
    E_STATE: 'the same is not asked already',
  },
  effects: 'the request is OPEN, until the monitor’s next status of the goods under the grant',
  visibility: 'V1',
  apply: ({ grant: grantId, unit: unitId }, context) => {
    const given = lookUp(context, grant, grantId);
    if (isRefusal(given)) return given;
    const goods = lookUp(context, unit, unitId);
    if (isRefusal(goods)) return goods;
    const refusal =
      checkConcerned(given, unitId, goods, context) ??
      checkLive(given, grantId, context) ??
      checkScope(given, 'status', unitId, goods);
    if (refusal !== undefined) return refusal;
    const id = statusRequestId(grantId, unitId);
    if (context.get(statusRequest, id)?.state === 'OPEN') return wrongState('OPEN', ['ANSWERED'], id);
    const { enterprise, bank } = given;
    const asked = { grant: grantId, unit: unitId, monitor: goods.monitor, enterprise, bank };
    context.put(statusRequest, id, { state: 'OPEN', ...asked, status: undefined, ...versionOf(context) });
    return undefined;
  },
});
