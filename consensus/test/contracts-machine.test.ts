/** A short random walk over the whole machine (contract-walk.ts); longer ones: `npm run walk`. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seatCalls, transitions } from '../contracts/index.ts';
import { walkOn } from './contract-walk.ts';

const machine = suite('machine');

const CALLS = 6_000;
const SEED = 20_261_125;

machine(`${CALLS} calls of a random walk break no invariant, and go everywhere`, () => {
  const summary = walkOn(CALLS, SEED);
  assert.equal(summary.breaches, []);
  assert.ok(summary.effects > 800 && summary.surveys > 100, JSON.stringify(summary));
  // Enrolment, identities, policy and seats are no part of the walk; of the rest few are so rare that so short a walk may miss them.
  const never: readonly string[] = [...seatCalls.map(({ name }) => name)].concat([
    'enrol-party',
    'enrol-key',
    'enrol-device',
    'revoke-key',
    'revoke-device',
    ...['claim-device', 'report-copy', 'resolve-claim', 'state-policy', 'state-kyc', 'revoke-kyc'],
    'register-goods',
    'open-account',
  ]);
  const wanted = [...transitions.keys()].filter((name) => !never.includes(name));
  const missed = wanted.filter((name) => !summary.byName.has(name));
  assert.ok(missed.length <= wanted.length / 3, `missed ${missed.join(' ')}`);
});

machine('the same seed walks the same way', () => {
  const [first, second] = [walkOn(600, 5), walkOn(600, 5)];
  assert.equal([...first.byName], [...second.byName]);
});

machine.run();
