/** Row 23: the monitor warns that something is wrong with pledged goods, and readings prove it (semantics §6 "Triggers"). */

import { choice, hash32 } from '../../codec/schema.ts';
import { compareDecimals, type Decimal } from '../../vertex/decimal.ts';
import type { QuantityName } from '../../vertex/quantities.ts';
import type { ValueOf } from '../object.ts';
import { pledge } from '../objects/pledge.ts';
import { unit } from '../objects/unit.ts';
import { type ReadingTrigger, readingTriggers } from '../objects/warning.ts';
import type { Policy } from '../policy.ts';
import { isWithin } from '../rules/amounts.ts';
import { claimReadings, micrograms, type Observation, observe, readingProofs } from '../rules/evidence.ts';
import { raiseWarning } from '../rules/warnings.ts';
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

/** 30 degrees, in radians. */
const tiltMost: Decimal = { mantissa: 5236, exponent: -4 };
/** 5 g, in m/s². */
const shockMost: Decimal = { mantissa: 49_033, exponent: -3 };

export const warn = transition({
  name: 'warn',
  row: 23,
  summary: 'Warns on a perfected pledge; the cure period begins.',
  args: { v0: { pledge: hash32 }, v1: { trigger: choice(...readingTriggers), evidence: readingProofs } },
  signedBy: [{ who: 'monitor', role: 'monitor', party: partyIn(pledge, 'pledge', 'monitor') }],
  preconditions: {
    E_EVIDENCE: 'the readings show the breach, one source at least not the owner’s',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the pledge is PERFECTED',
  },
  effects: 'WARNED; the cure clock starts',
  evidence: 'root over the readings',
  visibility: 'V1',
  apply: ({ pledge: pledgeId, trigger, evidence }, context) => {
    const held = lookUp(context, pledge, pledgeId);
    if (isRefusal(held)) return held;
    if (held.state !== 'PERFECTED') return wrongState(held.state, ['PERFECTED'], pledgeId);
    const goods = lookUp(context, unit, held.unit);
    if (isRefusal(goods)) return goods;
    const observed = observe(evidence, goods, context.time, context);
    if (isRefusal(observed)) return observed;
    const proof = proveTrigger(trigger, observed.observations, held.unit, goods, context);
    if (isRefusal(proof)) return proof;
    const cureUntil = context.running + context.policy.cureMs;
    raiseWarning(pledgeId, held, { trigger, ...proof, evidenceRoot: observed.root }, cureUntil, context);
    return undefined;
  },
});

type Goods = ValueOf<typeof unit>;

interface Proof {
  readonly measured: Decimal;
  readonly level: 'warning' | 'critical';
}

/** Every reading of the quantity shown must be a breach, and one must come from a device that is not the owner's. */
function proveTrigger(
  trigger: ReadingTrigger,
  observations: readonly Observation[],
  unitId: Uint8Array,
  goods: Goods,
  context: Context,
): Proof | ContractRefusal {
  const readings = observations.filter(({ quantity }) => quantity === (trigger satisfies QuantityName));
  const harmless = readings.find(({ value }) => !isBreach(trigger, value, goods, context.policy));
  if (harmless !== undefined) {
    const { mantissa, exponent } = harmless.value;
    return refused('E_EVIDENCE', {
      reason: 'a reading does not show the breach',
      trigger,
      mantissa,
      exponent,
    });
  }
  const proof = readings.find(({ ownersOwn }) => !ownersOwn);
  if (proof === undefined)
    return refused('E_EVIDENCE', { reason: 'no reading of it by a device not the owner’s', trigger });
  // Weight speaks of these goods alone; climate and motion speak of all that stands near.
  if (trigger !== 'weight') return { measured: proof.value, level: 'warning' };
  const claimed = claimReadings(
    readings.map(({ use }) => use),
    unitId,
    context,
  );
  if (claimed !== undefined) return claimed;
  const critical = differs(proof.value, goods, context.policy.weightCriticalBp);
  return { measured: proof.value, level: critical ? 'critical' : 'warning' };
}

function isBreach(trigger: ReadingTrigger, value: Decimal, goods: Goods, policy: Policy): boolean {
  switch (trigger) {
    case 'weight':
      return differs(value, goods, policy.weightWarnBp);
    case 'temperature':
      return goods.temperature !== undefined && isOutside(value, goods.temperature);
    case 'tilt':
      return compareDecimals({ ...value, mantissa: Math.abs(value.mantissa) }, tiltMost) > 0;
    case 'shock':
      return compareDecimals(value, shockMost) > 0;
  }
}

/** Against expected stock, which is the book quantity; never against the last reading. */
function differs(weight: Decimal, goods: Goods, mostBp: number): boolean {
  return !isWithin(micrograms(weight), BigInt(goods.quantity) * 1_000_000n, mostBp);
}

function isOutside(celsius: Decimal, range: NonNullable<Goods['temperature']>): boolean {
  const least = { mantissa: range.leastMilliC, exponent: -3 };
  const most = { mantissa: range.mostMilliC, exponent: -3 };
  return compareDecimals(celsius, least) < 0 || compareDecimals(celsius, most) > 0;
}
