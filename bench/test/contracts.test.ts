/** The measurement of contracts runs over every transition that it says it measures, and prints what it found. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { transitions } from '../../consensus/contracts/index.ts';
import { printContracts, run } from '../contracts.ts';

const test = suite('bench: contracts');

test('every transition is measured or named as absent, each call takes effect, and the map keeps its shape', async () => {
  const result = await run({ rounds: 1, roundMs: 1, mapSizes: [100, 1_000] });
  const named = [...result.transitions.map(({ transition }) => transition), ...result.absent];
  assert.equal(named.sort(), [...transitions.keys()].sort());
  assert.ok(result.absent.length < 10, result.absent.join(', '));
  for (const { transition, medianUs, objects, signatures } of result.transitions) {
    assert.ok(medianUs > 0 && objects > 0, transition);
    assert.ok(signatures <= 4, transition);
  }
  const registered = result.transitions.find(({ transition }) => transition === 'register-goods')!;
  // Unit, record of the call, a nonce of each signer, tenure, zone, and the marks of two readings.
  assert.equal([registered.signatures, registered.objects], [3, 9]);
  assert.ok(registered.stateBytes > 1_000);
  const { rows, exponents } = result.map;
  assert.equal(
    rows.map(({ objects }) => objects),
    [100, 1_000],
  );
  assert.ok(Number.isFinite(exponents.single) && Number.isFinite(exponents.batched));
  const printed = printContracts(result);
  for (const { transition } of result.transitions) assert.match(printed, transition);
  assert.match(printed, 'one reading proof opened');
});

test.run();
