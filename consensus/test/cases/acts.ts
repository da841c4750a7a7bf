/** Cases of what a thing does beside paying (row 42): four families under one set of limits `[THG-15]`. */

import { exposure, exposureId } from '../../contracts/objects/exposure.ts';
import { loan } from '../../contracts/objects/loan.ts';
import type { Family, MandateLimits } from '../../contracts/objects/mandate.ts';
import { account, accountId, moneyId } from '../../contracts/objects/money.ts';
import { virtualAccountId } from '../../contracts/objects/virtual-account.ts';
import { party } from '../../contracts/registry.ts';
import { transferTranche } from '../../contracts/transitions/tranches.ts';
import { type ActStory, actAt, equippedAt, must } from '../act-steps.ts';
import { nowhere, OTHER_SSCC, Story } from '../contract-story.ts';
import { HOUR_MS, idOf, type Outcome } from '../contract-world.ts';
import { sellTranche } from '../exception-steps.ts';
import { PERIOD_MS } from '../limit-steps.ts';
import { closeOf, euros, issueTo, redeemFrom, replaceBy } from '../loan-steps.ts';
import { firstPack, state } from '../policy-steps.ts';
import { phone, truck, truckEuros } from '../thing-steps.ts';
import type { Cases, Ran } from './cases.ts';

/** What every act under a mandate takes. */
interface AnyAct {
  readonly means?: Uint8Array;
  readonly content?: string;
  readonly event?: Uint8Array;
}

interface Deed {
  readonly family: Family;
  readonly start: () => ActStory;
  readonly run: (story: ActStory, changes?: AnyAct, by?: readonly string[]) => Outcome;
  /** Who else signs; and the whole that the deed needs. */
  readonly others: readonly string[];
  readonly amount: number;
}

/** The line as `lineAt('measured')` leaves it: 400.00 carried; at `drawn` 100.00 of them are used. */
const onLine = (): ActStory => equippedAt('line');
const drawnLine = (): ActStory => {
  const story = actAt('line');
  must(story.draw());
  return story;
};
const bought = (limits: Partial<MandateLimits> = {}): ActStory => {
  const story = actAt('claims', limits);
  must(story.buy());
  return story;
};

const deeds: { readonly [transition: string]: readonly Deed[] } = {
  'draw-by-thing': [
    {
      family: 'credit',
      start: onLine,
      run: (story, changes, by) => story.draw(changes, by),
      others: [],
      amount: 10_000,
    },
    {
      family: 'credit',
      start: () => equippedAt('perfected'),
      run: (story, changes, by) => story.drawLoan(changes, by),
      others: ['bankA'],
      amount: 921_000,
    },
  ],
  'repay-by-thing': [
    {
      family: 'credit',
      start: drawnLine,
      run: (story, changes, by) => story.repay(changes, by),
      others: [],
      amount: 4_000,
    },
    {
      family: 'credit',
      start: () => equippedAt('drawn'),
      run: (story, changes, by) => story.repayLoan(changes, by),
      others: [],
      amount: 100_000,
    },
  ],
  'pledge-by-thing': [
    {
      family: 'mortgage',
      start: () => equippedAt('approved'),
      run: (story, changes, by) => story.pledge(changes, by),
      others: ['bankA'],
      amount: 1_200_000,
    },
  ],
  'buy-by-thing': [
    {
      family: 'investment',
      start: () => equippedAt('claims'),
      run: (story, changes, by) => story.buy(changes, by),
      others: ['bankA'],
      amount: 590_000,
    },
  ],
  'sell-by-thing': [
    {
      family: 'investment',
      start: bought,
      run: (story, changes, by) => story.sell(changes, by),
      others: ['carrier'],
      // The principal of the claim, and not the price.
      amount: 600_000,
    },
  ],
};

/** The truck's money at bank B, beside that at bank A. */
function atBankB(story: ActStory): Uint8Array {
  const money = euros('bankB');
  must(story.things.fund('acme', 1_000_000, 'bankB'));
  must(story.things.open({ money }, ['acme', 'bankB', 'truck']));
  return virtualAccountId(truck, money);
}

/** The owner closes its account, and opens another. */
function reopen(story: ActStory): void {
  const { balance } = story.world.read(account, accountId(euros(), idOf('acme')));
  must(redeemFrom(story, 'acme', balance), closeOf(story, 'acme'), story.things.fund('acme', balance));
}

/** Every limit of the mandate, asked of one deed, a cent or a word beside what it may be. */
function withinMandate({ family, start, run, others, amount }: Deed): Cases[string] {
  const needed = amount > 1_000_000 ? ['phone'] : [];
  const signers = ['truck', ...needed, ...others];
  /** Under a new mandate with these limits. */
  const under = (
    limits: Partial<MandateLimits>,
    changes?: AnyAct,
    by: readonly string[] = signers,
  ): Outcome => {
    const story = start();
    must(story.give(limits));
    return run(story, changes, by);
  };
  const after = (step: (story: ActStory) => void, by: readonly string[] = signers): Outcome => {
    const story = start();
    must(story.give());
    step(story);
    return run(story, {}, by);
  };
  const all = ['transaction', 'credit', 'mortgage', 'investment'] as const;
  return {
    OK: {
      [`${family}, and no other family`]: () => under({ families: [family] }),
      [`${family}: no more than the mandate allows`]: () =>
        under({ amountMax: amount, windowAmount: amount, windowCount: 1, threshold: amount }),
      [`${family}: above the threshold, with the second key`]: () =>
        under({ threshold: amount - 1 }, {}, ['truck', 'phone', ...others]),
    },
    E_DEVICE_STATE: {
      [`${family}: the second is revoked`]: (): Ran => {
        const story = start();
        must(story.give({ threshold: amount - 1 }), story.things.revokeDevice('phone'));
        return [run(story, {}, ['truck', 'phone', ...others]), phone];
      },
      [`${family}: the thing has no key`]: (): Ran => [
        after((story) => must(story.things.enrol('truck', 'acme', '', true))),
        truck,
      ],
    },
    E_EVIDENCE: {
      [`${family}: another’s event`]: () => {
        const story = start();
        must(story.give());
        const event = story.world.reading({ device: 'scale', values: { weight: '1' }, signedBy: 'scale' });
        return run(story, { event }, signers);
      },
      [`${family}: the event has paid a toll`]: () => {
        const story = start();
        must(story.give());
        const event = story.things.event();
        must(story.things.pay({ event, amount: 1 }));
        return run(story, { event }, signers);
      },
    },
    E_FROZEN: { [`${family}: the owner has opened another account`]: (): Ran => [after(reopen), truckEuros] },
    E_MANDATE: {
      [`${family}: above the threshold, alone`]: () =>
        under({ threshold: amount - 1 }, {}, ['truck', ...others]),
    },
    E_MANDATE_AMOUNT: {
      [`${family}: more than one act may be`]: () => under({ amountMax: amount - 1, threshold: amount - 1 }),
      [`${family}: more than the window has left`]: () => {
        const story = start();
        must(story.give({ amountMax: amount, windowAmount: amount }), story.things.pay({ amount: 1 }));
        return run(story, {}, signers);
      },
    },
    E_MANDATE_CONTENT: {
      [`${family}: another content`]: () => under({}, { content: 'fuel' }),
      [`${family}: the mandate is for the others`]: () =>
        under({ families: all.filter((other) => other !== family) }),
      [`${family}: the mandate is for transactions alone`]: () => under({ families: undefined }),
    },
    E_MANDATE_FREQUENCY: {
      [`${family}: after a payment in a window of one`]: () => {
        const story = start();
        must(story.give({ windowCount: 1 }), story.things.pay({ amount: 1 }));
        return run(story, {}, signers);
      },
    },
    E_MANDATE_MEANS: {
      [`${family}: another account`]: () => {
        const story = start();
        const means = [atBankB(story)];
        must(story.give({ means }));
        return run(story, {}, signers);
      },
    },
    E_MANDATE_PAYEE: { [`${family}: with another`]: () => under({ payees: [idOf('zenith')] }) },
    E_MANDATE_TIME: {
      [`${family}: before it begins`]: () => under({ from: start().world.time + HOUR_MS }),
      [`${family}: at another hour`]: () => under({ fromMinute: 1_438, untilMinute: 1_439 }),
    },
    E_NOT_FOUND: {
      [`${family}: no such mandate`]: () => {
        const story = start();
        story.things.mandate = nowhere;
        return run(story, {}, signers);
      },
    },
    E_ROLE: {
      [`${family}: the owner signs for it`]: () => after(() => undefined, ['acme', 'phone', ...others]),
      ...(others.length > 0 && {
        [`${family}: ${others.join()} did not sign`]: () => after(() => undefined, ['truck', 'phone']),
      }),
    },
    E_ROUTE: {
      [`${family}: no account`]: () => under({}, { means: nowhere }),
    },
    E_STATE: { [`${family}: it is suspended`]: () => after((story) => must(story.things.suspend())) },
  };
}

/** Cases of several kinds of one transition, put together code by code. */
function together(...several: readonly Cases[string][]): Cases[string] {
  const codes: { [code: string]: { [when: string]: () => Ran } } = {};
  for (const cases of several)
    for (const [code, whens] of Object.entries(cases)) {
      codes[code] ??= {};
      for (const [when, run] of Object.entries(whens))
        codes[code][`${when}${when in codes[code] ? ', too' : ''}`] = run;
    }
  return codes;
}

const everyAct: Cases = Object.fromEntries(
  Object.entries(deeds).map(([transition, kinds]) => [transition, together(...kinds.map(withinMandate))]),
);

/** In the money of another bank. */
function routedWrongly(start: () => ActStory, run: (story: ActStory, means: Uint8Array) => Outcome): Ran {
  const story = start();
  const means = atBankB(story);
  must(story.give({ means: [truckEuros, means] }));
  return [run(story, means), means];
}

/** Another enterprise's loan stands in the place of the owner's. */
function zeniths(stage: 'approved' | 'perfected' | 'drawn'): ActStory {
  const story = actAt(stage);
  story.world.change(loan, story.loan, { applicant: idOf('zenith') });
  return story;
}

/** The owner is its own bank, or its own counterparty. */
function ownBank(stage: 'approved' | 'perfected' | 'drawn'): ActStory {
  const story = actAt(stage);
  story.world.change(party, idOf('acme'), { roles: ['enterprise', 'bank'] });
  story.world.change(loan, story.loan, { bank: idOf('acme') });
  return story;
}

const blocked = (story: ActStory, run: (story: ActStory) => Outcome): Ran => {
  state(story, { blocked: [idOf('acme')] });
  return [run(story), firstPack];
};
const unknown = (story: ActStory, run: (story: ActStory) => Outcome): Ran => {
  state(story, { kycRequired: true });
  return [run(story), firstPack];
};

export const cases: Cases = {
  'draw-by-thing': together(everyAct['draw-by-thing']!, {
    OK: {
      'all that its output carries': () => actAt('line').draw({ amount: 40_000 }),
      'on a loan that it pledged for': () => {
        const story = actAt('approved');
        const pledged = story.pledge();
        must(pledged);
        story.file!.pledge = pledged.id;
        must(story.file!.perfect());
        return story.drawLoan();
      },
    },
    E_BLOCKED: { 'the owner': () => blocked(actAt('line'), (story) => story.draw()) },
    E_EXPOSURE: {
      'more than may be owed to all banks': () => {
        const story = actAt('line');
        state(story, { caps: [{ currency: 'EUR', most: 9_999 }] });
        return [story.draw(), firstPack];
      },
    },
    E_FUNDS: {
      'the bank has less': () => {
        const story = actAt('line');
        const { balance } = story.world.read(account, accountId(euros(), idOf('bankA')));
        must(redeemFrom(story, 'bankA', balance - 9_999));
        return story.draw();
      },
    },
    E_FROZEN: {
      'the limit is frozen': () => {
        const story = actAt('line');
        must(story.line!.freeze());
        return [story.draw(), story.limit];
      },
    },
    E_KYC: { 'nobody knows the owner': () => unknown(actAt('line'), (story) => story.draw()) },
    E_LIMIT: {
      'more than its output carries': () => actAt('line').draw({ amount: 40_001 }),
      'more than the loan’s limit': () =>
        actAt('perfected').drawLoan({ amount: 1_000_001 }, ['truck', 'phone', 'bankA']),
    },
    E_NOT_FOUND: {
      'no such limit': () => actAt('line').draw({ on: { type: 'limit', limit: nowhere } }),
      'no such loan': () =>
        actAt('line').draw({ on: { type: 'loan', loan: nowhere, interest: 0, costs: 0 } }, [
          'truck',
          'bankA',
        ]),
    },
    E_PRICE_STALE: {
      'substituted goods without a fresh price': () => {
        const story = equippedAt('perfected');
        const other = new Story(story.world, { label: OTHER_SSCC }).reach('registered');
        replaceBy(story.file!, other);
        story.world.pass(25 * HOUR_MS);
        must(story.give());
        return story.drawLoan();
      },
    },
    E_RANGE: {
      'the debt is no exact integer': () =>
        actAt('perfected').drawLoan({
          on: { type: 'loan', loan: actAt('perfected').loan, interest: Number.MAX_SAFE_INTEGER, costs: 0 },
        }),
      'as much as there can be is owed elsewhere': () => {
        const story = actAt('line');
        const debtor = idOf('acme');
        const owed = { debtor, currency: 'EUR', owed: Number.MAX_SAFE_INTEGER, call: nowhere, height: 1 };
        story.world.put(exposure, exposureId(debtor, 'EUR'), owed);
        return story.draw();
      },
    },
    E_ROUTE: {
      'the limit’s money is another': () => routedWrongly(onLine, (story, means) => story.draw({ means })),
    },
    E_SCOPE: {
      'it is no member of the limit': () => {
        const story = actAt('line');
        must(story.line!.modify({ members: [] }));
        return [story.draw(), truck];
      },
      'another’s loan': () => [zeniths('perfected').drawLoan(), idOf('zenith')],
      'the owner lends to itself': () => [ownBank('perfected').drawLoan({}, ['truck', 'acme']), idOf('acme')],
    },
    E_STALE: {
      'its output was measured more than a period ago': () => {
        const story = actAt('line');
        story.world.pass(PERIOD_MS);
        return [story.draw(), truck];
      },
    },
    E_STATE: {
      'the limit has ended': () => {
        const story = actAt('line');
        must(story.line!.end());
        return [story.draw(), story.limit];
      },
      'no pledge is perfected': () => actAt('approved').drawLoan(),
    },
  }),
  'repay-by-thing': together(everyAct['repay-by-thing']!, {
    OK: {
      'more than is drawn: the rest is not taken': () => drawnLine().repay({ amount: 99_000 }),
      'the whole of a loan': () => actAt('drawn').repayLoan({ amount: 2_000_000 }),
    },
    E_FUNDS: {
      'the account has less': () => {
        const story = actAt('drawn');
        must(redeemFrom(story, 'acme', 900_001));
        return story.repayLoan();
      },
    },
    E_NOT_FOUND: {
      'no such limit': () => actAt('line').repay({ on: { type: 'limit', limit: nowhere } }),
      'no such loan': () => actAt('line').repay({ on: { type: 'loan', loan: nowhere } }),
    },
    E_ROUTE: {
      'the loan’s money is another': () =>
        routedWrongly(
          () => equippedAt('drawn'),
          (story, means) => story.repayLoan({ means }),
        ),
    },
    E_SCOPE: {
      'another’s loan': () => [zeniths('drawn').repayLoan(), idOf('zenith')],
      'the owner repays itself': () => [ownBank('drawn').repayLoan(), idOf('acme')],
    },
    E_STATE: {
      'nothing is drawn on the limit': () => actAt('line').repay(),
      'nothing is drawn on the loan': () => actAt('perfected').repayLoan(),
    },
  }),
  'pledge-by-thing': together(everyAct['pledge-by-thing']!, {
    OK: { 'a receipt': () => actAt('receipted').pledge() },
    E_BLOCKED: { 'the owner': () => blocked(actAt('approved'), (story) => story.pledge()) },
    E_ENCUMBERED: {
      'another bank was first': () => {
        const story = equippedAt('approved');
        const rival = story.file!.rival('agreed');
        must(story.give());
        return [story.pledge(), rival.pledge];
      },
    },
    E_INELIGIBLE: {
      'the goods are another’s': () => {
        const story = equippedAt('approved');
        const other = new Story(story.world, { label: OTHER_SSCC, enterprise: 'zenith' }).reach('registered');
        must(story.give({ collateral: [other.unit] }));
        return [story.pledge({ unit: other.unit }), other.unit];
      },
    },
    E_INSUFFICIENT: {
      'more than there is': () => actAt('approved').pledge({ quantity: 1_000_001 }),
    },
    E_KYC: { 'nobody knows the owner': () => unknown(actAt('approved'), (story) => story.pledge()) },
    E_MANDATE_MEANS: {
      'goods that the mandate does not name': () => actAt('approved', { collateral: [nowhere] }).pledge(),
      'no goods at its disposal': () => actAt('approved', { collateral: undefined }).pledge(),
      'the goods are named, and not the receipt': () => {
        const story = equippedAt('receipted');
        must(story.give({ collateral: [story.file!.unit] }));
        return story.pledge();
      },
    },
    E_NOT_FOUND: {
      'no such loan': () => actAt('approved').pledge({ loan: nowhere }),
      'no such goods': () => actAt('approved', { collateral: [nowhere] }).pledge({ unit: nowhere }),
    },
    E_POLICY: {
      'as many pledges as a loan may have': () => {
        const story = equippedAt('lot');
        for (let i = 0; i < 16; i++) must(story.file!.agree({ quantity: 1, ceiling: 1 }));
        must(story.give());
        return story.pledge({ quantity: 1 });
      },
    },
    E_RECEIPT_OUT: {
      'receipted goods, without the receipt': () => {
        const story = equippedAt('receipted');
        must(story.give({ collateral: [story.file!.unit] }));
        return [story.pledge({ receipt: undefined }), story.file!.receipt!];
      },
    },
    E_ROUTE: {
      'the loan’s money is another': () =>
        routedWrongly(
          () => equippedAt('approved'),
          (story, means) => story.pledge({ means }),
        ),
    },
    E_SCOPE: {
      'for another’s loan': () => [zeniths('approved').pledge(), idOf('zenith')],
      'the owner is its own bank': () => [
        ownBank('approved').pledge({}, ['truck', 'phone', 'acme']),
        idOf('acme'),
      ],
    },
    E_STATE: { 'the loan is drawn': () => actAt('drawn').pledge() },
  }),
  'buy-by-thing': together(everyAct['buy-by-thing']!, {
    OK: {
      'from who bought it of the bank': () => {
        const story = equippedAt('claims');
        must(sellTranche(story.file!, story.tranches[0]!, 590_000, euros(), ['bankA', 'zenith']));
        must(story.give({ payees: [idOf('zenith')] }));
        return story.buy({}, ['truck', 'zenith']);
      },
      'for more than it is worth': () => actAt('claims').buy({ price: 700_000 }),
    },
    E_CURRENCY: {
      'euros for a claim in dollars': () => {
        const story = actAt('claims');
        story.world.change(loan, story.loan, { currency: 'USD' });
        return [story.buy(), euros()];
      },
    },
    E_FUNDS: {
      'the account has less': () => {
        const story = actAt('claims');
        must(redeemFrom(story, 'acme', 410_001));
        return story.buy();
      },
    },
    E_NOT_FOUND: { 'no such tranche': () => actAt('claims').buy({ tranche: nowhere }) },
    E_SCOPE: {
      'the owner has it already': () => [
        bought({ payees: [idOf('bankA'), idOf('acme')] }).buy({}, ['truck', 'acme']),
        idOf('acme'),
      ],
    },
    E_STATE: {
      'it is paid': () => {
        const story = actAt('claims');
        must(story.file!.repay());
        return [story.buy(), story.tranches[0]!];
      },
    },
  }),
  'sell-by-thing': together(everyAct['sell-by-thing']!, {
    OK: {
      'at a loss': () => bought().sell({ price: 1 }),
      'when part of it is repaid': () => {
        const story = bought();
        must(story.file!.repay({ amount: 121_000 }));
        return story.sell();
      },
    },
    E_CURRENCY: {
      'for dollars': () => {
        const story = equippedAt('claims');
        const money = moneyId(idOf('bankA'), 'USD');
        must(
          story.things.fund('acme', 1, 'bankA', 'USD'),
          story.things.fund('carrier', 999_999, 'bankA', 'USD'),
        );
        must(story.things.open({ money }), story.give(), story.buy());
        const means = virtualAccountId(truck, money);
        must(story.give({ means: [means] }));
        return [story.sell({ means }), money];
      },
    },
    E_FUNDS: { 'the buyer has less': () => bought().sell({ price: 1_000_001 }) },
    E_NOT_FOUND: { 'no such tranche': () => bought().sell({ tranche: nowhere }) },
    E_SCOPE: {
      'the owner bought it itself': () => {
        const story = actAt('claims');
        const of = story.tranches[0]!;
        must(sellTranche(story.file!, of, 590_000, euros(), ['bankA', 'zenith']));
        return [story.sell(), of];
      },
      'to its owner': () => [
        bought({ payees: [idOf('bankA'), idOf('acme')] }).sell({ to: idOf('acme') }, ['truck', 'acme']),
        idOf('acme'),
      ],
    },
    E_STATE: {
      'it is paid': () => {
        const story = bought();
        must(story.file!.repay());
        return [story.sell(), story.tranches[0]!];
      },
    },
  }),
  'transfer-tranche': {
    OK: {
      'what a thing bought, by its owner': () => {
        const story = bought();
        return sellTranche(story.file!, story.tranches[0]!, 500_000, euros(), ['acme', 'zenith']);
      },
    },
    E_CURRENCY: {
      'what a thing bought, for dollars': () => {
        const story = bought();
        const money = moneyId(idOf('bankA'), 'USD');
        must(issueTo(story, 'zenith', 1_000_000, { currency: 'USD' }));
        return [sellTranche(story.file!, story.tranches[0]!, 500_000, money, ['acme', 'zenith']), money];
      },
    },
    E_SCHEMA: {
      'to the owner itself, for a gain that nobody paid': () => {
        const story = bought();
        const [of] = story.tranches;
        const args = { tranche: of!, to: idOf('acme'), money: euros(), price: 400_000 };
        return [story.world.run(transferTranche, args, ['acme']), of!];
      },
    },
  },
  'give-mandate': {
    OK: {
      'for all four families, with goods to pledge': () => equippedAt('approved').give(),
    },
    E_SCOPE: {
      'a family twice': () => equippedAt('line').give({ families: ['credit', 'credit'] }),
      'goods twice': () => equippedAt('line').give({ collateral: [nowhere, nowhere] }),
    },
  },
  'narrow-mandate': {
    OK: {
      'fewer families, less goods': () =>
        actAt('approved').narrow({ families: ['credit'], collateral: undefined }),
      'to transactions alone': () => actAt('line').narrow({ families: undefined }),
    },
    E_SCOPE: {
      'another family': () =>
        actAt('line', { families: ['transaction', 'credit'] }).narrow({ families: ['mortgage'] }),
      'transactions, where there were none': () =>
        actAt('line', { families: ['credit'] }).narrow({ families: undefined }),
      'other goods': () => actAt('line').narrow({ collateral: [truck] }),
      'goods, where there were none': () =>
        actAt('line', { collateral: undefined }).narrow({ collateral: [nowhere] }),
    },
  },
};
