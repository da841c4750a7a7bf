/** The long ledger that light clients are measured on: its proofs are good, and none of them is by chance. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleSchema } from '../../light-client/proof/bundle.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import { makeLongLedger } from '../light/long-ledger.ts';

const test = suite('bench light');
installNativePrimitives();
const nowMs = Date.now();

for (const [checkpoints, epochHeights, changes] of [
  [2, 0, 0],
  [1_000, 0, 0],
  [1_000, 100, 9],
  [1_001, 100, 10],
  [1_050, 105, 9],
] as const) {
  test(`${checkpoints} checkpoints, ${epochHeights} to an epoch: ${changes} changes`, () => {
    const ledger = makeLongLedger(checkpoints, epochHeights, 100);
    const { genesis, readingBundle, objectBundle } = ledger;
    assert.is(ledger.changes.length, changes);
    assert.is(ledger.head.header.height, checkpoints);
    for (const bundle of [readingBundle, objectBundle]) {
      const { verdict, facts } = verifyBundle(bundle, genesis, { nowMs });
      assert.is(verdict, 'valid', facts.find(({ ok }) => !ok)?.text ?? '');
      const decoded = bundleSchema.decode(bundle);
      assert.ok(decoded.ok);
      const { anchor } = decoded.value;
      if (anchor.path.length > 0) {
        const path = anchor.path.slice(1);
        const cut = bundleSchema.encode({ ...decoded.value, anchor: { ...anchor, path } });
        assert.is(verifyBundle(cut, genesis, { nowMs }).verdict, 'invalid');
      }
      if (changes > 0) {
        const fewer = bundleSchema.encode({ ...decoded.value, changes: decoded.value.changes.slice(1) });
        assert.is(verifyBundle(fewer, genesis, { nowMs }).verdict, 'invalid');
      }
    }
  });
}

test.run();
