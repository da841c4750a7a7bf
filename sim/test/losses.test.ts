/** The experiment on losses (R021): what the paper bank loses, when readings show a breach, and what a ledger really owes. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeOutcomes, type Outcome, reduction, settleCase } from '../experiments/losses.ts';
import { firstAlarm } from '../losses/alarm.ts';
import { drawCase, frauds, loanOn, lossOf, others, proceedsOf } from '../losses/case.ts';
import { carefulBank, paperLoss } from '../losses/paper.ts';
import { tellCase } from '../losses/telling.ts';

const test = suite('losses');
const HOUR_MS = 3_600_000;
const blind = { ...carefulBank, look: 0, find: 0 };

test('the paper bank: looking and inspecting help, and never hurt', () => {
  for (const kind of frauds) {
    const lost = drawCase(kind, 1);
    const careful = paperLoss(lost, carefulBank);
    assert.ok(careful > 0, kind);
    assert.ok(careful <= paperLoss(lost, blind), kind);
    assert.ok(paperLoss(lost, { ...carefulBank, look: 1, inspectionDays: 1, find: 1 }) <= careful, kind);
  }
});

test('the paper bank: by hand', () => {
  const lost = {
    ...drawCase('default', 1),
    tonnes: 100,
    realTonnes: 100,
    price: 100_000,
    saleBp: 9_000,
    fallBp: 5_000,
  };
  // 100 t at 1,000.00 EUR: 90 % eligible, 60 % lent, 97 % drawn; half the price at 90 % comes back.
  const loan = loanOn(100, 100_000);
  assert.equal(loan, { principal: 5_238_000, interest: 104_760, costs: 26_190 });
  assert.is(proceedsOf(lost, 100, 1), 4_500_000);
  assert.is(paperLoss(lost, carefulBank), 5_238_000 + 104_760 + 26_190 - 4_500_000);
  assert.is(lossOf(loan, 0), loan.principal, 'interest that never came is no loss of principal');
  const phantom = { ...lost, kind: 'phantom goods', realTonnes: 25, fallBp: 0 } as const;
  assert.is(paperLoss(phantom, { ...carefulBank, look: 0.5 }), (5_368_950 - 2_250_000) / 2);
});

test('readings show a breach when the contracts say so, and one that jumps shows none', () => {
  const normal = { quantity: 100_000, temperature: undefined };
  const weights = (...values: string[]) =>
    firstAlarm({ signal: 'weight', values, everyMs: HOUR_MS }, normal, 'warning');
  assert.is(weights('100', '104', '100', '99.6', '99.6'), undefined);
  assert.equal(weights('100', '99.4', '100', '99.4', '99.4', '99'), { from: 3, to: 4 });
});

test('on the ledger the frauds cost nothing, and a raid and a falling market what they cost on paper', async () => {
  for (const kind of [...frauds, ...others]) {
    const lost = drawCase(kind, 2);
    const outcome = await settleCase(lost);
    assert.is(outcome.broken, undefined);
    assert.ok(outcome.paidOut > 0, kind);
    if (kind === 'raid' || kind === 'default')
      assert.is(outcome.ledgerLoss, paperLoss(lost, carefulBank), kind);
    else assert.is(outcome.ledgerLoss, 0, kind);
  }
});

test('the rules can break', async () => {
  const lost = drawCase('slow theft', 3);
  const { plan, ...rest } = tellCase(lost);
  // Nobody warns, and nobody counts: then nothing is due, and the debt stands.
  const steps = plan.steps.filter(({ name }) => name !== 'warn' && name !== 'loss');
  const unwarned = await settleCase(lost, { ...rest, plan: { ...plan, steps } });
  assert.match(unwarned.broken ?? '', /expected OK, got E_STATE/);
  assert.is(unwarned.ledgerLoss, loanOn(lost.tonnes, lost.price).principal);
  const held = (outcomes: readonly Outcome[]) => describeOutcomes(outcomes).rules.map(({ holds }) => holds);
  const good = { ...unwarned, ledgerLoss: 0, broken: undefined };
  assert.equal(held([good]), [true, true, true]);
  assert.equal(held([unwarned]), [false, true, false]);
  assert.equal(held([good, { ...good, falseAlarms: 1 }]), [true, false, true]);
  assert.is(reduction(10, 100), 0.9);
  assert.is(reduction(0, 0), 0, 'where nothing can be lost nothing is won');
});

test.run();
