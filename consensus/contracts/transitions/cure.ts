/** Row 25: the cause of every open warning is removed, and a fresh count shows the goods. */

import { hash32, maybe } from '../../codec/schema.ts';
import { scaledInteger } from '../../vertex/decimal.ts';
import type { ValueOf } from '../object.ts';
import { pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { type Trigger, warning } from '../objects/warning.ts';
import { party } from '../registry.ts';
import { checkCovered } from '../rules/cover.ts';
import {
  checkAgreement,
  claimReadings,
  measure,
  type Observation,
  observe,
  readingProofs,
} from '../rules/evidence.ts';
import { closeWarnings } from '../rules/warnings.ts';
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
import { evaluateTrigger } from '../triggers/evaluate.ts';
import { expectedOf } from '../triggers/readings.ts';
import { defaultTriggers, ruleOf, type Signal } from '../triggers/rules.ts';

export const cure = transition({
  name: 'cure',
  row: 25,
  summary: 'Attests that the cause of the warnings is removed; the pledgee accepts.',
  args: { v0: { pledge: hash32 }, v1: { resolver: maybe(hash32), evidence: readingProofs } },
  signedBy: [
    { who: 'monitor, who attests', role: 'monitor', party: partyIn(pledge, 'pledge', 'monitor') },
    {
      who: 'pledgee, who accepts; or a resolver in its place',
      role: ['bank', 'resolver'],
      party: (args, context) => {
        if (args.resolver !== undefined) return args.resolver;
        const held = lookUp(context, pledge, args.pledge);
        return isRefusal(held) ? held : held.pledgee;
      },
    },
  ],
  preconditions: {
    E_EVIDENCE: 'a fresh count by independent devices',
    E_NOT_CURED:
      'the count agrees with the book, nothing is short, and no open warning’s cause is still there or left unshown',
    E_NOT_FOUND: 'what it names exists',
    E_PRICE_STALE: 'a warning of cover is cured at fresh prices',
    E_ROLE: 'a resolver in the pledgee’s place is one',
    E_STATE: 'the pledge is WARNED or FROZEN',
  },
  effects: 'PERFECTED; the warnings are CURED',
  evidence: 'root over the count',
  visibility: 'V1',
  apply: ({ pledge: id, resolver, evidence }, context) => {
    const held = lookUp(context, pledge, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'WARNED' && held.state !== 'FROZEN')
      return wrongState(held.state, ['WARNED', 'FROZEN'], id);
    if (resolver !== undefined && !context.get(party, resolver)?.roles.includes('resolver'))
      return refused('E_ROLE', { field: 'resolver', reason: 'the party does not have the role' }, resolver);
    const goods = lookUp(context, unit, held.unit);
    if (isRefusal(goods)) return goods;
    const countRoot = countAgain(evidence, held, goods, context);
    if (isRefusal(countRoot)) return countRoot;
    closeWarnings(held, context);
    context.put(pledge, id, {
      ...held,
      state: 'PERFECTED',
      cureUntil: 0,
      openWarnings: [],
      countRoot,
      ...versionOf(context),
    });
    return undefined;
  },
});

type Pledge = ValueOf<typeof pledge>;
type Goods = ValueOf<typeof unit>;

/** Root over the readings that show the goods whole and every cause gone. */
function countAgain(
  evidence: readonly Uint8Array[],
  held: Pledge,
  goods: Goods,
  context: Context,
): Uint8Array | ContractRefusal {
  const observed = observe(evidence, goods, context.time, context);
  if (isRefusal(observed)) return observed;
  const measured = measure(observed);
  if (isRefusal(measured)) return measured;
  const differs = checkAgreement(measured, goods.quantity, goods.packages, context.policy.toleranceBp);
  if (differs !== undefined) return refused('E_NOT_CURED', differs.facts);
  if (goods.shortfall > 0) return refused('E_NOT_CURED', { shortfall: goods.shortfall }, held.unit);
  for (const id of held.openWarnings) {
    const open = context.get(warning, id);
    if (open?.state !== 'OPEN') continue;
    const refusal = checkCause(open.trigger, held, goods, observed.observations, context);
    if (refusal === undefined) continue;
    return refusal.code === 'E_PRICE_STALE' ? refusal : refused('E_NOT_CURED', refusal.facts, id);
  }
  return claimReadings(observed.uses, held.unit, context) ?? observed.root;
}

/** Shown gone: by a reading within bounds for what sensors see, by document and price for the rest. */
function checkCause(
  trigger: Trigger,
  held: Pledge,
  goods: Goods,
  observations: readonly Observation[],
  context: Context,
): ContractRefusal | undefined {
  switch (trigger) {
    // The count has shown these.
    case 'weight':
    case 'loss':
    case 'silence':
      return undefined;
    case 'cover':
      return checkCovered(held.loan, context);
    case 'insurance': {
      const document = held.receipt && context.get(receipt, held.receipt);
      const insured = document !== undefined && document.insuredUntil > context.time + context.policy.cureMs;
      return insured ? undefined : refused('E_NOT_CURED', { trigger });
    }
    default:
      return checkReading(trigger, goods, observations, context);
  }
}

function checkReading(
  trigger: Exclude<Signal, 'weight' | 'silence' | 'insurance'>,
  goods: Goods,
  observations: readonly Observation[],
  context: Context,
): ContractRefusal | undefined {
  const rule = ruleOf(defaultTriggers, trigger)!;
  const expected = expectedOf(goods, false);
  const quantity = trigger === 'geofence' ? 'latitude' : trigger;
  // Goods that have arrived are within no fence any more: the store's count shows where they are.
  if (trigger === 'geofence' && goods.transit === undefined) return undefined;
  const own = observations.filter((entry) => entry.quantity === quantity && !entry.ownersOwn);
  if (own.length === 0) return refused('E_NOT_CURED', { trigger, reason: 'no reading shows it gone' });
  // Each is looked at beside all others.
  context.step(own.length * observations.length);
  const single = { ...rule, sources: 1, warnReadings: 1, warnMs: 0 };
  const still = own.find(
    (entry) =>
      'level' in evaluateTrigger(single, undefined, [entry, ...longitudesOf(entry, observations)], expected),
  );
  if (still === undefined) return undefined;
  const measured = String(scaledInteger(still.value, 6));
  return refused('E_NOT_CURED', { trigger, reason: 'a reading still shows it', measured });
}

const longitudesOf = (entry: Observation, all: readonly Observation[]): readonly Observation[] =>
  all.filter(({ quantity, use }) => quantity === 'longitude' && use === entry.use);
