/** Row 12, credit limits: nothing more is lent under one, until who froze it thaws it `[CRD-3]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, text } from '../../codec/schema.ts';
import { creditLimit } from '../objects/credit-limit.ts';
import { party } from '../registry.ts';
import { putLimit } from '../rules/credit-limits.ts';
import { isRefusal, lookUp, refused, transition, wrongState } from '../transition.ts';

export const freezeLimit = transition({
  name: 'freeze-limit',
  row: 12,
  summary: 'Freezes a credit limit.',
  args: { v0: { limit: hash32 }, v2: { by: hash32, reason: text(80, 1) } },
  signedBy: [{ who: 'bank, or a resolver by order', role: ['bank', 'resolver'], party: ({ by }) => by }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STANDING: 'the bank is the limit’s own',
    E_STATE: 'the limit is ACTIVE',
  },
  effects: 'FROZEN: no approval, drawing or modification; repayment and measurement stay open',
  visibility: 'V2',
  apply: ({ limit: id, by, reason }, context) => {
    const held = lookUp(context, creditLimit, id);
    if (isRefusal(held)) return held;
    if (!equalBytes(by, held.bank) && !context.get(party, by)?.roles.includes('resolver'))
      return refused('E_STANDING', {}, by);
    if (held.state !== 'ACTIVE') return wrongState(held.state, ['ACTIVE'], id);
    putLimit(id, { ...held, state: 'FROZEN', frozenBy: by, reason }, context);
    return undefined;
  },
});

export const thawLimit = transition({
  name: 'thaw-limit',
  row: 12,
  summary: 'Thaws a frozen credit limit.',
  args: { v0: { limit: hash32 } },
  signedBy: [
    {
      who: 'who froze it',
      role: ['bank', 'resolver'],
      party: ({ limit: id }, context) => {
        const held = lookUp(context, creditLimit, id);
        return isRefusal(held) ? held : held.frozenBy;
      },
    },
  ],
  preconditions: { E_NOT_FOUND: 'what it names exists', E_STATE: 'the limit is FROZEN' },
  effects: 'ACTIVE, on the same terms',
  visibility: 'V2',
  apply: ({ limit: id }, context) => {
    const held = lookUp(context, creditLimit, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'FROZEN') return wrongState(held.state, ['FROZEN'], id);
    putLimit(id, { ...held, state: 'ACTIVE', frozenBy: undefined, reason: '' }, context);
    return undefined;
  },
});
