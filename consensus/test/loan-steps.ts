/** Steps of the loan's rows (16–22) and of money on a story: what a test leaves out is plain. */

import { moneyId } from '../contracts/objects/money.ts';
import { expire } from '../contracts/transitions/expire.ts';
import { callMargin, closeCall, topUpCash, topUpGoods } from '../contracts/transitions/margin.ts';
import { closeAccount, issueMoney, redeemMoney } from '../contracts/transitions/money.ts';
import { releasePaid } from '../contracts/transitions/release.ts';
import { releasePart } from '../contracts/transitions/release-part.ts';
import { writeOff } from '../contracts/transitions/repay.ts';
import { repayExchanged } from '../contracts/transitions/repay-exchanged.ts';
import { substitute } from '../contracts/transitions/substitute.ts';
import {
  type Changes,
  OTHER_SSCC,
  PACKAGES,
  QUANTITY,
  type Stage,
  Story,
  storyAt,
  WEIGHT_KG,
} from './contract-story.ts';
import { type ArgsOf, idOf, type Outcome, type PartyName } from './contract-world.ts';
import { price } from './goods-steps.ts';

/** A loan at `stage` whose goods have a fresh price: 921,000 owed on 2,250,000. */
export function pricedAt(stage: Stage, scheme: 'sscc' | 'lot' = 'sscc'): Story {
  const story = storyAt(stage, scheme);
  price(story);
  return story;
}

/** The price falls: 921,000 owed on 1,260,000 is 73 %. */
export function fallen(story: Story = storyAt('drawn')): Story {
  price(story, { price: 1_400_000 });
  return story;
}

/** Called for more cover. */
export function called(): Story {
  const story = fallen();
  callFor(story);
  return story;
}

/** Another unit of the same enterprise, priced as the loan's goods were at first. */
export function spare(story: Story, label = OTHER_SSCC): Story {
  const other = new Story(story.world, { label, bank: story.bank });
  other.register();
  price(other);
  return other;
}

export const callFor = (story: Story): Outcome => story.world.run(callMargin, { loan: story.loan }, []);
export const closeFor = (story: Story): Outcome => story.world.run(closeCall, { loan: story.loan }, []);

export function payIn(
  story: Story,
  changes: Changes<typeof topUpCash> = {},
  by: readonly string[] = ['acme', 'bankA'],
): Outcome {
  const args = {
    loan: story.loan,
    payer: idOf('acme'),
    currency: 'EUR',
    amount: 200_000,
    reference: 'PAY-9',
    money: undefined,
    ...changes,
  };
  return story.world.run(topUpCash, args, by);
}

export function bringGoods(
  story: Story,
  other: Pick<Story, 'unit'>,
  changes: Partial<ArgsOf<typeof topUpGoods>> = {},
  by: readonly string[] = ['acme', 'monitor', 'warehouse'],
): Outcome {
  const evidence = changes.evidence ?? story.world.count(WEIGHT_KG, PACKAGES);
  const args = {
    loan: story.loan,
    unit: other.unit,
    quantity: QUANTITY,
    ceiling: 500_000,
    ...changes,
    evidence,
  };
  return story.world.run(topUpGoods, args, by);
}

export function replaceBy(
  story: Story,
  other: Pick<Story, 'unit'>,
  changes: Partial<ArgsOf<typeof substitute>> = {},
  by: readonly string[] = ['acme', 'bankA', 'monitor', 'warehouse'],
): Outcome {
  const evidence = changes.evidence ?? story.world.count(WEIGHT_KG, PACKAGES);
  const args = { pledge: story.pledge, unit: other.unit, quantity: QUANTITY, ...changes, evidence };
  return story.world.run(substitute, args, by);
}

export function orderOut(
  story: Story,
  quantity = 300_000,
  by: readonly string[] = ['acme', 'bankA'],
): Outcome {
  return story.world.run(releasePart, { pledge: story.pledge, quantity }, by);
}

export const releaseSilently = (story: Story): Outcome =>
  story.world.run(releasePaid, { pledge: story.pledge }, []);
export const writeOffLoan = (story: Story): Outcome =>
  story.world.run(writeOff, { loan: story.loan }, [story.bank]);

type Kind = ArgsOf<typeof expire>['kind'];
export const lapse = (story: Story, kind: Kind, subject: Uint8Array): Outcome =>
  story.world.run(expire, { kind, subject }, []);

export const euros = (issuer: PartyName = 'bankA'): Uint8Array => moneyId(idOf(issuer), 'EUR');

export function issueTo(
  story: Pick<Story, 'world'>,
  to: PartyName,
  amount = 2_000_000,
  changes: Partial<ArgsOf<typeof issueMoney>> = {},
  issuer: PartyName = 'bankA',
): Outcome {
  const args = { issuer: idOf(issuer), to: idOf(to), currency: 'EUR', amount, reference: 'TX-1', ...changes };
  return story.world.run(issueMoney, args, [issuer]);
}

export function redeemFrom(
  story: Pick<Story, 'world'>,
  owner: PartyName,
  amount: number,
  money = euros(),
): Outcome {
  const args = { money, owner: idOf(owner), amount, reference: 'TX-2' };
  return story.world.run(redeemMoney, args, [owner, 'bankA']);
}

export function closeOf(
  story: Pick<Story, 'world'>,
  owner: PartyName,
  by: readonly string[] = [owner],
  money = euros(),
): Outcome {
  return story.world.run(closeAccount, { money, owner: idOf(owner) }, by);
}

/** 2.00 dollars for 1.00 euro that is owed; the reference says 1.90. Drawn and unpaid are 921,000. */
export function repayInDollars(
  story: Story,
  changes: Partial<ArgsOf<typeof repayExchanged>> = {},
  by: readonly string[] = ['acme', 'bankA'],
): Outcome {
  const args = {
    loan: story.loan,
    payer: idOf('acme'),
    money: moneyId(idOf('bankB'), 'USD'),
    amount: 100_001,
    quote: { numerator: 1, denominator: 2 },
    reference: { numerator: 10, denominator: 19 },
    quoteUntil: story.world.time + 60_000,
    ...changes,
  };
  return story.world.run(repayExchanged, args, by);
}

/** Drawn, and the enterprise has dollars of Bank B. */
export function withDollars(amount = 3_000_000): Story {
  const story = storyAt('drawn');
  issueTo(story, 'acme', amount, { currency: 'USD' }, 'bankB');
  return story;
}
