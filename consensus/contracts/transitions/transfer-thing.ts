/** Row 40, change of owner: a device passes to another, and nothing that the old owner allowed it remains. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32 } from '../../codec/schema.ts';
import { versionOf } from '../objects/version.ts';
import { device, roles } from '../registry.ts';
import { leaveLimit } from '../rules/credit-limits.ts';
import { changeThingOwner } from '../rules/things.ts';
import { isRefusal, lookUp, partyIn, refused, transition } from '../transition.ts';

export const transferThing = transition({
  name: 'transfer-thing',
  row: 40,
  summary: 'Passes a device to another owner. A monitor countersigns.',
  args: { v0: { device: hash32, to: hash32, monitor: hash32 } },
  signedBy: [
    { who: 'owner', role: roles, party: partyIn(device, 'device', 'owner'), missing: 'E_NO_OWNER' },
    { who: 'new owner', role: roles, party: ({ to }) => to },
    { who: 'a monitor', role: 'monitor', party: ({ monitor }) => monitor },
  ],
  preconditions: {
    E_DEVICE_STATE: 'the device is ACTIVE',
    E_NOT_FOUND: 'what it names exists',
    E_NO_OWNER: 'the owner signs',
    E_SCHEMA: 'the new owner is another',
  },
  effects:
    'the device is the new owner’s; every mandate REVOKED, every virtual account CLOSED; it has left its credit limit',
  visibility: 'V0',
  apply: ({ device: id, to }, context) => {
    const passing = lookUp(context, device, id);
    if (isRefusal(passing)) return passing;
    if (passing.state !== 'ACTIVE') return refused('E_DEVICE_STATE', { state: passing.state }, id);
    if (equalBytes(passing.owner, to))
      return refused('E_SCHEMA', { field: 'to', reason: 'is the owner already' });
    context.put(device, id, { ...passing, owner: to, ...versionOf(context) });
    changeThingOwner(id, to, context);
    leaveLimit(id, context);
    return undefined;
  },
});
