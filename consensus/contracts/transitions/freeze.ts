/** Row 24: nothing leaves, passes or is drawn any more. Top-up, repayment, correction and preservation stay open. */

import { hash32, record, tagged, text } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { pledge } from '../objects/pledge.ts';
import { versionOf } from '../objects/version.ts';
import { warning } from '../objects/warning.ts';
import { party } from '../registry.ts';
import { includesId } from '../rules/lists.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

const ground = tagged('ground', {
  /** The pledgee, on any open warning. */
  pledgee: record('by-pledgee', { warning: hash32 }),
  /** Anybody, on a critical one. */
  policy: record('by-policy', { warning: hash32 }),
  /** A resolver, by its order. */
  resolver: record('by-resolver', { resolver: hash32, order: text(80, 1) }),
});

export const freeze = transition({
  name: 'freeze',
  row: 24,
  summary: 'Freezes a pledge on an open warning, or by order of a resolver.',
  args: { v0: { pledge: hash32 }, v1: { ground } },
  signedBy: [
    {
      who: 'pledgee, or a resolver; nobody on a critical warning',
      role: ['bank', 'resolver'],
      party: (args, context) => {
        if (args.ground.type === 'policy') return undefined;
        if (args.ground.type === 'resolver') return args.ground.resolver;
        const held = lookUp(context, pledge, args.pledge);
        return isRefusal(held) ? held : held.pledgee;
      },
    },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_ROLE: 'who orders it is a resolver',
    E_STATE:
      'the pledge is WARNED, by the open warning cited, which is critical if nobody signs; for a resolver, also PERFECTED',
  },
  effects: 'FROZEN: no exit, transfer or draw',
  visibility: 'V1',
  apply: ({ pledge: id, ground: cited }, context) => {
    const held = lookUp(context, pledge, id);
    if (isRefusal(held)) return held;
    const refusal =
      cited.type === 'resolver'
        ? checkOrder(held, id, cited.resolver, context)
        : checkWarning(held, id, cited, context);
    if (refusal !== undefined) return refusal;
    context.put(pledge, id, { ...held, state: 'FROZEN', ...versionOf(context) });
    return undefined;
  },
});

type Pledge = ValueOf<typeof pledge>;

function checkOrder(
  held: Pledge,
  id: Uint8Array,
  resolver: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  if (!context.get(party, resolver)?.roles.includes('resolver'))
    return refused('E_ROLE', { field: 'resolver', reason: 'the party does not have the role' }, resolver);
  return held.state === 'PERFECTED' || held.state === 'WARNED'
    ? undefined
    : wrongState(held.state, ['PERFECTED', 'WARNED'], id);
}

function checkWarning(
  held: Pledge,
  id: Uint8Array,
  cited: { readonly type: 'pledgee' | 'policy'; readonly warning: Uint8Array },
  context: Context,
): ContractRefusal | undefined {
  if (held.state !== 'WARNED') return wrongState(held.state, ['WARNED'], id);
  const open = lookUp(context, warning, cited.warning);
  if (isRefusal(open)) return open;
  if (open.state !== 'OPEN' || !includesId(held.openWarnings, cited.warning))
    return refused('E_STATE', { reason: 'no open warning of this pledge' }, cited.warning);
  return cited.type === 'policy' && open.level !== 'critical'
    ? refused('E_STATE', { reason: 'not critical: the pledgee decides' }, cited.warning)
    : undefined;
}
