/** R051, a short run of it: calls with bent arguments and signers (contract-fuzz.ts). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzz } from './contract-fuzz.ts';

const test = suite('fuzz of contracts');

const INPUTS = 6_000;

test(`R051: ${INPUTS} bent calls: none throws, none beyond its limits, no breach, nothing without its owner`, async () => {
  const summary = await fuzz(INPUTS, 51);
  assert.equal(summary.wrong, []);
  const { effects, mostSteps, mostReads, mostChanges, effective, codes } = summary;
  console.log(
    `R051: ${effects} took effect, over ${effective.size} transitions; ${codes.size} codes; at most ${mostSteps} steps, ${mostReads} reads, ${mostChanges} changes`,
  );
  assert.ok(
    effects > INPUTS / 20 && effective.size > 70,
    `${effects} effects of ${effective.size} transitions`,
  );
  assert.ok(codes.size > 30, `${codes.size} codes`);
});

test.run();
