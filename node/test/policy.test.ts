/** The policy pack through a node's services (R047): stated, waiting, in force, and what it refuses and lets pass. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SharedLedger } from './shared-ledger.ts';

const test = suite('policy');
const DAY_MS = 86_400_000;
const SSCC = '340123450000000017';

test('a pack waits for its height, then judges; what it asks for makes the call pass', async () => {
  const ledger = await SharedLedger.start();
  const { views } = ledger.services.enterprise;
  await ledger.register(SSCC);
  assert.equal(views.policy(), { inForce: null, waits: null });
  const from = ledger.runner.replica.ledger.height + 4;
  const terms = { number: 1, from, kycRequired: true, caps: [], blocked: [] };
  assert.is((await ledger.act(['enterprise'], 'state-policy', terms)).outcome.code, 'E_ROLE');
  await ledger.succeed(['bank'], 'state-policy', terms);
  const { inForce, waits } = views.policy();
  assert.equal([inForce, waits?.value['number'], waits?.value['from']], [null, 1, from]);

  const now = ledger.runner.replica.ledger.header.time;
  const known = { party: ledger.party('buyer'), by: ledger.party('monitor'), until: now + DAY_MS };
  while (views.policy().inForce === null) await ledger.succeed(['monitor'], 'state-kyc', known);
  assert.is(views.policy().waits, null);
  const asked = {
    ...{ applicant: ledger.party('enterprise'), bank: ledger.party('bank'), lei: ledger.lei('enterprise') },
    ...{ amount: 100_000, currency: 'EUR', maturity: now + 90 * DAY_MS, orders: ['PO-1'] },
    units: [`sscc:${SSCC}`],
  };
  const refused = await ledger.act(['enterprise'], 'apply', asked);
  assert.equal([refused.outcome.code, refused.outcome.conflict], ['E_KYC', views.policy().inForce!.id]);
  await ledger.succeed(['bank'], 'state-kyc', { ...known, party: asked.applicant, by: asked.bank });
  await ledger.succeed(['enterprise'], 'apply', asked);
  await ledger.stop();
});

test.run();
