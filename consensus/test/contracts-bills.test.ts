/** What the bills' rows do (semantics §5 rows 35–39): the chain of holders, the price, payment and recourse. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { findBreaches } from '../contracts/invariants.ts';
import { bill } from '../contracts/objects/bill.ts';
import { billPayment } from '../contracts/objects/bill-payment.ts';
import { endorsement, endorsementId } from '../contracts/objects/endorsement.ts';
import { account, accountId } from '../contracts/objects/money.ts';
import { daysUntil, discountedPrice } from '../contracts/rules/bills.ts';
import { discountBill } from '../contracts/transitions/discount-bill.ts';
import { visibleClasses } from '../contracts/views.ts';
import { type BillStory, billAt, DUE, FACE } from './bill-steps.ts';
import { codeOf, DAY_MS, nowhere } from './contract-story.ts';
import { idOf, type Outcome, type PartyName } from './contract-world.ts';
import { euros } from './loan-steps.ts';

const bills = suite('bills');

const done = (outcome: Outcome): Outcome => {
  assert.is(outcome.refusal, undefined, JSON.stringify(outcome.refusal));
  assert.equal(findBreaches(outcome.world!), []);
  return outcome;
};
const balance = ({ world }: BillStory, owner: PartyName, money = euros()): number =>
  world.get(account, accountId(money, idOf(owner)))?.balance ?? 0;
const holderOf = (story: BillStory): string => toHex(story.world.read(bill, story.bill).holder);

bills('the price of a bill, to the cent', () => {
  const terms = { rateBp: 500, days: 90, dayBasis: 360 };
  assert.is(discountedPrice(1_000_000, terms), 987_500n);
  // 1 × 5 % × 90 / 360 is a part of a cent: the discount is rounded up.
  assert.is(discountedPrice(1, terms), 0n);
  assert.is(discountedPrice(1_000_000, { ...terms, dayBasis: 365 }), 987_671n);
  assert.is(discountedPrice(1_000_000, { ...terms, rateBp: 0 }), 1_000_000n);
  assert.is(discountedPrice(1_000_000, { rateBp: 10_000, days: 361, dayBasis: 360 }), -2_778n);
  assert.is(
    discountedPrice(Number.MAX_SAFE_INTEGER, { rateBp: 1, days: 1, dayBasis: 360 }),
    9_007_199_254_740_991n - 2_501_999_793n,
  );
  assert.is(daysUntil(DUE, DUE - 1), 1);
  assert.is(daysUntil(DUE, DUE - DAY_MS), 1);
  assert.is(daysUntil(DUE, DUE - DAY_MS - 1), 2);
});

bills('a discount moves bill and money in one step, and its price is seen by the two only', () => {
  const story = billAt('accepted');
  done(story.fund('bankB'));
  done(story.discount('zenith'));
  assert.is(balance(story, 'zenith'), 987_500);
  assert.is(balance(story, 'bankB'), 12_500);
  assert.is(holderOf(story), toHex(idOf('bankB')));
  const { world } = story;
  const id = endorsementId(story.bill, 0);
  const { kind, paid, rateBp, days, dayBasis } = world.read(endorsement, id);
  assert.equal([kind, paid, rateBp, days, dayBasis], ['discount', 987_500, 500, 90, 360]);
  const seen = (name: PartyName) => visibleClasses(world.stored(endorsement, id), idOf(name), world);
  assert.equal(
    [seen('bankB'), seen('zenith'), seen('acme'), seen('bankA')],
    [[0, 1, 2], [0, 1, 2], [0, 1], [0]],
  );
});

bills('a discount that the bank cannot pay leaves the bill where it was', () => {
  const story = billAt('accepted');
  const root = story.world.root();
  assert.is(codeOf(story.discount('zenith')), 'E_FUNDS');
  assert.is(story.world.root(), root);
});

bills('payment: face to the holder, once, and nobody is liable any more', () => {
  const story = billAt('presented');
  done(story.fund('acme', 3 * FACE));
  const { id } = done(story.pay());
  assert.is(story.state(), 'PAID');
  assert.equal([balance(story, 'acme'), balance(story, 'bankB')], [2 * FACE, FACE]);
  assert.is(story.world.read(billPayment, id).kind, 'payment');
  assert.is(codeOf(story.pay()), 'E_PAID');
  assert.is(codeOf(story.takeUp('zenith')), 'E_STATE');
  assert.is(balance(story, 'bankB'), FACE);
});

bills('recourse climbs: who pays holds the claim against those before, until the acceptor pays', () => {
  const story = billAt('dishonoured');
  for (const name of ['carrier', 'zenith', 'acme'] as const) done(story.fund(name));
  done(story.claim('bankB', 'carrier'));
  done(story.takeUp('carrier'));
  assert.equal([story.state(), holderOf(story)], ['RECOURSE', toHex(idOf('carrier'))]);
  assert.is(story.world.read(bill, story.bill).claimed, undefined);
  assert.is(codeOf(story.claim('bankB', 'zenith')), 'E_NOT_HOLDER');
  done(story.claim('carrier', 'zenith'));
  done(story.takeUp('zenith'));
  assert.equal([story.state(), holderOf(story)], ['RECOURSE', toHex(idOf('zenith'))]);
  done(story.takeUp('acme'));
  assert.is(story.state(), 'SETTLED');
  assert.equal(
    (['bankB', 'carrier', 'zenith', 'acme'] as const).map((name) => balance(story, name)),
    [FACE, FACE, FACE, 0],
  );
});

bills('over an unaccepted bill recourse ends with the drawer', () => {
  const story = billAt('dishonoured', false);
  done(story.fund('zenith'));
  done(story.takeUp('zenith'));
  assert.is(story.state(), 'SETTLED');
});

bills('a bill that comes back to its drawer gives no claim against those between', () => {
  const story = billAt('accepted');
  done(story.endorse('zenith', 'carrier'));
  done(story.endorse('carrier', 'zenith'));
  story.world.time = DUE;
  done(story.present('zenith'));
  done(story.refuse());
  assert.is(codeOf(story.claim('zenith', 'carrier')), 'E_STANDING');
  done(story.claim('zenith', 'acme'));
});

bills(
  'two endorsements of one bill: the first in order takes effect, the other has a code and the state is the same',
  () => {
    for (const [first, second] of [
      ['carrier', 'bankA'],
      ['bankA', 'carrier'],
    ] as const) {
      const story = billAt('accepted');
      done(story.endorse('zenith', first));
      assert.is(codeOf(story.endorse('zenith', second)), 'E_NOT_HOLDER');
      assert.is(holderOf(story), toHex(idOf(first)));
    }
  },
);

bills('a drawee who never accepted, but endorsed, pays as an endorser and claims from the drawer', () => {
  const story = billAt('issued');
  done(story.endorse('zenith', 'acme'));
  done(story.endorse('acme', 'bankB'));
  for (const name of ['acme', 'zenith'] as const) done(story.fund(name));
  story.world.time = DUE;
  done(story.present('bankB'));
  done(story.refuse());
  done(story.takeUp('acme'));
  assert.equal([story.state(), holderOf(story)], ['RECOURSE', toHex(idOf('acme'))]);
  done(story.takeUp('zenith'));
  assert.is(story.state(), 'SETTLED');
  assert.equal([balance(story, 'acme'), balance(story, 'zenith')], [FACE, 0]);
});

bills('the invariants see a discount at another price, and an endorsement at any', () => {
  const story = billAt('accepted');
  done(story.fund('bankB'));
  done(story.discount('zenith'));
  done(story.endorse('bankB', 'carrier'));
  const broken = (index: number, fields: { readonly paid: number }): number[] => {
    const { world } = story.fork();
    world.change(endorsement, endorsementId(story.bill, index), fields);
    return findBreaches(world).map(({ invariant }) => invariant);
  };
  assert.equal(broken(0, { paid: 987_501 }), [15]);
  assert.equal(broken(1, { paid: 1 }), [15]);
});

bills('the invariants see an account that is not where it should be, or of no money', () => {
  const { world } = billAt('issued');
  const own = world.read(account, accountId(euros(), idOf('bankA')));
  const broken = (id: Uint8Array, money: Uint8Array): number[] => {
    const copy = world.fork();
    copy.put(account, id, { ...own, owner: idOf('acme'), money, balance: 0 });
    return findBreaches(copy).map(({ invariant }) => invariant);
  };
  assert.equal(broken(accountId(euros(), idOf('acme')), euros()), []);
  assert.equal(broken(nowhere, euros()), [14]);
  assert.equal(broken(accountId(nowhere, idOf('acme')), nowhere), [14]);
});

bills('every signature is needed', () => {
  const { world, bill: id } = billAt('accepted');
  const args = {
    bill: id,
    bank: idOf('bankB'),
    money: euros(),
    rateBp: 500,
    dayBasis: '360' as const,
  };
  assert.is(codeOf(world.run(discountBill, args, ['zenith'])), 'E_ROLE');
  assert.is(codeOf(world.run(discountBill, args, ['bankB'])), 'E_NOT_HOLDER');
  const story = billAt('issued');
  assert.is(codeOf(story.issue({}, [])), 'E_ROLE');
  assert.is(codeOf(story.accept(['zenith'])), 'E_ROLE');
  assert.is(codeOf(story.endorse('zenith', 'carrier', FACE, ['zenith'])), 'E_ROLE');
  const shown = billAt('presented');
  shown.fund('acme');
  assert.is(codeOf(shown.pay(['bankB'])), 'E_ROLE');
  assert.is(codeOf(shown.refuse(['bankB'])), 'E_ROLE');
  assert.is(codeOf(shown.takeUp('carrier', ['bankB'])), 'E_ROLE');
});

bills('the invariants see a chain that was tampered with', () => {
  const broken = (change: (story: BillStory) => void): number[] => {
    const story = billAt('presented');
    done(story.fund('acme', 2 * FACE));
    done(story.pay());
    change(story);
    return findBreaches(story.world).map(({ invariant }) => invariant);
  };
  const paidId = ({ world }: BillStory): Uint8Array =>
    [...world.objects()].find(({ type }) => type === 'bill-payment')!.id;
  assert.equal(
    broken(() => {}),
    [],
  );
  assert.equal(
    broken((s) => s.world.change(bill, s.bill, { holder: idOf('zenith') })),
    [6],
  );
  assert.equal(
    broken((s) => s.world.change(bill, s.bill, { endorsements: 1 })),
    [6, 20, 20],
  );
  assert.equal(
    broken((s) => s.world.change(endorsement, endorsementId(s.bill, 1), { from: idOf('acme') })),
    [20],
  );
  assert.equal(
    broken((s) => s.world.change(billPayment, paidId(s), { amount: FACE - 1 })),
    [20],
  );
  assert.equal(
    broken((s) => s.world.change(bill, s.bill, { state: 'PRESENTED' })),
    [20],
  );
  assert.equal(
    broken((s) => s.world.change(account, accountId(euros(), idOf('acme')), { balance: 1 })),
    [14],
  );
  assert.equal(
    broken((s) => s.world.change(account, accountId(euros(), idOf('acme')), { locked: 1 })),
    [14, 14],
  );
});

bills.run();
