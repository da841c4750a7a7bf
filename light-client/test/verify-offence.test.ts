/** The offline check of an offence, against the genesis and over changes of committee. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nameSeats } from '../../consensus/contracts/transitions/seats.ts';
import { EpochWorld } from '../../consensus/test/epoch-world.ts';
import { offence } from '../../consensus/vertex/offence.ts';
import { verifyOffence } from '../verify/offence.ts';

const test = suite('verify offence');

/** Seats 0 to 3, then 4 to 7; epochs of 4 heights. */
function twoEpochs(): EpochWorld {
  const world = new EpochWorld({ parties: 9, seats: 4, epochHeights: 4 });
  const seats = [4, 5, 6, 7].map((party) => world.signer(party).publicKey);
  world.call(nameSeats, { seats }, [0, 1, 2]);
  world.endEpoch();
  world.step();
  return world;
}

test('holds for a seat of the genesis’ committee, and of one that the changes lead to; with what it needs and no less', () => {
  const world = twoEpochs();
  const [first, second] = [world.committees[1]!, world.committee];
  const changes = world.changes();
  const verdict = (party: number, height: number, committee = first, values = 2, shown = changes) =>
    verifyOffence(offence.encode(world.offence(party, height, committee, values)), world.genesis, shown);

  const held = verdict(2, 3, first, 2, []);
  assert.is(held.verdict, 'valid', JSON.stringify(held.facts));
  assert.ok(held.facts.some(({ text }) => text.includes('seat 2 of 4 in epoch 0')));
  assert.is(verdict(5, 5, second).verdict, 'valid');
  assert.is(verdict(5, 5, second, 2, []).verdict, 'invalid', 'the way to its committee is missing');
  assert.is(verdict(5, 3, first).verdict, 'invalid', 'no seat there yet');
  assert.is(verdict(2, 5, second).verdict, 'invalid', 'no seat there any more');

  assert.is(verdict(2, 4, first, 1).verdict, 'invalid', 'its last height');
  assert.is(verdict(2, 5, first, 1).verdict, 'valid', 'after its end');
  assert.is(verdict(5, 4, second, 1).verdict, 'valid', 'before its beginning');
  const forged = changes.map((change) => ({ ...change, certificate: { ...change.certificate, view: 1 } }));
  assert.is(verdict(5, 5, second, 2, forged).verdict, 'invalid');

  const bytes = offence.encode(world.offence(2, 3, first));
  for (let at = 0; at < bytes.length; at += 7) {
    const flipped = bytes.slice();
    flipped[at]! ^= 1;
    assert.is(verifyOffence(flipped, world.genesis, changes).verdict, 'invalid', `byte ${at}`);
  }
});

test.run();
