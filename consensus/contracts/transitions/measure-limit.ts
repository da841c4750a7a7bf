/** Row 12, credit limits: the output of a member is measured, and the limit follows it `[CRD-5]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32 } from '../../codec/schema.ts';
import { compareDecimals } from '../../vertex/decimal.ts';
import { creditLimit, liveLimitStates } from '../objects/credit-limit.ts';
import { roles } from '../registry.ts';
import { type CreditLimit, putLimit } from '../rules/credit-limits.ts';
import { type Observation, observe, readingProofs, wholeCount } from '../rules/evidence.ts';
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
  args: { v0: { limit: hash32 }, v2: { by: hash32, device: hash32, evidence: readingProofs } },
  signedBy: [{ who: 'applicant, or bank', role: roles, party: ({ by }) => by }],
  preconditions: {
    E_DEVICE_STATE: 'the device can sign',
    E_EVIDENCE:
      'two or more of the device’s pulse counts within the period, of one session, rising; the newest fresh',
    E_NOT_FOUND: 'what it names exists',
    E_SCOPE: 'the device is a member',
    E_STANDING: 'it is the applicant or the bank',
    E_STATE: 'the limit is ACTIVE or FROZEN',
  },
  effects: 'the member’s output is the rise of its count, and the limit is what the members carry',
  visibility: 'V2',
  apply: ({ limit: id, by, device, evidence }, context) => {
    const held = lookUp(context, creditLimit, id);
    if (isRefusal(held)) return held;
    if (![held.applicant, held.bank].some((entry) => equalBytes(entry, by)))
      return refused('E_STANDING', {}, by);
    if (!liveLimitStates.includes(held.state)) return wrongState(held.state, liveLimitStates, id);
    if (!held.members.some((member) => equalBytes(member.device, device)))
      return refused('E_SCOPE', { reason: 'not a member of the limit' }, device);
    const measured = measureOutput(held, device, evidence, context);
    if (isRefusal(measured)) return measured;
    const members = held.members.map((member) =>
      equalBytes(member.device, device) ? { ...member, ...measured } : member,
    );
    putLimit(id, { ...held, members }, context);
    return undefined;
  },
});

/** The rise of the device's pulse count between the first and the last reading shown. */
function measureOutput(
  { applicant, periodMs }: CreditLimit,
  device: Uint8Array,
  evidence: readonly Uint8Array[],
  context: Context,
): { readonly output: number; readonly measuredAt: number } | ContractRefusal {
  const { evidenceAgeMs } = context.policy;
  const active = activeDevice(device, applicant, context);
  if (isRefusal(active)) return active;
  const ageMs = Math.max(periodMs, evidenceAgeMs);
  const observed = observe(evidence, { owner: applicant, monitor: applicant }, context.time, context, ageMs);
  if (isRefusal(observed)) return observed;
  const counts = observed.observations
    .filter(({ quantity, device: source }) => quantity === 'pulses' && equalBytes(source, device))
    .sort((a, b) => a.counter - b.counter);
  const wrong = (reason: string) => refused('E_EVIDENCE', { reason }, device);
  const [first] = counts;
  const last = counts.at(-1);
  if (first === undefined || last === undefined || first === last)
    return wrong('two counts of the device are needed');
  if (counts.some(({ session }) => session !== first.session)) return wrong('of two sessions');
  if (!counts.every((count, index) => index === 0 || follows(counts[index - 1]!, count)))
    return wrong('the count or the clock runs backwards');
  if (last.time - first.time > periodMs) return wrong('over more than the period');
  if (Math.abs(context.time - last.time) > evidenceAgeMs) return wrong('the newest count is not fresh');
  return { output: wholeCount(last.value) - wholeCount(first.value), measuredAt: last.time };
}

const follows = (before: Observation, after: Observation): boolean =>
  after.time >= before.time && compareDecimals(after.value, before.value) >= 0;
