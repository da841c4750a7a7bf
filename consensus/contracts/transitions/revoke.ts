/** Row 0, revocation: keys and devices. Neither is ever deleted `[ADM-1]`; what they signed before stays valid. */

import { hash32, key32 } from '../../codec/schema.ts';
import { versionOf } from '../objects/version.ts';
import { device, key, roles } from '../registry.ts';
import { leaveLimit } from '../rules/credit-limits.ts';
import { isRefusal, lookUp, partyIn, transition, wrongState } from '../transition.ts';

export const revokeKey = transition({
  name: 'revoke-key',
  row: 0,
  summary: 'Ends a key of a party; its party signs.',
  args: { v0: { key: key32 } },
  signedBy: [{ who: 'its party', role: roles, party: partyIn(key, 'key', 'party') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the key is ACTIVE',
  },
  effects: 'REVOKED from this position',
  visibility: 'V0',
  apply: (args, context) => {
    const old = lookUp(context, key, args.key);
    if (isRefusal(old)) return old;
    if (old.state !== 'ACTIVE') return wrongState(old.state, ['ACTIVE'], args.key);
    context.put(key, args.key, { ...old, state: 'REVOKED' });
    return undefined;
  },
});

export const revokeDevice = transition({
  name: 'revoke-device',
  row: 0,
  summary: 'Ends a sensor: from here on its readings are no evidence. Its owner signs.',
  args: { v0: { device: hash32 } },
  signedBy: [{ who: 'its owner', role: roles, party: partyIn(device, 'device', 'owner') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the device is ACTIVE',
  },
  effects: 'REVOKED from this position; a credit limit that it carried goes on without it',
  visibility: 'V0',
  apply: (args, context) => {
    const old = lookUp(context, device, args.device);
    if (isRefusal(old)) return old;
    if (old.state !== 'ACTIVE') return wrongState(old.state, ['ACTIVE'], args.device);
    context.put(device, args.device, { ...old, state: 'REVOKED', ...versionOf(context) });
    leaveLimit(args.device, context);
    return undefined;
  },
});
