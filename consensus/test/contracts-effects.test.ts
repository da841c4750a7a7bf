/** What loans, breaches, transfers, bills and things come to, in figures (semantics §5 rows 16–43, §6). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { findBreaches } from '../contracts/invariants.ts';
import { bill } from '../contracts/objects/bill.ts';
import { claim } from '../contracts/objects/claim.ts';
import { correction } from '../contracts/objects/correction.ts';
import { disputed } from '../contracts/objects/dispute.ts';
import { exchange } from '../contracts/objects/exchange.ts';
import { grant } from '../contracts/objects/grant.ts';
import { loan } from '../contracts/objects/loan.ts';
import { mandate } from '../contracts/objects/mandate.ts';
import { marginCall } from '../contracts/objects/margin-call.ts';
import { account, accountId, moneyId } from '../contracts/objects/money.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { receipt } from '../contracts/objects/receipt.ts';
import { distribution, sale } from '../contracts/objects/sale.ts';
import { statusRequest, statusRequestId } from '../contracts/objects/status-request.ts';
import { tranche } from '../contracts/objects/tranche.ts';
import { guarantee } from '../contracts/objects/undertaking.ts';
import { unit } from '../contracts/objects/unit.ts';
import { warning } from '../contracts/objects/warning.ts';
import { childId } from '../contracts/rules/warnings.ts';
import * as bills from './bill-steps.ts';
import * as breach from './breach-steps.ts';
import { codeOf, DAY_MS, OTHER_SSCC, QUANTITY, type Story, storyAt } from './contract-story.ts';
import { idOf, type Outcome, type PartyName, type World } from './contract-world.ts';
import * as exception from './exception-steps.ts';
import { lose, merge, price, split, takeOut } from './goods-steps.ts';
import * as money from './loan-steps.ts';
import * as trade from './undertaking-steps.ts';

const effects = suite('effects');

const done = (outcome: Outcome): Outcome => {
  assert.is(outcome.refusal, undefined, JSON.stringify(outcome.refusal));
  if (!outcome.world!.tampered) assert.equal(findBreaches(outcome.world!), []);
  return outcome;
};
const is = (id: Uint8Array | undefined, name: PartyName): void =>
  assert.is(toHex(id ?? new Uint8Array()), toHex(idOf(name)), name);
const balance = (world: World, name: PartyName, issue = money.euros()): number =>
  world.get(account, accountId(issue, idOf(name)))?.balance ?? 0;
const state = (story: Story): string => story.world.read(pledge, story.pledge).state;
const debt = (story: Story) => story.world.read(loan, story.loan).debt;

effects('a release order is used once, and the pledge is smaller by what left', () => {
  const story = money.pricedAt('drawn', 'lot');
  const release = done(money.orderOut(story, 300_000)).id;
  done(takeOut(story, { quantity: 200_000, packages: 8, release }));
  assert.is(story.world.read(pledge, story.pledge).quantity, 800_000);
  assert.is(codeOf(takeOut(story, { quantity: 1, packages: 0, release })), 'E_NO_RELEASE');
});

effects('a bank’s request is answered by the next status of those goods under the grant, once', () => {
  const story = storyAt('stated');
  const request = statusRequestId(story.grant, story.unit);
  const asked = () => story.world.read(statusRequest, request);
  done(story.ask());
  assert.equal([asked().state, asked().status], ['OPEN', undefined]);
  is(asked().monitor, 'monitor');
  const answer = done(story.supply());
  assert.equal([asked().state, toHex(asked().status!)], ['ANSWERED', toHex(answer.id)]);
  done(story.supply());
  assert.is(toHex(asked().status!), toHex(answer.id), 'what was answered stays so');
  done(story.ask());
  assert.equal([asked().state, asked().status], ['OPEN', undefined]);
});

effects('a lapsed order no longer counts as gone', () => {
  const story = money.pricedAt('drawn', 'lot');
  done(money.orderOut(story, 300_000));
  assert.is(codeOf(money.orderOut(story, 100_000)), 'E_COVER');
  story.world.pass(3 * DAY_MS);
  price(story);
  done(money.orderOut(story, 100_000));
});

effects('substitution: rank and position stay, old goods are free', () => {
  const story = money.pricedAt('drawn');
  const before = story.world.read(pledge, story.pledge);
  const other = money.spare(story);
  done(money.replaceBy(story, other));
  const after = story.world.read(pledge, story.pledge);
  assert.equal([after.rank, after.perfectedAt], [before.rank, before.perfectedAt]);
  assert.is(toHex(after.unit), toHex(other.unit));
  done(takeOut(story));
  assert.is(codeOf(takeOut(other)), 'E_NO_RELEASE');
});

effects('a margin call: amount, cure in two business days, and met by cash', () => {
  // 921,000 owed; 1,400,000 less a tenth is 1,260,000; 60 % of it 756,000.
  const story = money.fallen();
  const { id } = done(money.callFor(story));
  const called = story.world.read(marginCall, id);
  assert.is(called.amount, 165_000);
  assert.is(called.cureUntil, story.world.time + 2 * DAY_MS);
  assert.is(state(story), 'WARNED');
  assert.is(story.world.read(warning, childId(id, 0)).level, 'warning');
  done(money.payIn(story, { amount: 165_000 }));
  assert.is(state(story), 'PERFECTED');
  assert.equal(debt(story), { costs: 0, interest: 0, principal: 756_000 });
});

effects('a loan drawn and repaid on the ledger: balances follow, the excess stays with the payer', () => {
  const story = storyAt('perfected');
  money.issueTo(story, 'bankA');
  done(story.draw({ money: money.euros(), reference: '' }));
  assert.is(balance(story.world, 'acme'), 900_000);
  money.issueTo(story, 'acme', 100_000);
  done(story.repay({ money: money.euros(), reference: '', amount: 1_000_000 }, ['acme']));
  assert.is(balance(story.world, 'acme'), 79_000);
  assert.is(balance(story.world, 'bankA'), 2_000_000 + 21_000);
  assert.is(story.loanState(), 'REPAID');
});

effects('repaid in dollars: both sides at one position, the difference from the reference is booked', () => {
  const story = money.withDollars();
  const dollars = (name: PartyName) =>
    story.world.get(account, accountId(moneyId(idOf('bankB'), 'USD'), idOf(name)))?.balance ?? 0;
  // 1,000.01 dollars at 2.00 for a euro are 500.00 euros; at 1.90 they are worth 526.32.
  const { id } = done(money.repayInDollars(story));
  assert.equal([dollars('acme'), dollars('bankA')], [3_000_000 - 100_001, 100_001]);
  const booked = story.world.read(exchange, id);
  assert.equal(
    [booked.paid, booked.credited, booked.value, booked.gain, booked.loss],
    [100_001, 50_000, 52_632, 2_632, 0],
  );
  const { costs, interest, principal } = debt(story);
  assert.is(costs + interest + principal, 921_000 - 50_000);
  // At a quote better than the reference the bank loses.
  const better = done(money.repayInDollars(story, { quote: { numerator: 1, denominator: 1 } })).id;
  assert.equal(
    [story.world.read(exchange, better).gain, story.world.read(exchange, better).loss],
    [0, 100_001 - 52_632],
  );
  // What is left, to the unit.
  done(money.repayInDollars(story, { amount: 2 * (921_000 - 50_000 - 100_001) }));
  assert.is(story.loanState(), 'REPAID');
});

effects('a documentary credit: title against money at one position; undrawn, the money goes back', () => {
  const story = trade.sellable();
  const before = balance(story.world, 'bankA');
  const { id } = done(trade.openFor(story));
  assert.is(balance(story.world, 'bankA'), before - trade.AMOUNT, 'set aside');
  done(trade.present(story, id));
  is(story.world.read(receipt, story.receipt!).owner, 'zenith');
  is(story.world.read(receipt, story.receipt!).controller, 'zenith');
  assert.is(balance(story.world, 'acme'), trade.AMOUNT);
  const undrawn = trade.sellable();
  const other = done(trade.openFor(undrawn, { quantity: 1 })).id;
  assert.is(codeOf(trade.present(undrawn, other)), 'E_MISMATCH');
  is(undrawn.world.read(receipt, undrawn.receipt!).owner, 'acme');
  undrawn.world.pass(31 * DAY_MS);
  done(trade.lapseOfCredit(undrawn, other));
  assert.is(balance(undrawn.world, 'bankA'), before);
  assert.equal(findBreaches(undrawn.world), []);
});

effects('a guarantee: paid on demand in the bank’s own money, never more than it is for', () => {
  const story = trade.sellable();
  const { id } = done(trade.guaranteeFor(story));
  done(trade.demand(story, id, 400_000));
  assert.is(balance(story.world, 'acme'), 400_000);
  assert.is(codeOf(trade.demand(story, id, trade.AMOUNT)), 'E_LIMIT');
  done(trade.demand(story, id, trade.AMOUNT - 400_000));
  assert.is(balance(story.world, 'acme'), trade.AMOUNT);
  assert.is(story.world.read(guarantee, id).state, 'CALLED');
  assert.equal(findBreaches(story.world), []);
});

effects('write-off leaves debt and pledge standing', () => {
  const story = storyAt('drawn');
  done(money.writeOffLoan(story));
  assert.is(debt(story).principal, 900_000);
  assert.is(codeOf(story.release()), 'E_DEBT');
  done(story.repay());
  assert.is(story.loanState(), 'REPAID');
});

effects('frozen: no exit, transfer or draw; repayment and cure stay open', () => {
  const { story, warning: id } = breach.warned('970');
  done(breach.freezeOn(story, { type: 'policy', warning: id }));
  assert.is(codeOf(takeOut(story)), 'E_FROZEN');
  assert.is(codeOf(story.draw({ principal: 1 })), 'E_STATE');
  done(story.repay({ amount: 100 }));
  done(breach.cureIt(story));
  assert.is(state(story), 'PERFECTED');
  assert.is(story.world.read(warning, id).state, 'CURED');
});

effects('a sale: costs, debt by order, surplus to the pledgor; the goods pass free', () => {
  const { story, sale: id } = breach.onSale();
  const before = balance(story.world, 'bankA');
  done(breach.bidFor(story, id, 1_000_000, 'bankB'));
  done(breach.bidFor(story, id, 1_500_000, 'zenith'));
  assert.is(balance(story.world, 'bankB'), 2_000_000, 'a lower bid goes back at once');
  assert.is(balance(story.world, 'zenith'), 500_000);
  story.world.pass(6 * DAY_MS);
  const { shares } = story.world.read(distribution, done(breach.shareOut(story, id)).id);
  assert.equal(
    shares.map(({ kind, amount }) => [kind, amount]),
    [
      ['costs', 10_000],
      ['pledge', 921_000],
      ['surplus', 569_000],
    ],
  );
  assert.is(balance(story.world, 'bankA'), before + 931_000);
  assert.is(balance(story.world, 'acme'), 569_000);
  assert.is(story.loanState(), 'REPAID');
  assert.is(state(story), 'REALISED');
  is(story.world.read(unit, story.unit).owner, 'zenith');
  done(takeOut(story));
});

effects('split and merged again: to the gram, the package and the cent of the lien', () => {
  const story = storyAt('registered', 'lot');
  story.issue({ lienAmount: 50_001, lienCurrency: 'EUR' });
  const whole = story.world.read(receipt, story.receipt!);
  const parts = done(split(story)).id;
  const ids = [0, 1].map((index) => childId(parts, index));
  const { id } = done(merge(story, ids));
  const merged = story.world.read(receipt, id);
  assert.equal([merged.quantity, merged.packages], [whole.quantity, whole.packages]);
  for (const part of ids) assert.is(story.world.read(receipt, part).state, 'MERGED');
  assert.equal(story.world.read(unit, story.unit).receipts.map(toHex), [toHex(id)]);
  assert.is(story.world.read(unit, story.unit).receipted, whole.quantity);
  assert.is(merged.lienAmount, whole.lienAmount, 'it stood whole on both parts, and is claimed once');
});

effects('a shortfall remains the enterprise’s debt', () => {
  const { story, sale: id } = breach.onSale();
  done(breach.bidFor(story, id, 500_000));
  story.world.pass(6 * DAY_MS);
  done(breach.shareOut(story, id));
  // 490,000 of 921,000: costs, interest, then principal.
  assert.equal(debt(story), { costs: 0, interest: 0, principal: 431_000 });
  assert.is(story.loanState(), 'DRAWN');
});

effects(
  'what a loss has left is sold; goods lost while they are for sale are not, and the bid goes back',
  () => {
    const story = breach.defaulted();
    done(lose(story));
    const { sale: id } = breach.onSale(story);
    assert.is(story.world.read(sale, id).quantity, QUANTITY - 100_000);
    done(breach.bidFor(story, id, 500_000));
    const before = balance(story.world, 'zenith');
    story.world.pass(6 * DAY_MS);
    done(lose(story, { quantity: 1_000, packages: 0 }));
    done(breach.shareOut(story, id));
    assert.is(story.world.read(sale, id).state, 'FAILED');
    assert.is(balance(story.world, 'zenith'), before + 500_000);
    assert.is(state(story), 'DEFAULTED');
    const again = breach.onSale(story).sale;
    done(breach.bidFor(story, again, 500_000));
    story.world.pass(6 * DAY_MS);
    done(breach.shareOut(story, again));
    const goods = story.world.read(unit, story.unit);
    is(goods.owner, 'zenith');
    assert.equal([goods.quantity, goods.shortfall], [QUANTITY - 101_000, 0]);
    assert.is(state(story), 'REALISED');
  },
);

effects('no junior before the senior, and the lien where the law puts it', () => {
  for (const lienFirst of [true, false]) {
    const story = storyAt('approved');
    const rival = story.rival('approved');
    const { world } = story;
    world.policy = { ...world.policy, juniorPledges: true, lienFirst };
    story.issue({ lienAmount: 50_000, lienCurrency: 'EUR' });
    story.agree({ ceiling: 500_000 });
    story.perfect();
    story.draw({ principal: 400_000, interest: 0, costs: 0 });
    rival.receipt = story.receipt;
    done(rival.agree({ behind: story.pledge, ceiling: 400_000 }, ['acme', 'bankB', 'bankA']));
    done(rival.perfect({}, ['bankB', 'monitor', 'warehouse']));
    done(rival.draw({ principal: 300_000, interest: 0, costs: 0 }));
    story.warn();
    const { sale: id } = breach.onSale(breach.defaulted(story));
    done(breach.bidFor(story, id, 600_000));
    world.pass(6 * DAY_MS);
    const { shares } = world.read(distribution, done(breach.shareOut(story, id)).id);
    const expected = lienFirst ? [10_000, 50_000, 400_000, 140_000] : [10_000, 400_000, 190_000];
    assert.equal(
      shares.map(({ amount }) => amount),
      expected,
    );
    assert.is(world.read(pledge, rival.pledge).state, 'REALISED');
    is(world.read(receipt, story.receipt!).controller, 'zenith');
  }
});

effects('redeemed before the sale closes: released, the bid goes back', () => {
  const { story, sale: id } = breach.onSale();
  done(breach.bidFor(story, id));
  done(story.repay());
  done(story.release());
  assert.is(story.world.read(sale, id).state, 'CANCELLED');
  assert.is(balance(story.world, 'zenith'), 2_000_000);
});

effects('taken over with consent: what the value leaves goes to the pledgor', () => {
  const story = breach.defaulted();
  money.issueTo(story, 'bankA');
  done(breach.takeOver(story, { value: 1_200_000 }));
  assert.is(balance(story.world, 'acme'), 279_000);
  is(story.world.read(unit, story.unit).owner, 'bankA');
});

effects('a dispute flags, and its decision takes the flag away', () => {
  const story = storyAt('perfected');
  const first = done(exception.dispute(story)).id;
  const second = done(exception.dispute(story)).id;
  done(exception.decideOn(story, first));
  assert.is(codeOf(story.draw()), 'E_STATE');
  done(exception.decideOn(story, second, false));
  assert.is(story.world.get(disputed, story.pledge), undefined);
  done(story.draw());
});

effects('a correction: the book follows, the warning closes, what is short is warned of anew', () => {
  const { story, warning: id } = exception.misread();
  const call = done(exception.correct(story)).id;
  const book = story.world.read(unit, story.unit);
  assert.equal([book.quantity, book.stock.corrected, book.shortfall], [980_000, -20_000, 20_000]);
  assert.is(story.world.read(warning, id).state, 'CURED');
  const held = story.world.read(pledge, story.pledge);
  assert.is(held.state, 'WARNED');
  assert.is(story.world.read(warning, held.openWarnings[0]!).trigger, 'loss');
  assert.equal(
    [story.world.read(correction, call).before, story.world.read(correction, call).after],
    [QUANTITY, 980_000],
  );
});

effects('found again: a correction takes the shortfall of a loss away', () => {
  const story = storyAt('drawn', 'lot');
  const weighing = { device: 'scale', values: { weight: '1000' }, counter: exception.WRONG.counter } as const;
  const evidence = [
    story.world.reading(weighing),
    story.world.reading({ device: 'counter', values: { count: '40' } }),
  ];
  done(story.supply({ evidence }));
  done(lose(story));
  assert.is(story.world.read(unit, story.unit).shortfall, 100_000);
  done(exception.correct(story, { quantity: QUANTITY, packages: 40 }));
  assert.is(story.world.read(unit, story.unit).shortfall, 0);
  assert.is(state(story), 'PERFECTED');
});

effects('a correction that leaves a receipt short, and no pledge to warn of, is claimed', () => {
  const story = storyAt('registered', 'lot');
  const counter = exception.WRONG.counter;
  const evidence = [
    story.world.reading({ device: 'scale', values: { weight: '1000' }, counter }),
    story.world.reading({ device: 'counter', values: { count: '40' } }),
  ];
  story.reach('stated');
  done(story.supply({ evidence }));
  done(story.issue());
  const { id } = done(exception.correct(story, {}, ['monitor']));
  assert.is(story.world.read(unit, story.unit).shortfall, 20_000);
  assert.is(story.world.read(claim, id).quantity, 20_000);
});

effects('assignment: new creditor and pledgee, same rank; payment to the old one does not discharge', () => {
  const story = storyAt('approved');
  story.issue();
  story.agree();
  story.perfect();
  story.draw();
  const before = story.world.read(pledge, story.pledge);
  done(exception.assign(story));
  const after = story.world.read(pledge, story.pledge);
  is(after.pledgee, 'bankB');
  assert.equal(
    [after.rank, after.perfectedAt, after.quantity],
    [before.rank, before.perfectedAt, before.quantity],
  );
  is(story.world.read(receipt, story.receipt!).controller, 'bankB');
  is(story.world.read(grant, story.grant).bank, 'bankB');
  assert.is(codeOf(story.repay()), 'E_ROLE');
  done(story.repay({}, ['acme', 'bankB']));
});

effects('tranches are paid by seniority, each to its holder', () => {
  const story = storyAt('drawn');
  const { id } = done(exception.divide(story));
  const [senior, junior] = [childId(id, 0), childId(id, 1)];
  done(exception.sellTranche(story, senior));
  assert.is(balance(story.world, 'zenith'), 410_000);
  money.issueTo(story, 'acme');
  // 21,000 of costs and interest first, then 679,000 of principal: 600,000 senior, 79,000 junior.
  done(story.repay({ money: money.euros(), reference: '', amount: 700_000 }, ['acme']));
  assert.is(balance(story.world, 'zenith'), 1_010_000);
  assert.is(balance(story.world, 'bankA'), 590_000 + 21_000 + 79_000);
  assert.is(story.world.read(tranche, senior).state, 'PAID');
  assert.is(story.world.read(tranche, junior).principal, 221_000);
});

effects('payment against payment: both at one position, or both back', () => {
  const { world, swap } = exception.swapped();
  done(exception.lockSide(world, swap, 'first'));
  done(exception.lockSide(world, swap, 'second'));
  assert.is(balance(world, 'acme'), 1_900_000);
  const timeout = world.fork();
  done(exception.settleLegs(world, swap));
  assert.is(balance(world, 'acme', exception.dollarsOfB()), 110_000);
  assert.is(balance(world, 'zenith'), 2_100_000);
  timeout.pass(DAY_MS);
  done(exception.refundLegs(timeout, swap));
  assert.is(balance(timeout, 'acme'), 2_000_000);
  assert.is(balance(timeout, 'zenith', exception.dollarsOfB()), 500_000);
});

effects('a bill: discounted at six per cent for thirty days, paid at face to whoever holds it', () => {
  const { world, bill: id } = bills.accepted();
  done(bills.sellTo(world, id));
  // ceil(1,000,000 × 6 % × 30 / 360) = 5,000.
  assert.is(balance(world, 'zenith'), 2_995_000);
  assert.is(balance(world, 'bankB'), 1_005_000);
  world.pass(30 * DAY_MS);
  done(bills.present(world, id, 'bankB'));
  done(bills.settle(world, id));
  assert.is(balance(world, 'bankB'), 2_005_000);
  assert.is(world.read(bill, id).state, 'PAID');
});

effects('what a lien did not get of the proceeds stays on the receipt', () => {
  const story = storyAt('approved');
  story.world.policy = { ...story.world.policy, lienFirst: false };
  story.issue({ lienAmount: 50_000, lienCurrency: 'EUR' });
  story.agree();
  story.perfect();
  story.draw();
  story.warn();
  const { sale: id } = breach.onSale(breach.defaulted(story));
  done(breach.bidFor(story, id, 951_000));
  story.world.pass(6 * DAY_MS);
  done(breach.shareOut(story, id));
  assert.is(story.world.read(receipt, story.receipt!).lienAmount, 30_000);
});

effects('dishonoured: each who pays may ask those before it, up to the acceptor', () => {
  const { world, bill: id } = bills.presented('bankB');
  done(bills.refuse(world, id));
  done(bills.recourse(world, id, 'carrier'));
  assert.is(world.read(bill, id).state, 'RECOURSE');
  assert.is(codeOf(bills.recourse(world, id, 'bankB')), 'E_STANDING');
  // zenith has drawn the bill and endorsed it: it pays once, and the acceptor still owes.
  done(bills.recourse(world, id, 'zenith'));
  assert.is(world.read(bill, id).state, 'RECOURSE');
  done(bills.recourse(world, id, 'acme'));
  assert.is(world.read(bill, id).state, 'SETTLED');
  assert.is(balance(world, 'carrier'), 2_000_000);
  assert.is(balance(world, 'zenith'), 2_000_000);
  assert.is(balance(world, 'acme'), 1_000_000);
  assert.is(balance(world, 'bankB'), 3_000_000);
});

effects(
  'a truck pays fuel and tolls within its mandate, and is stopped at the first payee outside it',
  () => {
    const { world, mandate: id } = bills.mandated();
    done(bills.buy(world, id, { content: 'fuel', amount: 20_000 }));
    done(bills.buy(world, id, { content: 'toll', amount: 3_000, payee: idOf('warehouse') }));
    assert.is(codeOf(bills.buy(world, id, { payee: idOf('zenith') })), 'E_MANDATE_PAYEE');
    assert.equal(
      world.read(mandate, id).recent.map(({ amount }) => amount),
      [20_000, 3_000],
    );
    assert.is(balance(world, 'carrier'), 2_020_000);
    assert.is(balance(world, 'acme'), 1_977_000);
  },
);

effects('more cover comes from other goods, perfected by its own position', () => {
  const story = money.called();
  const other = money.spare(story, OTHER_SSCC);
  const { id } = done(money.bringGoods(story, other));
  assert.is(story.world.read(pledge, id).state, 'PERFECTED');
  assert.is(story.world.read(pledge, id).perfectedAt, story.world.height);
  assert.is(state(story), 'PERFECTED');
});

effects.run();
