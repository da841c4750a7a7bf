/** Steps of breach and enforcement (rows 23–28) on a story: what a test leaves out is plain. */

import { cure } from '../contracts/transitions/cure.ts';
import { declareDefault, waiveDefault } from '../contracts/transitions/default.ts';
import { distribute } from '../contracts/transitions/distribute.ts';
import { appropriate, bid, enforce } from '../contracts/transitions/enforce.ts';
import { freeze } from '../contracts/transitions/freeze.ts';
import { acknowledgeNotice, attemptNotice, giveNotice } from '../contracts/transitions/notices.ts';
import { agreeTriggers, recordPulse, warnDue } from '../contracts/transitions/warn.ts';
import { defaultTriggers } from '../contracts/triggers/rules.ts';
import { type Changes, DAY_MS, nowhere, PACKAGES, type Story, storyAt, WEIGHT_KG } from './contract-story.ts';
import { type ArgsOf, idOf, type Outcome, type PartyName } from './contract-world.ts';
import { REPORT } from './goods-steps.ts';
import { euros, issueTo } from './loan-steps.ts';

type Ground = ArgsOf<typeof freeze>['ground'];

/** A drawn loan whose pledge is warned, with the warning's id. */
export function warned(kg = '985', scheme: 'sscc' | 'lot' = 'sscc') {
  const story = storyAt('drawn', scheme);
  const evidence = [story.world.reading({ device: 'scale', values: { weight: kg } })];
  return { story, warning: story.warn({ evidence }).id };
}

export function freezeOn(
  story: Story,
  ground: Ground,
  by: readonly string[] = ground.type === 'pledgee'
    ? ['bankA']
    : ground.type === 'resolver'
      ? ['resolver']
      : [],
): Outcome {
  return story.world.run(freeze, { pledge: story.pledge, ground }, by);
}
export const byOrder = { type: 'resolver', resolver: idOf('resolver'), order: 'O-1' } as const;

export function cureIt(
  story: Story,
  changes: Changes<typeof cure> = {},
  by: readonly string[] = ['monitor', 'bankA'],
): Outcome {
  const evidence = changes.evidence ?? story.world.count(WEIGHT_KG, PACKAGES);
  return story.world.run(cure, { pledge: story.pledge, resolver: undefined, ...changes, evidence }, by);
}

export const beat = (story: Story, device = 'scale'): Outcome =>
  story.world.run(
    recordPulse,
    { unit: story.unit, evidence: [story.world.reading({ device, values: { weight: WEIGHT_KG } })] },
    ['monitor'],
  );
export const warnOf = (story: Story, trigger: 'silence' | 'insurance'): Outcome =>
  story.world.run(warnDue, { pledge: story.pledge, trigger }, []);
export const setTriggers = (
  story: Story,
  rules: ArgsOf<typeof agreeTriggers>['rules'] = defaultTriggers,
): Outcome => story.world.run(agreeTriggers, { pledge: story.pledge, rules }, ['acme', 'bankA', 'monitor']);

export function notify(
  story: Story,
  kind: ArgsOf<typeof giveNotice>['kind'] = 'default',
  changes: Changes<typeof giveNotice> = {},
): Outcome {
  const args = {
    subject: story.pledge,
    sender: idOf(story.bank),
    addressee: idOf('acme'),
    kind,
    content: REPORT,
    channel: 'ledger' as const,
    ...changes,
  };
  return story.world.run(giveNotice, args, [story.bank]);
}
export const tryAgain = (
  story: Story,
  id: Uint8Array,
  channel: ArgsOf<typeof attemptNotice>['channel'] = 'courier',
): Outcome => story.world.run(attemptNotice, { notice: id, channel }, [story.bank]);
export const acknowledge = (story: Story, id: Uint8Array, by = 'acme'): Outcome =>
  story.world.run(acknowledgeNotice, { notice: id }, [by]);

/** Gives notice and has it acknowledged. */
export function proved(story: Story, kind: ArgsOf<typeof giveNotice>['kind'] = 'default'): Uint8Array {
  const { id } = notify(story, kind);
  acknowledge(story, id);
  return id;
}

export const declare = (story: Story, notice: Uint8Array = nowhere, by = [story.bank]): Outcome =>
  story.world.run(declareDefault, { pledge: story.pledge, notice }, by);
export const waive = (story: Story): Outcome =>
  story.world.run(waiveDefault, { pledge: story.pledge }, [story.bank]);

/** In default: warned, not cured for a day, notice proved. */
export function defaulted(story: Story = warned().story): Story {
  story.world.pass(DAY_MS);
  declare(story, proved(story));
  return story;
}

export function openSale(
  story: Story,
  notice: Uint8Array,
  changes: Partial<ArgsOf<typeof enforce>> = {},
  by: readonly string[] = [story.bank],
): Outcome {
  const args = {
    pledge: story.pledge,
    notice,
    resolver: undefined,
    closesAt: story.world.time + 5 * DAY_MS,
    money: euros(),
    least: 100_000,
    costs: 10_000,
    ...changes,
  };
  return story.world.run(enforce, args, by);
}

/** On sale, ten days after notice; zenith and bank B have two million each. */
export function onSale(story: Story = defaulted()) {
  issueTo(story, 'zenith');
  issueTo(story, 'bankB');
  const notice = proved(story, 'enforcement');
  story.world.pass(10 * DAY_MS);
  return { story, sale: openSale(story, notice).id };
}

export const bidFor = (
  story: Story,
  sale: Uint8Array,
  amount = 1_500_000,
  bidder: PartyName = 'zenith',
): Outcome => story.world.run(bid, { sale, amount, bidder: idOf(bidder) }, [bidder]);

export const shareOut = (story: Story, sale: Uint8Array): Outcome =>
  story.world.run(distribute, { sale }, []);

export function takeOver(
  story: Story,
  changes: Partial<ArgsOf<typeof appropriate>> = {},
  by: readonly string[] = [story.bank, 'acme', 'appraiser'],
): Outcome {
  const args = {
    pledge: story.pledge,
    appraiser: idOf('appraiser'),
    money: euros(),
    value: 1_200_000,
    costs: 0,
    ...changes,
  };
  return story.world.run(appropriate, args, by);
}
