/** Steps of exceptions and transfers (rows 29–34) on a story: what a test leaves out is plain. */

import { moneyId } from '../contracts/objects/money.ts';
import { assignLoan } from '../contracts/transitions/assign-loan.ts';
import { correctReading } from '../contracts/transitions/correct-reading.ts';
import { decideDispute, raiseDispute } from '../contracts/transitions/disputes.ts';
import { replaceMonitor } from '../contracts/transitions/replace-monitor.ts';
import { lockLeg, openSwap, refundSwap, settleSwap } from '../contracts/transitions/swaps.ts';
import { trancheLoan, transferTranche } from '../contracts/transitions/tranches.ts';
import { funded } from './bill-steps.ts';
import { acknowledge, notify } from './breach-steps.ts';
import { DAY_MS, type Story, storyAt, withoutGrams } from './contract-story.ts';
import {
  type ArgsOf,
  deviceId,
  HOUR_MS,
  idOf,
  type Outcome,
  type PartyName,
  type World,
} from './contract-world.ts';
import { euros, issueTo } from './loan-steps.ts';

export function dispute(
  story: Story,
  changes: Partial<ArgsOf<typeof raiseDispute>> = {},
  by: readonly string[] = ['acme'],
): Outcome {
  const args = {
    subject: story.pledge,
    type: 'pledge' as const,
    by: idOf('acme'),
    quantity: 1_000,
    ground: 'miscounted',
    deadline: story.world.time + DAY_MS,
    ...changes,
  };
  return story.world.run(raiseDispute, args, by);
}
export const decideOn = (story: Story, id: Uint8Array, upheld = true): Outcome =>
  story.world.run(decideDispute, { dispute: id, resolver: idOf('resolver'), upheld, decision: 'so held' }, [
    'resolver',
  ]);

/** The name of the reading that the story's last weighing on the scale was, and a later reading beside it. */
export const WRONG = { device: deviceId('scale'), session: '', counter: 9_999 };

/** A drawn loan over goods that a faulty weighing has spoken for: warned of half the stock. */
export function misread(scheme: 'sscc' | 'lot' = 'sscc') {
  const story = storyAt('drawn', scheme);
  const evidence = [
    story.world.reading({ device: 'scale', values: { weight: '500' }, counter: WRONG.counter }),
  ];
  return { story, warning: story.warn({ evidence }).id };
}

/** Counted anew by the other scale. */
export function recount(
  story: Story,
  quantity: number,
  packages: number,
  device = 'second-scale',
): Uint8Array[] {
  return [
    story.world.reading({ device, values: { weight: withoutGrams(quantity) } }),
    story.world.reading({ device: 'counter', values: { count: String(packages) } }),
  ];
}

export function correct(
  story: Story,
  changes: Partial<ArgsOf<typeof correctReading>> = {},
  by: readonly string[] = ['monitor', 'bankA'],
): Outcome {
  const quantity = changes.quantity ?? 980_000;
  const packages = changes.packages ?? 39;
  const evidence = changes.evidence ?? recount(story, quantity, packages);
  const args = {
    unit: story.unit,
    kind: 'correction' as const,
    ...WRONG,
    surveyor: undefined,
    ...changes,
    quantity,
    packages,
    evidence,
  };
  return story.world.run(correctReading, args, by);
}

export function replaceBy2(
  story: Story,
  changes: Partial<ArgsOf<typeof replaceMonitor>> = {},
  by: readonly string[] = ['bankA', 'monitor2', 'warehouse'],
): Outcome {
  // The camera is the warehouse's, and speaks through its owner's or the new monitor's gateway: the counter signs.
  const evidence = changes.evidence ?? [
    story.world.reading({ device: 'scale', values: { weight: '1000' } }),
    story.world.reading({ device: 'acme-counter', values: { count: '40' } }),
  ];
  return story.world.run(
    replaceMonitor,
    { unit: story.unit, to: idOf('monitor2'), ...changes, evidence },
    by,
  );
}

/** Notices of assignment to everybody concerned, acknowledged. */
export function notices(
  story: Story,
  to: readonly PartyName[] = ['acme', 'monitor', 'warehouse'],
): Uint8Array[] {
  return to.map((name) => {
    const { id } = notify(story, 'assignment', { subject: story.loan, addressee: idOf(name) });
    acknowledge(story, id, name);
    return id;
  });
}
export function assign(
  story: Story,
  cited: readonly Uint8Array[] = notices(story),
  by: readonly string[] = ['bankA', 'bankB', 'monitor'],
  to: PartyName = 'bankB',
): Outcome {
  return story.world.run(assignLoan, { loan: story.loan, to: idOf(to), notices: cited }, by);
}

export const divide = (
  story: Story,
  principals: readonly number[] = [600_000, 300_000],
  by: readonly string[] = ['bankA', 'appraiser'],
): Outcome => story.world.run(trancheLoan, { loan: story.loan, trustee: idOf('appraiser'), principals }, by);
export function sellTranche(
  story: Story,
  tranche: Uint8Array,
  price = 590_000,
  money = euros(),
  by: readonly string[] = ['bankA', 'zenith'],
): Outcome {
  issueTo(story, 'zenith', 1_000_000);
  return story.world.run(transferTranche, { tranche, to: idOf('zenith'), money, price }, by);
}

/** acme's euros of bank A against zenith's dollars of bank B. */
export function agreeSwap(world: World, changes: Partial<ArgsOf<typeof openSwap>> = {}): Outcome {
  const args = {
    quoteUntil: world.time + HOUR_MS,
    first: { payer: idOf('acme'), money: euros(), amount: 100_000 },
    second: { payer: idOf('zenith'), money: dollarsOfB(), amount: 110_000 },
    ...changes,
  };
  issueTo({ world }, 'zenith', 500_000, { currency: 'USD' }, 'bankB');
  return world.run(openSwap, args, ['acme', 'zenith']);
}
export function swapped(changes: Partial<ArgsOf<typeof openSwap>> = {}) {
  const world = funded();
  const outcome = agreeSwap(world, changes);
  return { world, swap: outcome.id, outcome };
}
export const dollarsOfB = (): Uint8Array => moneyId(idOf('bankB'), 'USD');
export const lockSide = (world: World, swap: Uint8Array, side: 'first' | 'second'): Outcome =>
  world.run(lockLeg, { swap, side }, [side === 'first' ? 'acme' : 'zenith']);
export const settleLegs = (world: World, swap: Uint8Array): Outcome => world.run(settleSwap, { swap }, []);
export const refundLegs = (world: World, swap: Uint8Array): Outcome => world.run(refundSwap, { swap }, []);
