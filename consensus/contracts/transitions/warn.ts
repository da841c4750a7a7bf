/** Row 23: a warning, on readings by the monitor, or by anybody where clock or document show it. semantics §6. */

import { choice, hash32 } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { pledge } from '../objects/pledge.ts';
import { pulse } from '../objects/pulse.ts';
import { receipt } from '../objects/receipt.ts';
import { triggerSet } from '../objects/trigger-set.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { warning } from '../objects/warning.ts';
import { isLiveOrder } from '../rules/cover.ts';
import { claimReadings, observe, readingProofs } from '../rules/evidence.ts';
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
import { evaluateTrigger } from '../triggers/evaluate.ts';
import { expectedOf } from '../triggers/readings.ts';
import { ruleOf, type Signal, type TriggerRule, triggerRules } from '../triggers/rules.ts';

type Pledge = ValueOf<typeof pledge>;

/** Leaves room for what losses and margin calls raise by themselves. */
const warningsMax = 16;
const byReadings = ['weight', 'temperature', 'tilt', 'shock', 'geofence', 'door'] as const;
const byThemselves = ['silence', 'insurance'] as const;

/** The pledge may be warned about, and its rules. */
function readWarnable(id: Uint8Array, context: Context): Pledge | ContractRefusal {
  const held = lookUp(context, pledge, id);
  if (isRefusal(held)) return held;
  if (held.state !== 'PERFECTED' && held.state !== 'WARNED')
    return wrongState(held.state, ['PERFECTED', 'WARNED'], id);
  return held.openWarnings.length < warningsMax
    ? held
    : refused('E_STATE', { reason: 'too many warnings are open', most: warningsMax }, id);
}

function rulesOf(held: Pledge, context: Context): readonly TriggerRule[] {
  const own = held.triggers && context.get(triggerSet, held.triggers);
  return own?.rules ?? context.policy.triggers;
}

export const warn = transition({
  name: 'warn',
  row: 23,
  summary: 'Warns on a perfected pledge: readings show a breach by its trigger rules.',
  args: { v0: { pledge: hash32 }, v1: { trigger: choice(...byReadings), evidence: readingProofs } },
  signedBy: [{ who: 'monitor', role: 'monitor', party: partyIn(pledge, 'pledge', 'monitor') }],
  preconditions: {
    E_EVIDENCE:
      'each reading shown is a breach; k sources, independent by device, gateway and owner and not all the owner’s, show it as often and as long as the rule asks',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the pledge is PERFECTED or WARNED',
  },
  effects: 'WARNED; the cure clock starts',
  evidence: 'root over the readings',
  visibility: 'V1',
  apply: ({ pledge: id, trigger, evidence }, context) => {
    const held = readWarnable(id, context);
    if (isRefusal(held)) return held;
    const goods = lookUp(context, unit, held.unit);
    if (isRefusal(goods)) return goods;
    const rules = rulesOf(held, context);
    const rule = ruleOf(rules, trigger);
    if (rule === undefined) return refused('E_EVIDENCE', { reason: 'no rule for this trigger', trigger });
    const ageMs = context.policy.evidenceAgeMs + Math.max(rule.warnMs, rule.criticalMs);
    const observed = observe(evidence, goods, context.time, context, ageMs);
    if (isRefusal(observed)) return observed;
    const expected = expectedOf(
      goods,
      held.orders.some((order) => isLiveOrder(order, context)),
    );
    const weightRule = ruleOf(rules, 'weight');
    const shown = evaluateTrigger(rule, weightRule, observed.observations, expected, context.step);
    if ('reason' in shown) return refused('E_EVIDENCE', { reason: shown.reason, trigger });
    // Weight speaks of these goods alone; climate, motion and place speak of all that stands near.
    const weighings = observed.observations.filter(({ quantity }) => quantity === 'weight');
    const claimed = claimReadings(
      weighings.map(({ use }) => use),
      held.unit,
      context,
    );
    if (claimed !== undefined) return claimed;
    const cureUntil = context.running + context.policy.cureMs;
    raiseWarning(id, held, { trigger, ...shown, evidenceRoot: observed.root }, cureUntil, context);
    return undefined;
  },
});

export const warnDue = transition({
  name: 'warn-due',
  row: 23,
  summary: 'Warns on a perfected pledge whose goods have fallen silent, or whose insurance ends.',
  args: { v0: { pledge: hash32, trigger: choice(...byThemselves) } },
  signedBy: [],
  preconditions: {
    E_EVIDENCE: 'the goods were last heard of too long ago, or the insurance of the receipt ends too soon',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the pledge is PERFECTED or WARNED, and not warned of this already',
  },
  effects: 'WARNED; the cure clock starts',
  visibility: 'V1',
  apply: ({ pledge: id, trigger }, context) => {
    const held = readWarnable(id, context);
    if (isRefusal(held)) return held;
    const rule = ruleOf(rulesOf(held, context), trigger);
    if (rule === undefined) return refused('E_EVIDENCE', { reason: 'no rule for this trigger', trigger });
    const open = held.openWarnings.find((entry) => context.get(warning, entry)?.trigger === trigger);
    if (open !== undefined) return refused('E_STATE', { reason: 'warned of it already' }, open);
    const shown = trigger === 'silence' ? silence(held, rule, context) : insurance(held, rule, context);
    if (isRefusal(shown)) return shown;
    const measured = { mantissa: Math.max(0, shown.ms), exponent: -3 };
    const raised = { trigger, level: shown.level, measured, evidenceRoot: context.callId };
    raiseWarning(id, held, raised, context.running + context.policy.cureMs, context);
    return undefined;
  },
});

type Due = { readonly level: 'warning' | 'critical'; readonly ms: number } | ContractRefusal;

/** Running time, so that a pause of finality is nobody's silence. */
function silence(held: Pledge, rule: TriggerRule, context: Context): Due {
  const heard = context.get(pulse, held.unit);
  if (heard === undefined) return refused('E_EVIDENCE', { reason: 'no heartbeat was ever recorded' });
  const ms = context.running - heard.heardAt;
  if (ms <= rule.warnMs) return refused('E_EVIDENCE', { reason: 'heard of in time', ms, most: rule.warnMs });
  const critical = ms > rule.criticalMs || held.openWarnings.length > 0;
  return { level: critical ? 'critical' : 'warning', ms };
}

/** A policy's end is a date of the calendar: no pause moves it. */
function insurance(held: Pledge, rule: TriggerRule, context: Context): Due {
  const document = held.receipt && context.get(receipt, held.receipt);
  if (document === undefined) return refused('E_EVIDENCE', { reason: 'no receipt names an insurance' });
  const ms = document.insuredUntil - context.time;
  if (ms > rule.warnMs)
    return refused('E_EVIDENCE', { reason: 'insured for longer', ms, least: rule.warnMs });
  return { level: ms <= 0 ? 'critical' : 'warning', ms };
}

export const recordPulse = transition({
  name: 'record-pulse',
  row: 23,
  summary: 'Records that the goods were heard of: the clock of silence starts anew.',
  args: { v0: { unit: hash32 }, v1: { evidence: readingProofs } },
  signedBy: [{ who: 'monitor', role: 'monitor', party: partyIn(unit, 'unit', 'monitor') }],
  preconditions: {
    E_EVIDENCE: 'a fresh reading by a device that is not the owner’s',
    E_NOT_FOUND: 'what it names exists',
  },
  effects: 'silence counts from here',
  evidence: 'the readings',
  visibility: 'V1',
  apply: ({ unit: id, evidence }, context) => {
    const goods = lookUp(context, unit, id);
    if (isRefusal(goods)) return goods;
    const observed = observe(evidence, goods, context.time, context);
    if (isRefusal(observed)) return observed;
    if (observed.observations.every(({ ownersOwn }) => ownersOwn))
      return refused('E_EVIDENCE', { reason: 'no reading by a device not the owner’s' });
    const { owner, custodian, monitor } = goods;
    context.put(pulse, id, { owner, custodian, monitor, heardAt: context.running, ...versionOf(context) });
    return undefined;
  },
});

export const agreeTriggers = transition({
  name: 'agree-triggers',
  row: 23,
  summary: 'Gives a pledge trigger rules of its own, in place of the network’s.',
  args: { v0: { pledge: hash32 }, v1: { rules: triggerRules } },
  signedBy: [
    { who: 'pledgor', role: 'enterprise', party: partyIn(pledge, 'pledge', 'pledgor') },
    { who: 'pledgee', role: 'bank', party: partyIn(pledge, 'pledge', 'pledgee') },
    { who: 'monitor', role: 'monitor', party: partyIn(pledge, 'pledge', 'monitor') },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_SCHEMA: 'no signal has two rules',
    E_STATE: 'the pledge is AGREED or PERFECTED',
  },
  effects: 'warnings of this pledge go by these rules',
  visibility: 'V1',
  apply: ({ pledge: id, rules }, context) => {
    const held = lookUp(context, pledge, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'AGREED' && held.state !== 'PERFECTED')
      return wrongState(held.state, ['AGREED', 'PERFECTED'], id);
    if (new Set<Signal>(rules.map(({ signal }) => signal)).size !== rules.length)
      return refused('E_SCHEMA', { field: 'rules', reason: 'a signal has two rules' });
    const { pledgor, pledgee, monitor } = held;
    const set = { pledge: id, pledgor, pledgee, monitor, rules };
    context.put(triggerSet, context.callId, { ...set, ...versionOf(context) });
    context.put(pledge, id, { ...held, triggers: context.callId, ...versionOf(context) });
    return undefined;
  },
});
