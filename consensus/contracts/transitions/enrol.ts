/** Row 0, enrolment: parties, keys, devices. From this position they are ACTIVE; a name belongs to one live object. */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { bytes, choice, flag, hash32, key32, list, maybe, text, timeMs } from '../../codec/schema.ts';
import { keyDefect } from '../../crypto/ed25519.ts';
import { checkDeviceIdentifier, checkLei } from '../identifiers.ts';
import { conflictId, identityConflict } from '../objects/identity-conflict.ts';
import { versionOf } from '../objects/version.ts';
import { device, key, labelKey, party, role, roles, sensorFunctions } from '../registry.ts';
import { checkFuture } from '../rules/dates.ts';
import { changeThingOwner } from '../rules/things.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

/** Who vouches for a new party: two parties that hold or may hold seats. */
const countersignerRoles = ['bank', 'monitor'] as const;

export const enrolParty = transition({
  name: 'enrol-party',
  row: 0,
  summary: 'Enrols a legal entity and its first key.',
  args: {
    v0: { roles: list(role, roles.length, 1), key: key32, countersigners: list(hash32, 2, 2) },
    v1: { lei: text(20, 20), name: text(80, 1), address: text(160), controller: hash32 },
  },
  signedBy: [
    {
      who: 'two different parties that are bank or monitor',
      role: countersignerRoles,
      party: ({ countersigners }) =>
        equalBytes(countersigners[0]!, countersigners[1]!)
          ? refused('E_CREDENTIAL', { reason: 'two different parties must countersign' })
          : countersigners,
    },
    { who: 'the new key', role: roles, party: () => undefined },
  ],
  preconditions: {
    E_CREDENTIAL: 'two parties countersign; the new key is fit and signs',
    E_ID_INVALID: 'the LEI’s check digits are right',
    E_ID_LIVE: 'neither LEI nor key is enrolled',
    E_SCHEMA: 'no role is named twice',
  },
  effects: 'party and key are ACTIVE from this position',
  visibility: 'V0',
  apply: (args, context) => {
    const defect = checkLei(args.lei);
    if (defect !== undefined) return refused('E_ID_INVALID', { field: 'lei', reason: defect });
    if (new Set(args.roles).size !== args.roles.length)
      return refused('E_SCHEMA', { field: 'roles', reason: 'repeated' });
    const id = labelKey(context.network, 'lei', args.lei);
    if (context.get(party, id) !== undefined) return refused('E_ID_LIVE', { field: 'lei' }, id);
    const refusal = checkNewKey(args.key, context);
    if (refusal !== undefined) return refusal;
    const { lei, name, address, controller } = args;
    context.put(party, id, { roles: args.roles, lei, name, address, controller });
    context.put(key, args.key, { party: id, kind: 'party', state: 'ACTIVE', since: context.height });
    return undefined;
  },
});

export const enrolKey = transition({
  name: 'enrol-key',
  row: 0,
  summary: 'Adds a key to a party, in place of another if one is named. A monitor countersigns gateway keys.',
  args: {
    v0: {
      party: hash32,
      key: key32,
      kind: choice('party', 'gateway'),
      /** Countersigns a gateway key; left out otherwise. */
      monitor: maybe(hash32),
      /** Key of the same party and kind that is revoked at the same position. */
      replaces: maybe(key32),
    },
  },
  signedBy: [
    { who: 'the party', role: roles, party: ({ party: owner }) => owner },
    {
      who: 'a monitor',
      role: 'monitor',
      party: ({ kind, monitor }) => {
        if (kind === 'party') return undefined;
        return monitor ?? refused('E_CREDENTIAL', { reason: 'a monitor must countersign a gateway key' });
      },
      when: 'for a gateway key',
    },
    { who: 'the new key', role: roles, party: () => undefined },
  ],
  preconditions: {
    E_CREDENTIAL:
      'the new key is fit and signs; a monitor countersigns a gateway key; the key replaced is the party’s, of that kind',
    E_ID_LIVE: 'the key was never enrolled',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the key replaced is ACTIVE',
  },
  effects: 'the key is ACTIVE, the one it replaces REVOKED, at one position',
  visibility: 'V0',
  apply: (args, context) => {
    const refusal = checkNewKey(args.key, context);
    if (refusal !== undefined) return refusal;
    if (args.replaces !== undefined) {
      const old = lookUp(context, key, args.replaces);
      if (isRefusal(old)) return old;
      if (old.kind !== args.kind || !equalBytes(old.party, args.party)) {
        return refused('E_CREDENTIAL', { reason: 'replaces a key of another party or kind' }, args.replaces);
      }
      if (old.state !== 'ACTIVE') return wrongState(old.state, ['ACTIVE'], args.replaces);
      context.put(key, args.replaces, { ...old, state: 'REVOKED' });
    }
    context.put(key, args.key, {
      party: args.party,
      kind: args.kind,
      state: 'ACTIVE',
      since: context.height,
    });
    return undefined;
  },
});

export const enrolDevice = transition({
  name: 'enrol-device',
  row: 0,
  summary: 'Enrols a sensor with the functions it is for, or gives it a new key. A monitor countersigns.',
  args: {
    v0: {
      owner: hash32,
      monitor: hash32,
      /** The sensor's key; empty for one that cannot sign. */
      key: bytes(32),
      /** Takes the place of the owner's own live enrolment of the same sensor. */
      replaces: flag,
      /** Date until when it holds, if it is not for ever. */
      validUntil: maybe(timeMs),
    },
    v1: { identifier: text(64, 1), functions: list(choice(...sensorFunctions), sensorFunctions.length, 1) },
  },
  signedBy: [
    { who: 'the owner', role: roles, party: ({ owner }) => owner },
    { who: 'a monitor', role: 'monitor', party: ({ monitor }) => monitor },
  ],
  preconditions: {
    E_CREDENTIAL: 'its key, if any, is fit, and was not copied',
    E_ID_INVALID: 'the identifier is well formed',
    E_ID_LIVE: 'no live device has the identifier, or the owner replaces its own, which nobody else claims',
    E_NOT_FOUND: 'there is a live device to replace',
    E_SCHEMA: 'no function is named twice; it is valid for a time to come',
  },
  effects: 'the device is ACTIVE; what an earlier owner allowed it ends',
  visibility: 'V0',
  apply: (args, context) => {
    const defect = checkDeviceIdentifier(args.identifier);
    if (defect !== undefined) return refused('E_ID_INVALID', { field: 'identifier', reason: defect });
    if (new Set(args.functions).size !== args.functions.length)
      return refused('E_SCHEMA', { field: 'functions', reason: 'repeated' });
    const { validUntil } = args;
    const ended = validUntil === undefined ? undefined : checkFuture('validUntil', validUntil, context);
    if (ended !== undefined) return ended;
    const badKey = args.key.length === 0 ? undefined : keyDefect(args.key);
    if (badKey !== undefined) return refused('E_CREDENTIAL', { field: 'key', reason: badKey });
    const id = labelKey(context.network, 'device', args.identifier);
    const live = context.get(device, id);
    if (context.get(identityConflict, conflictId(id, args.key)) !== undefined)
      return refused('E_CREDENTIAL', { field: 'key', reason: 'it was copied' }, conflictId(id, args.key));
    if (live !== undefined && live.state !== 'REVOKED') {
      if (!args.replaces || !equalBytes(live.owner, args.owner))
        return refused('E_ID_LIVE', { field: 'identifier' }, id);
      if (live.state === 'CONTESTED') return refused('E_ID_LIVE', { reason: 'another claims it' }, id);
      if (live.state === 'COPIED') settleCopy(conflictId(id, live.key), context);
    } else if (args.replaces)
      return refused(
        'E_NOT_FOUND',
        { type: device.name, id: toHex(id), reason: 'nothing live to replace' },
        id,
      );
    const { owner, identifier, functions } = args;
    if (live !== undefined && !equalBytes(live.owner, owner)) changeThingOwner(id, owner, context);
    context.put(device, id, {
      ...{ owner, state: 'ACTIVE', key: args.key, validUntil, identifier, functions },
      ...versionOf(context),
    });
    return undefined;
  },
});

/** The copied key is none of the device's any more. */
function settleCopy(id: Uint8Array, context: Context): void {
  const conflict = context.get(identityConflict, id)!;
  context.put(identityConflict, id, { ...conflict, state: 'REKEYED', ...versionOf(context) });
}

/** A key enrols once, is fit to sign, and signs the call that enrols it. */
function checkNewKey(newKey: Uint8Array, context: Context): ContractRefusal | undefined {
  const defect = keyDefect(newKey);
  if (defect !== undefined) return refused('E_CREDENTIAL', { field: 'key', reason: defect });
  if (context.get(key, newKey) !== undefined) return refused('E_ID_LIVE', { field: 'key' }, newKey);
  if (!context.signedByKey(newKey))
    return refused('E_CREDENTIAL', { field: 'key', reason: 'the new key did not sign' });
  return undefined;
}
