/** Invariants of authority, pledges and loans (semantics §7: 7, 8, 11). */

import { equalBytes } from '../../codec/bytes.ts';
import { evaluation } from '../objects/evaluation.ts';
import { loan } from '../objects/loan.ts';
import { pledge, securedStates } from '../objects/pledge.ts';
import { unit } from '../objects/unit.ts';
import { callRecord } from '../registry.ts';
import { isControlledBy } from '../rules/affiliation.ts';
import { totalDebt } from '../rules/amounts.ts';
import type { Invariant } from './survey.ts';

export const lendingInvariants: readonly Invariant[] = [
  {
    number: 7,
    rule: 'every version of an object was written by a call on record at its height',
    *find(state) {
      for (const { name, value } of state.versioned()) {
        if (state.get(callRecord, value.call)?.height !== value.height) yield `${name}: no such call`;
      }
    },
  },
  {
    number: 8,
    rule: 'every secured pledge is attorned by the goods’ own monitor and custodian, neither controlled by the pledgor',
    *find(state) {
      for (const { name, value: held } of state.all(pledge)) {
        if (!securedStates.includes(held.state)) continue;
        const goods = state.get(unit, held.unit);
        if (held.perfectedAt === 0 || held.rank === 0 || held.countRoot === undefined)
          yield `${name}: ${held.state} and never perfected`;
        for (const [holder, of] of [
          [held.monitor, goods?.monitor],
          [held.custodian, goods?.custodian],
        ] as const) {
          if (of === undefined || !equalBytes(holder, of))
            yield `${name}: a holder that does not hold the goods`;
          if (isControlledBy(holder, held.pledgor, state))
            yield `${name}: a holder controlled by the pledgor`;
        }
      }
    },
  },
  {
    number: 11,
    rule: 'principal ≤ limit ≤ lendable; a loan owes something exactly while it is drawn',
    *find(state) {
      for (const { name, value: lent } of state.all(loan)) {
        const { principal } = lent.debt;
        const lendable =
          lent.evaluation === undefined ? 0 : (state.get(evaluation, lent.evaluation)?.lendable ?? 0);
        if (principal > lent.limit) yield `${name}: principal ${principal} above limit ${lent.limit}`;
        if (lent.limit > lendable) yield `${name}: limit ${lent.limit} above lendable ${lendable}`;
        const owes = totalDebt(lent.debt) > 0n;
        if (owes !== (lent.state === 'DRAWN' || lent.state === 'WRITTEN_OFF'))
          yield `${name}: ${lent.state} owing ${totalDebt(lent.debt)}`;
      }
    },
  },
];
