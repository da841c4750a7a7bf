/** Invariants of what leaves, and of what changes hands (semantics §7: 12, 13, 18), between two states. */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { zero32 } from '../../crypto/hash.ts';
import { clock } from '../objects/clock.ts';
import { movement } from '../objects/movement.ts';
import { pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { releaseOrder } from '../objects/release-order.ts';
import { unit } from '../objects/unit.ts';
import { callRecord } from '../registry.ts';
import { heldQuantity, holdingsOf, isExpiredReservation, readHoldings } from '../rules/holdings.ts';
import type { StepInvariant, Survey } from './survey.ts';

const stopped = ['FROZEN', 'DEFAULTED', 'ENFORCING'];

/** Goods that left between the two states, with what held the whole they came from. */
function* exits(before: Survey, after: Survey) {
  for (const { id, name, value: moved } of after.all(movement)) {
    if (moved.kind !== 'out' || before.get(movement, id) !== undefined) continue;
    const goods = before.get(unit, moved.unit);
    if (goods === undefined) continue;
    const time = after.get(callRecord, moved.call)?.time ?? 0;
    const running = time - (after.get(clock, zero32)?.pausedMs ?? 0);
    const holdings = holdingsOf(readHoldings(moved.unit, before), moved.receipt).filter(
      ({ agreed }) => !isExpiredReservation(agreed, running),
    );
    yield { name, moved, goods, holdings };
  }
}

export const exitSteps: readonly StepInvariant[] = [
  {
    number: 12,
    rule: 'pledged goods exit only by an unused release order, or as surplus above what is held',
    *find(before, after) {
      for (const { name, moved, goods, holdings } of exits(before, after)) {
        if (moved.release !== undefined) {
          if (before.get(releaseOrder, moved.release)?.state !== 'OPEN')
            yield `${name}: by an order that was used`;
          if (after.get(releaseOrder, moved.release)?.state !== 'USED')
            yield `${name}: its order is not used up`;
          continue;
        }
        const document = moved.receipt && before.get(receipt, moved.receipt);
        const whole = document?.quantity ?? goods.quantity - goods.receipted;
        const held = heldQuantity(holdings);
        if (held > 0 && moved.quantity > whole - held)
          yield `${name}: ${moved.quantity} g left of ${whole} g, ${held} g of them held`;
      }
    },
  },
  {
    number: 13,
    rule: 'from FROZEN until cure nothing leaves',
    *find(before, after) {
      for (const { name, holdings } of exits(before, after)) {
        const frozen = holdings.find(({ agreed }) => stopped.includes(agreed.state));
        if (frozen !== undefined) yield `${name}: while its pledge was ${frozen.agreed.state}`;
      }
    },
  },
  {
    number: 18,
    rule: 'assignment changes neither quantity, rank nor position of perfection',
    *find(before, after) {
      for (const { id, value: old } of before.all(pledge)) {
        const now = after.get(pledge, id);
        if (now === undefined || equalBytes(now.pledgee, old.pledgee)) continue;
        const same =
          now.quantity === old.quantity && now.rank === old.rank && now.perfectedAt === old.perfectedAt;
        if (!same) yield `pledge ${toHex(id).slice(0, 8)}: changed with its pledgee`;
      }
    },
  },
];
