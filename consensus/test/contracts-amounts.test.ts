/** Exact arithmetic of contracts `[ORD-5]`: against plain integer reckoning, and at the edges. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  allocateRepayment,
  eligibleValue,
  exactInteger,
  isWithin,
  lendableValue,
  totalDebt,
} from '../contracts/rules/amounts.ts';

const amounts = suite('amounts');

const positive = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const basisPoints = fc.nat(10_000);

amounts('eligible value rounds each line down, lendable the sum (R037)', () => {
  const terms = { fxNumerator: 1, fxDenominator: 1, haircutBp: 3_333, fxHaircutBp: 0, loanToValueBp: 6_000 };
  const line = { quantity: 10, price: 1, pricedQuantity: 1 };
  // 10 × 0.6667 = 6.667, twice: 6 + 6, not 13.
  assert.is(eligibleValue([line, line], terms), 12n);
  assert.is(lendableValue(12n, 6_000), 7n);
  const halved = { ...terms, haircutBp: 0, fxHaircutBp: 5_000, fxNumerator: 3, fxDenominator: 2 };
  assert.is(eligibleValue([line], halved), 7n);
});

amounts('eligible value is the greatest integer not above the exact one', () => {
  fc.assert(
    fc.property(
      positive,
      positive,
      positive,
      positive,
      positive,
      basisPoints,
      (quantity, price, pricedQuantity, fxNumerator, fxDenominator, haircutBp) => {
        const terms = { fxNumerator, fxDenominator, haircutBp, fxHaircutBp: 0, loanToValueBp: 10_000 };
        const value = eligibleValue([{ quantity, price, pricedQuantity }], terms);
        const numerator = BigInt(quantity) * BigInt(price) * BigInt(fxNumerator) * BigInt(10_000 - haircutBp);
        const denominator = BigInt(pricedQuantity) * BigInt(fxDenominator) * 10_000n;
        assert.ok(value * denominator <= numerator && numerator < (value + 1n) * denominator);
      },
    ),
  );
});

amounts('what is worth nothing lends nothing', () => {
  const terms = {
    fxNumerator: 1,
    fxDenominator: 1,
    haircutBp: 5_000,
    fxHaircutBp: 5_000,
    loanToValueBp: 10_000,
  };
  assert.is(eligibleValue([{ quantity: 1_000, price: 1_000, pricedQuantity: 1 }], terms), 0n);
  assert.is(eligibleValue([], { ...terms, haircutBp: 0 }), 0n);
});

amounts('integers end where doubles stop being exact', () => {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  assert.is(exactInteger(most, 'x'), Number.MAX_SAFE_INTEGER);
  assert.is(exactInteger(-most, 'x'), -Number.MAX_SAFE_INTEGER);
  for (const value of [most + 1n, -most - 1n])
    assert.equal(exactInteger(value, 'x'), { code: 'E_RANGE', facts: { field: 'x' } });
});

amounts('within is symmetrical, and its line belongs to it', () => {
  assert.ok(isWithin(995n, 1_000n, 50) && isWithin(1_005n, 1_000n, 50));
  assert.not.ok(isWithin(994n, 1_000n, 50) || isWithin(1_006n, 1_000n, 50));
  assert.ok(isWithin(0n, 0n, 0));
  assert.not.ok(isWithin(1n, 0n, 10_000));
});

amounts(
  'a repayment is used up wholly: what it takes off and the excess add up, in the order of semantics §5 row 20',
  () => {
    const debt = fc.record(
      { costs: fc.nat(100), interest: fc.nat(100), principal: fc.nat(100) },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(debt, fc.nat(400), (owed, amount) => {
        const { applied, excess } = allocateRepayment(owed, amount);
        assert.is(totalDebt(applied) + BigInt(excess), BigInt(amount));
        assert.ok(
          applied.costs <= owed.costs &&
            applied.interest <= owed.interest &&
            applied.principal <= owed.principal,
        );
        if (applied.interest > 0) assert.is(applied.costs, owed.costs);
        if (applied.principal > 0) assert.is(applied.interest, owed.interest);
        if (excess > 0) assert.is(applied.principal, owed.principal);
      }),
    );
  },
);

amounts.run();
