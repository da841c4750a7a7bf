/** Row 12, credit limits: the output of a member is measured, and the limit follows it `[CRD-5]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { limits } from '../../codec/limits.ts';
import { bytes, hash32 } from '../../codec/schema.ts';
import { creditLimit, liveLimitStates, type Member } from '../objects/credit-limit.ts';
import { roles } from '../registry.ts';
import { putLimit } from '../rules/credit-limits.ts';
import { observe, wholeCount } from '../rules/evidence.ts';
import { activeDevice } from '../rules/things.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

export const measureLimit = transition({
  name: 'measure-limit',
  row: 12,
  summary: 'Shows what a member of a credit limit has put out; the limit in force follows.',
  args: { v0: { limit: hash32 }, v2: { by: hash32, device: hash32, reading: bytes(limits.callBytesMax, 1) } },
  signedBy: [{ who: 'applicant, or bank', role: roles, party: ({ by }) => by }],
  preconditions: {
    E_DEVICE_STATE: 'the device can sign',
    E_EVIDENCE: 'a fresh count of what its terms name, signed by the device, no lower than the one before',
    E_NOT_DUE: 'at least half of the period is over',
    E_NOT_FOUND: 'what it names exists',
    E_SCOPE: 'the device is a member',
    E_STANDING: 'it is the applicant or the bank',
    E_STATE: 'the limit is ACTIVE or FROZEN',
  },
  effects:
    'the member’s output is the rise of its count since the reading before; the limit is what the members carry',
  visibility: 'V2',
  apply: ({ limit: id, by, device, reading }, context) => {
    const held = lookUp(context, creditLimit, id);
    if (isRefusal(held)) return held;
    if (![held.applicant, held.bank].some((entry) => equalBytes(entry, by)))
      return refused('E_STANDING', {}, by);
    if (!liveLimitStates.includes(held.state)) return wrongState(held.state, liveLimitStates, id);
    const member = held.members.find((entry) => equalBytes(entry.device, device));
    if (member === undefined) return refused('E_SCOPE', { reason: 'not a member of the limit' }, device);
    const measured = measureOutput(member, held.periodMs, held.applicant, reading, context);
    if (isRefusal(measured)) return measured;
    const members = held.members.map((entry) => (entry === member ? measured : entry));
    putLimit(id, { ...held, members }, context);
    return undefined;
  },
});

/** What the reading makes of the member: it ends a period and begins the next, or begins one with nothing put out. */
function measureOutput(
  member: Member,
  periodMs: number,
  owner: Uint8Array,
  reading: Uint8Array,
  context: Context,
): Member | ContractRefusal {
  const { device, measure, mark: before, output: outputBefore, lengthMs: lengthBeforeMs } = member;
  const active = activeDevice(device, owner, context);
  if (isRefusal(active)) return active;
  const observed = observe([reading], { owner, monitor: owner }, context.time, context);
  if (isRefusal(observed)) return observed;
  const shown = observed.observations.find(({ quantity }) => quantity === measure);
  if (shown === undefined || !equalBytes(shown.device, device))
    return refused('E_EVIDENCE', { reason: `no count of the device, in ${measure}` }, device);
  const { session, counter, time: at } = shown;
  const count = wholeCount(shown.value);
  const earlier = { outputBefore, lengthBeforeMs, mark: { session, counter, count, at } };
  if (before === undefined || before.session !== session || at - before.at > periodMs)
    return { ...member, output: 0, lengthMs: 0, ...earlier };
  if (counter <= before.counter || count < before.count)
    return refused('E_EVIDENCE', { reason: 'the count runs backwards' }, device);
  const lengthMs = at - before.at;
  if (2 * lengthMs < periodMs) return refused('E_NOT_DUE', { at, since: before.at, periodMs }, device);
  return { ...member, output: count - before.count, lengthMs, measuredAt: at, ...earlier };
}
