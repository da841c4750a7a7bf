/** Row 0, the tariff (R009): governance states what a call and a batch of readings cost, and what an epoch is given. */

import { int } from '../../codec/schema.ts';
import { zero32 } from '../../crypto/hash.ts';
import { money } from '../objects/money.ts';
import { rewardPool } from '../objects/reward.ts';
import { tariff, tariffHead, tariffId, tariffTerms } from '../objects/tariff.ts';
import { versionOf } from '../objects/version.ts';
import { checkSeatQuorum } from '../seats/fitness.ts';
import { isRefusal, lookUp, refused, transition } from '../transition.ts';

/** How many epochs ahead a tariff may wait: while one waits no other can be stated. */
const EPOCHS_AHEAD_MAX = 64;

export const stateTariff = transition({
  name: 'state-tariff',
  row: 0,
  summary:
    'States the next tariff, and the epoch from which it applies. The parties of q present seats sign.',
  args: { v0: { number: int(1), ...tariffTerms } },
  signedBy: [{ who: 'the parties of q present seats', role: ['bank', 'monitor'], party: () => undefined }],
  preconditions: {
    E_NOT_FOUND: 'the money was issued',
    E_ROLE: 'the parties of q seats sign',
    E_STALE: 'the epoch from which it applies has not begun',
    E_STATE: 'its number is the next, and the tariff before applies already',
  },
  effects: 'the tariff applies from that epoch on; its money has a pool',
  visibility: 'V0',
  apply: (terms, context) => {
    const defect = checkSeatQuorum(context);
    if (defect !== undefined) return defect;
    const { number, from } = terms;
    const { epoch } = context.seating;
    if (from <= epoch) return refused('E_STALE', { from, epoch, reason: 'that epoch has begun' });
    if (from > epoch + EPOCHS_AHEAD_MAX)
      return refused('E_SCHEMA', { field: 'from', got: from, most: epoch + EPOCHS_AHEAD_MAX });
    const issue = lookUp(context, money, terms.money);
    if (isRefusal(issue)) return issue;
    const newest = context.get(tariffHead, zero32)?.newest ?? 0;
    if (number !== newest + 1) return refused('E_STATE', { number, newest, reason: 'not the next' });
    const before = context.get(tariff, tariffId(newest));
    if (before !== undefined && before.from > epoch)
      return refused('E_STATE', { waits: newest, from: before.from }, tariffId(newest));
    context.put(tariff, tariffId(number), { ...terms, ...versionOf(context) });
    context.put(tariffHead, zero32, { newest: number, ...versionOf(context) });
    if (context.get(rewardPool, terms.money) === undefined)
      context.put(rewardPool, terms.money, { fund: 0, carried: 0 });
    return undefined;
  },
});
