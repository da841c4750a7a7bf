/** Which objects may have something due, and the call that does it. Whether it is due is asked of the contracts. */

import { toHex } from '../../consensus/codec/bytes.ts';
import { type ObjectType, readObject, type StoredObject } from '../../consensus/contracts/object.ts';
import { bill } from '../../consensus/contracts/objects/bill.ts';
import { grant } from '../../consensus/contracts/objects/grant.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { liveMandateStates, mandate } from '../../consensus/contracts/objects/mandate.ts';
import { pledge, securedStates } from '../../consensus/contracts/objects/pledge.ts';
import { releaseOrder } from '../../consensus/contracts/objects/release-order.ts';
import { reward } from '../../consensus/contracts/objects/reward.ts';
import { sale } from '../../consensus/contracts/objects/sale.ts';
import { swap } from '../../consensus/contracts/objects/swap.ts';
import { credit, guarantee } from '../../consensus/contracts/objects/undertaking.ts';
import { warning } from '../../consensus/contracts/objects/warning.ts';
import type { JsonObject } from './call-args.ts';

/** A call that may be due, its arguments as at the API. */
export interface DueCall {
  readonly transition: string;
  readonly args: JsonObject;
}

interface Duty {
  readonly type: string;
  readonly transition: string;
  calls(stored: StoredObject, timeMs: number): readonly DueCall[];
}

/**
 * `argsOf` gives arguments for an object that may be ripe, by its id in hexadecimal and the time of the newest checkpoint; none
 * where it cannot be.
 */
function duty<T>(
  type: ObjectType<T>,
  transition: string,
  argsOf: (value: T, id: string, timeMs: number) => readonly JsonObject[],
): Duty {
  return {
    type: type.name,
    transition,
    calls: (stored, timeMs) =>
      argsOf(readObject(type, stored), toHex(stored.id), timeMs).map((args) => ({ transition, args })),
  };
}

const when = (isRipe: boolean, ...args: readonly JsonObject[]): readonly JsonObject[] => (isRipe ? args : []);

export const duties: readonly Duty[] = [
  duty(swap, 'settle-swap', ({ state, firstLock, secondLock }, id) =>
    when(state === 'OPEN' && firstLock !== undefined && secondLock !== undefined, { swap: id }),
  ),
  duty(swap, 'refund-swap', ({ state }, id) => when(state === 'OPEN', { swap: id })),
  duty(loan, 'call-margin', ({ state, marginCall }, id) =>
    when(state === 'DRAWN' && marginCall === undefined, { loan: id }),
  ),
  duty(loan, 'close-call', ({ marginCall }, id) => when(marginCall !== undefined, { loan: id })),
  duty(loan, 'expire', ({ state }, id) => when(state === 'APPROVED', { kind: 'approval', subject: id })),
  duty(grant, 'expire', ({ state }, id) => when(state === 'ACTIVE', { kind: 'grant', subject: id })),
  duty(pledge, 'expire', ({ state }, id) => when(state === 'AGREED', { kind: 'reservation', subject: id })),
  duty(releaseOrder, 'expire', ({ state }, id) =>
    when(state === 'OPEN', { kind: 'release-order', subject: id }),
  ),
  duty(mandate, 'expire', ({ state }, id) =>
    when(liveMandateStates.includes(state), { kind: 'mandate', subject: id }),
  ),
  duty(mandate, 'suspend-on-warning', ({ state }, id) => when(state === 'ACTIVE', { mandate: id })),
  duty(credit, 'lapse-credit', ({ state }, id) => when(state === 'OPEN', { credit: id })),
  duty(guarantee, 'lapse-guarantee', ({ state }, id) => when(state === 'OPEN', { guarantee: id })),
  duty(bill, 'dishonour-bill', ({ state }, id) => when(state === 'PRESENTED', { bill: id })),
  duty(sale, 'distribute', ({ state }, id) => when(state === 'OPEN', { sale: id })),
  duty(reward, 'settle-reward', ({ state, epoch, seat, withheldUntil }, _, timeMs) =>
    // A long time: not to be tried in each round. One that is forfeited earlier loses nothing by it.
    when(state === 'WITHHELD' && timeMs > withheldUntil, { epoch, seat: toHex(seat) }),
  ),
  duty(pledge, 'release-paid', ({ state }, id) => when(securedStates.includes(state), { pledge: id })),
  duty(pledge, 'warn-due', ({ state }, id) =>
    when(
      state === 'PERFECTED' || state === 'WARNED',
      { pledge: id, trigger: 'silence' },
      { pledge: id, trigger: 'insurance' },
    ),
  ),
  duty(warning, 'freeze', ({ state, level, pledge: of }, id) =>
    when(state === 'OPEN' && level === 'critical', {
      pledge: toHex(of),
      ground: { type: 'policy', warning: id },
    }),
  ),
];

const byType = new Map<string, Duty[]>();
for (const each of duties) byType.set(each.type, [...(byType.get(each.type) ?? []), each]);

/** Calls that this object may ask for. */
export function dutiesOf(stored: StoredObject, timeMs: number): readonly DueCall[] {
  return (byType.get(stored.type) ?? []).flatMap((each) => each.calls(stored, timeMs));
}
