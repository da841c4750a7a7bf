/** Margin calls (rows 18 and 19): closed, with their warnings, when the cover is restored. */

import { loan } from '../objects/loan.ts';
import { marginCall } from '../objects/margin-call.ts';
import { pledge } from '../objects/pledge.ts';
import { versionOf } from '../objects/version.ts';
import { warning } from '../objects/warning.ts';
import type { Context } from '../transition.ts';

/** Marks the loan's call as met; pledges that were warned of nothing else are PERFECTED again. */
export function meetCall(loanId: Uint8Array, context: Context): void {
  const lent = context.get(loan, loanId)!;
  const called = lent.marginCall && context.get(marginCall, lent.marginCall);
  if (lent.marginCall === undefined || called === undefined) return;
  context.put(marginCall, lent.marginCall, { ...called, state: 'MET', ...versionOf(context) });
  context.put(loan, loanId, { ...lent, marginCall: undefined, ...versionOf(context) });
  for (const id of lent.pledges) {
    const held = context.get(pledge, id);
    if (held === undefined) continue;
    const left = held.openWarnings.filter((warned) => {
      const open = context.get(warning, warned);
      if (open?.trigger !== 'cover') return true;
      if (open.state === 'OPEN')
        context.put(warning, warned, { ...open, state: 'CURED', ...versionOf(context) });
      return false;
    });
    if (left.length === held.openWarnings.length) continue;
    const cured = held.state === 'WARNED' && left.length === 0;
    context.put(pledge, id, {
      ...held,
      state: cured ? 'PERFECTED' : held.state,
      cureUntil: cured ? 0 : held.cureUntil,
      openWarnings: left,
      ...versionOf(context),
    });
  }
}
