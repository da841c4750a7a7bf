/** Fees and rewards through a node's services (R009): tariff, an epoch's account, what a seat earned with its proof, and that it is paid by itself. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { findBreaches } from '../../consensus/contracts/invariants.ts';
import { account, accountId, moneyId } from '../../consensus/contracts/objects/money.ts';
import { Duties } from '../service/duties.ts';
import { SharedLedger } from './shared-ledger.ts';

const test = suite('rewards');
const SSCC = '340123450000000017';

test('a tariff waits for its epoch; a seat’s reward is shown with its proof, withheld, and paid without anybody’s hand', async () => {
  const withheldMs = 400;
  const ledger = await SharedLedger.start({}, { pace: { trustingPeriodMs: withheldMs } });
  const { rewards, views } = ledger.services.enterprise;
  const { replica } = ledger.runner;
  const bank = fromHex(ledger.party('bank'))!;
  const money = toHex(moneyId(bank, 'EUR'));
  assert.equal(rewards.now(), {
    epoch: 0,
    tariff: { inForce: null, waits: null },
    running: null,
    pool: null,
  });

  const payer = ledger.party('enterprise');
  await ledger.succeed(['bank'], 'issue-money', {
    ...{ issuer: ledger.party('bank'), to: payer, currency: 'EUR', amount: 1_000, reference: 'TX' },
  });
  const terms = { number: 1, from: 1, money, callFee: 7, batchFee: 1, budget: 100 };
  assert.is((await ledger.act(['monitor'], 'state-tariff', terms)).outcome.code, 'E_ROLE');
  await ledger.succeed(['bank'], 'state-tariff', terms);
  await ledger.succeed(['enterprise'], 'fund-rewards', { payer, money, amount: 250 });
  const { tariff } = rewards.now();
  assert.equal([tariff.inForce, tariff.waits?.value['number']], [null, 1]);

  const endEpoch = async () => {
    const { epoch } = replica.ledger.committee;
    await ledger.succeed(['bank'], 'end-epoch', { height: replica.ledger.height + 3 });
    while (replica.ledger.committee.epoch === epoch) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await endEpoch();
  assert.equal([rewards.now().tariff.inForce?.value['number'], rewards.now().tariff.waits], [1, null]);

  // The bank's node carries the call, and has prepaid nothing: it owes, and lends no more until it has paid.
  await ledger.register(SSCC);
  const asked = {
    ...{ applicant: payer, bank: ledger.party('bank'), lei: ledger.lei('enterprise') },
    ...{
      amount: 100_000,
      currency: 'EUR',
      maturity: Date.now() + 9e8,
      orders: ['PO-1'],
      units: [`sscc:${SSCC}`],
    },
  };
  const { outcome } = await ledger.act(['enterprise'], 'apply', asked);
  const { fees } = rewards.of(bank, 20);
  assert.equal([outcome.code, outcome.conflict], ['E_FEE', fees?.id]);
  const owed = Number(fees!.value['owed']);
  assert.ok(owed >= 7);
  await ledger.succeed(['bank'], 'issue-money', {
    ...{
      issuer: ledger.party('bank'),
      to: ledger.party('bank'),
      currency: 'EUR',
      amount: 500,
      reference: 'TX',
    },
  });
  await ledger.succeed(['bank'], 'prepay-fees', { payer: ledger.party('bank'), money, amount: 500 });
  await ledger.succeed(['enterprise'], 'apply', asked);

  await endEpoch();
  const { epochs, next } = rewards.of(bank, 20);
  assert.equal([epochs.map(({ epoch }) => epoch), next], [[1], null]);
  const [{ account: closed, rewards: earned }] = epochs as [(typeof epochs)[number]];
  const own = earned[0]!;
  const expected = Number(closed.value['fees']) + 100;
  assert.equal([earned.length, own.value['amount'], closed.value['carriedOut']], [1, expected, 0]);
  assert.ok(Number(closed.value['fees']) >= owed + 7);
  assert.ok(Number(own.value['points']) > 0);
  assert.equal(rewards.of(fromHex(ledger.party('monitor'))!, 20).epochs[0]!.rewards, []);
  const bundle = await views.objectBundle('reward', fromHex(own.id)!);
  // `unanchored` where more than the short trusting period has passed: every check passed all the same.
  assert.ok(bundle.ok && ledger.verify(bundle.value).verdict !== 'invalid');

  const { calls, submissions } = ledger.services.bank;
  let nowMs = Date.now();
  const duties = new Duties({
    ...{ ledger: replica.ledger, calls, submissions, clock: { now: () => nowMs }, seat: () => 0 },
  });
  await new Promise((resolve) => setTimeout(resolve, withheldMs));
  const before = replica.ledger.state.get(account, accountId(fromHex(money)!, bank))!.balance;
  const done: string[] = [];
  for (let i = 0; i < 100 && done.length === 0; i++) {
    nowMs += 1_000;
    for (const { transition, callId } of await duties.look()) {
      const known = await submissions.ofCall(callId);
      const ended = await submissions.wait(known!.vertex, 10_000);
      done.push(`${transition} ${ended?.outcome?.code}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(done, ['settle-reward OK']);
  assert.is(rewards.of(bank, 20).epochs[0]!.rewards[0]!.value['state'], 'PAID');
  assert.is(
    replica.ledger.state.get(account, accountId(fromHex(money)!, bank))!.balance,
    before + Number(own.value['amount']),
  );
  const { state } = replica.ledger;
  assert.equal(findBreaches({ objects: () => state.objects() }), []);
  await ledger.stop();
});

test.run();
