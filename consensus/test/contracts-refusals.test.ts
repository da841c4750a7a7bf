/**
 * Every outcome of every transition `[ORD-5]`: one case at least for OK and for each code that a transition declares,
 * run by the engine. A pair without a case, or a case for a pair that is not declared, fails.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { declaredPairs, gatherCases, runCase } from './contract-coverage.ts';
import { commonCodes } from './contract-world.ts';

const refusals = suite('refusals');
const cases = await gatherCases();

for (const entry of cases) {
  refusals(`${entry.transition} ${entry.code}: ${entry.when}`, () => {
    assert.is(runCase(entry).wrong, undefined);
  });
}

refusals('every code that a transition declares has a case, and no other', () => {
  const declared = declaredPairs();
  // A case may also show one of the codes that are common to all.
  const own = cases.filter(
    ({ transition, code }) =>
      declared.includes(`${transition} ${code}`) || !commonCodes.some((common) => common === code),
  );
  const tested = new Set(own.map(({ transition, code }) => `${transition} ${code}`));
  assert.equal([...tested].sort(), declared);
});

refusals.run();
