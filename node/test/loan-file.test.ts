/**
 * What bank and enterprise are told of a loan's file: an application that is taken once (R022), readings under a live
 * grant and not a checkpoint longer (R023), the order's receipt with its proof (R036), a decline (R037).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { type Name, SharedLedger, value } from './shared-ledger.ts';

const test = suite('loan file');

const DAY_MS = 86_400_000;
const GOODS = '340123450000000017';

let ledger: SharedLedger;

test.before(async () => {
  ledger = await SharedLedger.start();
  await ledger.register(GOODS);
});
test.after(() => ledger?.stop());

const application = () => ({
  ...{ applicant: ledger.party('enterprise'), bank: ledger.party('bank'), lei: ledger.lei('enterprise') },
  ...{ amount: 300_000, currency: 'EUR', maturity: Date.now() + 90 * DAY_MS },
  ...{ orders: ['PO-1'], units: [`sscc:${GOODS}`] },
});
const loanAt = (name: Name, id: string) =>
  value(ledger.services[name].views.object('loan', fromHex(id)!)).value as { readonly state: string };

test('R022: a signed application is APPLIED at the bank; the same again is E_REPLAY and names the first', async () => {
  const call = await ledger.compose(['enterprise'], 'apply', application());
  const first = await ledger.submit('bank', call);
  assert.is(first.outcome.code, 'OK');
  assert.is(loanAt('bank', first.callId).state, 'APPLIED');
  const { refusal } = ledger.services.bank.calls.check(call);
  assert.equal([refusal?.code, toHex(refusal!.conflict!)], ['E_REPLAY', first.vertex]);
});

test('R022: another application of the enterprise under the same nonce is E_REPLAY, and no second loan', async () => {
  const call = await ledger.compose(['enterprise'], 'apply', application());
  const first = await ledger.submit('bank', call);
  assert.is(first.outcome.code, 'OK');
  const nonce = toHex(call.header.nonce);
  const { calls } = ledger.services.enterprise;
  const other = value(await calls.compose('apply', { ...application(), amount: 1 }, { nonce }));
  const again = await ledger.submit('bank', value(calls.sign(other)));
  assert.equal([again.outcome.code, again.outcome.conflict], ['E_REPLAY', first.vertex]);
  assert.is(ledger.services.bank.views.object('loan', fromHex(again.callId)!).ok, false);
  assert.is((await calls.compose('apply', application(), { nonce: '00' })).ok, false, 'a nonce has 16 bytes');
});

test('R023: under a live grant the bank is told of the goods’ readings; once it is revoked, of none', async () => {
  const loan = (await ledger.succeed(['enterprise'], 'apply', application())).callId;
  const told = async (name: Name): Promise<number> => {
    const page = await ledger.services[name].readings.page({
      device: undefined,
      limit: 500,
      from: undefined,
    });
    return page.readings.length;
  };
  assert.equal([await told('bank'), await told('rival'), await told('monitor')], [0, 0, 2], 'no grant yet');
  const granted = await ledger.succeed(['bank', 'enterprise'], 'authorise', {
    ...{ loan, scope: [`sscc:${GOODS}`], kinds: ['status', 'readings'], purpose: 'credit' },
    ...{ expires: Date.now() + DAY_MS, appraiser: null },
  });
  assert.equal([await told('bank'), await told('rival')], [2, 0]);
  await ledger.succeed(['enterprise'], 'revoke-grant', { grant: granted.callId });
  assert.is(await told('bank'), 0);
});

test('R037: a decline reaches the enterprise with its reason, and nobody else learns it', async () => {
  const { loan } = await ledger.approve(GOODS, 'bank', 0);
  const heard: { readonly [N in 'enterprise' | 'rival']: string[] } = { enterprise: [], rival: [] };
  const stops = (['enterprise', 'rival'] as const).map((name) =>
    ledger.services[name].feed.subscribe(({ type, data }) => {
      if (type === 'object' && data.includes(loan)) heard[name].push(data);
    }),
  );
  await ledger.succeed(['bank'], 'decide', { loan, decision: { type: 'decline', reason: 'no appetite' } });
  for (const stop of stops) stop();
  assert.ok(
    heard.enterprise.some((data) => data.includes('DECLINED')),
    heard.enterprise.join(),
  );
  assert.ok(JSON.stringify(loanAt('enterprise', loan)).includes('no appetite'));
  assert.not.ok(JSON.stringify([heard.rival, loanAt('rival', loan)]).includes('no appetite'));
});

test('R036: the order’s receipt that a status cites is proved against a certified header, and no other', async () => {
  const { order } = await ledger.approve(GOODS, 'bank', 0);
  const bytes = value(await ledger.services.bank.views.objectBundle('order-receipt', fromHex(order.callId)!));
  const { verdict, facts } = ledger.verify(bytes);
  assert.is(verdict, 'valid', JSON.stringify(facts));
  assert.ok(
    facts.some(({ text }) => text.includes('PO-1')),
    JSON.stringify(facts),
  );
  for (let at = 0; at < bytes.length; at++) {
    const forged = bytes.slice();
    forged[at]! ^= 1 << (at % 8);
    assert.is.not(ledger.verify(forged).verdict, 'valid', `byte ${at}`);
  }
});

test.run();
