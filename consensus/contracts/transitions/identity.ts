/** Row 0, one identity for one device (R175): claimed by another, or copied. It is suspended until that is resolved. */

import { equalBytes } from '../../codec/bytes.ts';
import { limits } from '../../codec/limits.ts';
import { bytes, flag, hash32, key32 } from '../../codec/schema.ts';
import { keyDefect } from '../../crypto/ed25519.ts';
import { leafHash, treeRoot } from '../../merkle/tree.ts';
import { type Frame, frame, verifyFrame } from '../../vertex/frame.ts';
import { conflictId, identityConflict } from '../objects/identity-conflict.ts';
import { versionOf } from '../objects/version.ts';
import { device, labelKey, roles } from '../registry.ts';
import { leaveLimit } from '../rules/credit-limits.ts';
import { changeThingOwner } from '../rules/things.ts';
import { checkSeatQuorum } from '../seats/fitness.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

/** `[THG-11]` Until its identity is cleared up the device counts for nothing; a credit limit that it carried goes on without it. */
function suspendDevice(id: Uint8Array, state: 'CONTESTED' | 'COPIED', context: Context): void {
  const enrolled = context.get(device, id)!;
  context.put(device, id, { ...enrolled, state, ...versionOf(context) });
  leaveLimit(id, context);
}

export const claimDevice = transition({
  name: 'claim-device',
  row: 0,
  summary: 'Claims an enrolled device as one’s own, with its key; a monitor countersigns. It is suspended.',
  args: { v0: { device: hash32, claimant: hash32, monitor: hash32, key: key32 } },
  signedBy: [
    { who: 'claimant', role: roles, party: ({ claimant }) => claimant },
    { who: 'a monitor', role: 'monitor', party: ({ monitor }) => monitor },
  ],
  preconditions: {
    E_CREDENTIAL: 'the claimant’s key of the device is fit, and signs',
    E_DEVICE_STATE: 'the device is ACTIVE',
    E_ID_LIVE: 'the claimant has not claimed it before',
    E_NOT_FOUND: 'what it names exists',
    E_STANDING: 'the claimant is not its owner',
  },
  effects:
    'the device is CONTESTED: nothing that it says counts, and nothing is paid by it; the claim is on record',
  visibility: 'V0',
  apply: ({ device: id, claimant, monitor, key }, context) => {
    const held = lookUp(context, device, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'ACTIVE') return refused('E_DEVICE_STATE', { state: held.state }, id);
    if (equalBytes(held.owner, claimant)) return refused('E_STANDING', { reason: 'it is its own' }, id);
    const defect = keyDefect(key) ?? (context.signedByKey(key) ? undefined : 'it did not sign');
    if (defect !== undefined) return refused('E_CREDENTIAL', { field: 'key', reason: defect });
    const conflict = conflictId(id, claimant);
    if (context.get(identityConflict, conflict) !== undefined)
      return refused('E_ID_LIVE', { reason: 'claimed before' }, conflict);
    suspendDevice(id, 'CONTESTED', context);
    context.put(identityConflict, conflict, {
      ...{ state: 'OPEN', device: id, cause: { type: 'claim', claimant, monitor, key } },
      ...versionOf(context),
    });
    return undefined;
  },
});

export const reportCopy = transition({
  name: 'report-copy',
  row: 0,
  summary: 'Shows two frames that a device’s key has signed under one counter. It is suspended.',
  args: {
    v0: { device: hash32 },
    v2: { first: bytes(limits.callBytesMax, 1), second: bytes(limits.callBytesMax, 1) },
  },
  signedBy: [],
  preconditions: {
    E_DEVICE_STATE: 'the device is ACTIVE, and has a key',
    E_EVIDENCE: 'both are on the ledger, of the device, under its present key, one counter, and differ',
    E_NOT_FOUND: 'what it names exists',
  },
  effects: 'the device is COPIED until its owner gives it another key; both frames are on record',
  evidence: 'the root over the two frames',
  visibility: 'V0',
  apply: ({ device: id, first, second }, context) => {
    const held = lookUp(context, device, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'ACTIVE' || held.key.length === 0)
      return refused('E_DEVICE_STATE', { state: held.state }, id);
    const one = openFrame(first, id, held.key, context);
    if (isRefusal(one)) return one;
    const other = openFrame(second, id, held.key, context);
    if (isRefusal(other)) return other;
    if (one.session !== other.session || one.counter !== other.counter)
      return refused('E_EVIDENCE', {
        reason: 'under two counters',
        first: one.counter,
        second: other.counter,
      });
    if (equalBytes(unsignedBytes(one), unsignedBytes(other)))
      return refused('E_EVIDENCE', { reason: 'they say the same', counter: one.counter });
    suspendDevice(id, 'COPIED', context);
    const frames = treeRoot([one, other].map((shown) => leafHash(frame.encode(shown))));
    context.put(identityConflict, conflictId(id, held.key), {
      ...{ state: 'OPEN', device: id, cause: { type: 'copy', frames } },
      ...versionOf(context),
    });
    return undefined;
  },
});

function openFrame(
  proof: Uint8Array,
  id: Uint8Array,
  key: Uint8Array,
  context: Context,
): Frame | ContractRefusal {
  const shown = context.evidence(proof);
  if (isRefusal(shown)) return refused('E_EVIDENCE', { ...shown.facts, cause: shown.code });
  if (!equalBytes(labelKey(context.network, 'device', shown.frame.device), id))
    return refused('E_EVIDENCE', { reason: 'of another device', device: shown.frame.device });
  if (!verifyFrame(shown.frame, context.network, key))
    return refused('E_EVIDENCE', { reason: 'the device’s key did not sign it', device: shown.frame.device });
  return shown.frame;
}

/** One frame may have several signatures that verify. */
function unsignedBytes(shown: Frame): Uint8Array {
  return frame.encode({ ...shown, signature: new Uint8Array(0) });
}

export const resolveClaim = transition({
  name: 'resolve-claim',
  row: 0,
  summary: 'Decides whose a claimed device is.',
  args: { v0: { device: hash32, claimant: hash32, upheld: flag } },
  signedBy: [
    {
      who: 'the parties of q present seats; or who gives way: the claimant, or the owner',
      role: roles,
      party: () => undefined,
    },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_ROLE: 'the parties of q seats sign, or who gives way',
    E_STATE: 'the claim is OPEN',
  },
  effects:
    'ACTIVE again, as it was; or the claimant’s, under its key, and what the owner before allowed it ends',
  visibility: 'V0',
  apply: ({ device: id, claimant, upheld }, context) => {
    const held = lookUp(context, device, id);
    if (isRefusal(held)) return held;
    const conflict = conflictId(id, claimant);
    const claim = lookUp(context, identityConflict, conflict);
    if (isRefusal(claim)) return claim;
    if (claim.state !== 'OPEN') return wrongState(claim.state, ['OPEN'], conflict);
    if (!context.signedBy(upheld ? held.owner : claimant)) {
      const refusal = checkSeatQuorum(context);
      if (refusal !== undefined) return refusal;
    }
    const { cause } = claim;
    if (upheld && cause.type === 'claim') {
      changeThingOwner(id, claimant, context);
      const enrolled = { ...held, owner: claimant, key: cause.key, validUntil: undefined };
      context.put(device, id, { ...enrolled, state: 'ACTIVE', ...versionOf(context) });
    } else context.put(device, id, { ...held, state: 'ACTIVE', ...versionOf(context) });
    const state = upheld ? 'UPHELD' : 'DISMISSED';
    context.put(identityConflict, conflict, { ...claim, state, ...versionOf(context) });
    return undefined;
  },
});
