/** The business audit: a sound loan passes every check; each check fails on a file that breaks it, and on no other. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex } from '../../consensus/codec/bytes.ts';
import { Survey } from '../../consensus/contracts/invariants/survey.ts';
import { bill } from '../../consensus/contracts/objects/bill.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { orderReceipt } from '../../consensus/contracts/objects/order-receipt.ts';
import { payment } from '../../consensus/contracts/objects/payment.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { status } from '../../consensus/contracts/objects/status.ts';
import { tenure } from '../../consensus/contracts/objects/tenure.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { key, party } from '../../consensus/contracts/registry.ts';
import { type Story, storyAt } from '../../consensus/test/contract-story.ts';
import { idOf, network, signerOf } from '../../consensus/test/contract-world.ts';
import { checkFile } from '../service/audit-checks.ts';
import type { Check } from '../service/audit-file.ts';
import { type Name, SharedLedger, value } from './shared-ledger.ts';

const test = suite('audit');

/** The checks of a story's loan by somebody who may see everything. */
function audit({ world, loan: id }: Story): Check[] {
  const survey = new Survey(world);
  const lent = world.read(loan, id);
  const file = { network, policy: defaultPolicy, survey, hides: () => false, id, loan: lent };
  return [...checkFile(file)];
}

/** A loan on a receipt, drawn and partly repaid. */
function sound(): Story {
  const story = storyAt('approved');
  story.issue();
  for (const outcome of [story.agree(), story.perfect(), story.draw(), story.repay({ amount: 100_000 })])
    assert.is(outcome.refusal, undefined);
  return story;
}

const failed = (checks: readonly Check[]): string[] =>
  checks.filter(({ result }) => result === 'fail').map(({ subject, check }) => `${subject.type}: ${check}`);

test('a sound loan passes every check', () => {
  const checks = audit(sound());
  assert.equal(failed(checks), []);
  assert.ok(checks.every(({ result }) => result === 'pass'));
  assert.ok(checks.length >= 25, `${checks.length}`);
  console.log(`${checks.length} checks of one loan`);
});

test('each check fails on the file that breaks it, and on it alone', () => {
  const breaks: readonly (readonly [wanted: string, tamper: (story: Story) => void])[] = [
    [
      'party: the applicant’s LEI is valid and its own',
      ({ world, loan: id }) => world.change(loan, id, { lei: `${world.read(loan, id).lei.slice(0, -1)}0` }),
    ],
    ['party: is enrolled as bank', ({ world }) => world.change(party, idOf('bankA'), { roles: ['monitor'] })],
    [
      'party: has a live key',
      ({ world }) => world.change(key, signerOf('warehouse').publicKey, { state: 'REVOKED' }),
    ],
    [
      'unit: the book is what came, less what went',
      ({ world, unit: id }) => world.change(unit, id, { stock: { ...world.read(unit, id).stock, left: 7 } }),
    ],
    [
      'unit: the newest status weighs what the book says',
      ({ world, status: id }) => world.change(status, id, { weight: 990_000 }),
    ],
    [
      'order-receipt: the order receipt states what the book says',
      ({ world, order: id }) => world.change(orderReceipt, id, { quantity: 990_000 }),
    ],
    [
      'order-receipt: it is of an order of the loan',
      ({ world, order: id }) => world.change(orderReceipt, id, { orderNumber: 'PO-other' }),
    ],
    [
      'order-receipt: its currency is the loan’s',
      ({ world, order: id }) => world.change(orderReceipt, id, { currency: 'USD' }),
    ],
    [
      'unit: live receipts stand for what is receipted',
      ({ world, unit: id }) => world.change(unit, id, { receipted: 999_999 }),
    ],
    [
      'receipt: it is HELD exactly while it is pledged',
      ({ world, receipt: id }) => world.change(receipt, id!, { state: 'ISSUED' }),
    ],
    [
      'receipt: its mandatory fields are filled',
      ({ world, receipt: id }) => world.change(receipt, id!, { issuerLei: '' }),
    ],
    [
      'pledge: the goods are as many as are pledged',
      ({ world, pledge: id }) => world.change(pledge, id, { quantity: 1_000_001 }),
    ],
    [
      'receipt: transfers follow each other without overlap or gap',
      ({ world, receipt: id }) => {
        // Another owner from height 900 on, while the interval before ends at 899.
        const before = world.read(receipt, id!).tenure;
        const next = new Uint8Array(32).fill(9);
        world.change(tenure, before, { until: 899 });
        world.put(tenure, next, {
          ...world.read(tenure, before),
          previous: before,
          since: 900,
          until: undefined,
        });
        world.change(receipt, id!, { tenure: next });
      },
    ],
    [
      'loan: drawn less paid is the principal owed',
      ({ world, loan: id }) =>
        world.change(loan, id, { debt: { ...world.read(loan, id).debt, principal: 1 } }),
    ],
    [
      'loan: no more principal is owed than the limit',
      ({ world, loan: id }) => world.change(loan, id, { limit: 5 }),
    ],
    [
      'payment: it is in the loan’s currency, of its applicant',
      ({ world }) => {
        const [paid] = new Survey(world).all(payment);
        world.change(payment, paid!.id, { currency: 'USD' });
      },
    ],
  ];
  for (const [wanted, tamper] of breaks) {
    const story = sound();
    tamper(story);
    assert.equal(failed(audit(story)), [wanted]);
  }
});

test('within the tolerance a weight is in step; beyond it the pair is listed with both sides', () => {
  const story = sound();
  const { world, status: id } = story;
  world.change(status, id, { weight: 995_000 });
  assert.equal(failed(audit(story)), []);
  world.change(status, id, { weight: 994_999 });
  const [out] = audit(story).filter(({ result }) => result === 'fail');
  assert.equal(out!.pair, { left: 1_000_000, right: 994_999, toleranceBp: 50 });
});

test('bills of the applicant: endorsements without a gap, paid once', () => {
  const story = sound();
  const { world } = story;
  const id = new Uint8Array(32).fill(3);
  const terms = {
    drawer: idOf('zenith'),
    drawee: idOf('acme'),
    payee: idOf('zenith'),
    money: id,
    face: 5,
    due: 1,
  };
  world.put(bill, id, {
    ...{ ...terms, place: 'Hamburg', payDays: 3, transferable: true, currency: 'EUR', accepted: true },
    ...{ state: 'ACCEPTED', holder: idOf('zenith'), endorsements: 0, payUntil: 0, claimed: undefined },
    ...{ call: id, height: 1 },
  });
  assert.equal(failed(audit(story)), []);
  world.change(bill, id, { holder: idOf('bankB') });
  assert.equal(failed(audit(story)), ['bill: its endorsements lead to its holder without a gap']);
  world.change(bill, id, { holder: idOf('zenith'), state: 'PAID' });
  assert.equal(failed(audit(story)), ['bill: it is paid once, at face, or not at all']);
});

const LABEL = '340123450000000017';

test('over a ledger: by loan and by order, for its parties; what they may not see is withheld, never failed', async () => {
  const ledger = await SharedLedger.start();
  try {
    await ledger.register(LABEL);
    const { callId } = await ledger.issueReceipt(LABEL);
    const { loan: id } = await ledger.approve(LABEL);
    const pledged = await ledger.agree(LABEL, id, callId);
    await ledger.perfect(pledged.callId);
    await ledger.draw(id, 100_000);
    for (const name of ['bank', 'enterprise'] as const) {
      const told = value(await ledger.services[name].audits.ofLoan(fromHex(id)!));
      assert.equal([told.failed, told.outOfStep], [0, []], name);
      assert.ok(told.passed > 20, `${name}: ${told.passed}`);
      assert.ok(told.checks.some(({ check }) => check.startsWith('every call of its history')));
      const byOrder = value(await ledger.services[name].audits.ofOrder('PO-1'));
      assert.equal([byOrder.loans, byOrder.passed], [[id], told.passed]);
    }
    for (const name of ['monitor', 'rival', 'buyer'] as const satisfies readonly Name[]) {
      const told = await ledger.services[name].audits.ofLoan(fromHex(id)!);
      assert.is(told.ok || told.code, 'E_SCOPE', name);
      const order = await ledger.services[name].audits.ofOrder('PO-1');
      assert.is(order.ok || order.code, 'E_NOT_FOUND', name);
    }
  } finally {
    await ledger.stop();
  }
});

test.run();
