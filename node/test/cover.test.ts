/** Cover and lendable: what is told is what `decide`, `draw` and `call-margin` enforce, to the last minor unit. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex } from '../../consensus/codec/bytes.ts';
import { positionOfLoan } from '../advice/available.ts';
import { startApi } from '../http/server.ts';
import { readingContext } from '../replica/reading-context.ts';
import type { CoverView } from '../service/covers.ts';
import type { LendableView } from '../service/lendables.ts';
import { Api } from './local-nodes.ts';
import { type Name, PRICE, SharedLedger, value } from './shared-ledger.ts';

const test = suite('cover');

const LABEL = '340123450000000017';
const OTHER = '340123450000000024';
/** floor(one tonne × price × 95 %), and 60 % of it. */
const ELIGIBLE = 494_000;
const LENDABLE = 296_400;

let ledger: SharedLedger;
let loan: string;

const coverAt = async (name: Name = 'bank'): Promise<CoverView> =>
  value(await ledger.services[name].covers.cover(fromHex(loan)!)).value;
const id = (label: string): Uint8Array => value(ledger.services.bank.views.parseId(`sscc:${label}`));
const lendableOf = async (
  labels: readonly string[] = [],
  name: Name = 'bank',
  grams?: number,
): Promise<LendableView> => {
  const asked = labels.map((label) => ({ unit: id(label), grams }));
  const enterprise = fromHex(ledger.party('enterprise'))!;
  return value(await ledger.services[name].lendables.lendable(enterprise, 'EUR', asked)).value;
};

test.before(async () => {
  ledger = await SharedLedger.start();
  await ledger.register(LABEL);
  await ledger.register(OTHER);
});
test.after(() => ledger?.stop());

test('before the decision: what can be approved, and not one unit more', async () => {
  const ids = await ledger.approve(LABEL, 'bank', 0);
  loan = ids.loan;
  const told = await coverAt();
  assert.is(told.approvable, LENDABLE);
  assert.is(told.drawable, null);
  assert.is(told.notDrawable?.code, 'E_STATE');
  // The same from the bank's own stated price, for goods that no loan holds yet.
  const before = await lendableOf();
  assert.equal([before.goods.length, before.goods[0]!.refusal?.code], [1, 'E_PRICE_STALE']);
  await ledger.statePrice(LABEL);
  const free = await lendableOf();
  assert.equal([free.eligible, free.lendable, free.debt, free.available], [ELIGIBLE, LENDABLE, 0, LENDABLE]);
  assert.is((await ledger.decide(ids, LENDABLE + 1)).outcome.code, 'E_LIMIT');
  assert.is((await ledger.decide(ids, LENDABLE)).outcome.code, 'OK');
});

test('approved: nothing before a pledge is perfected; then the headroom is what draw lets through', async () => {
  assert.is((await coverAt()).notDrawable?.code, 'E_STATE');
  const pledge = (await ledger.agree(LABEL, loan)).callId;
  await ledger.perfect(pledge);
  for (const part of [1, 100_000, 96_399]) {
    const { drawable } = await coverAt();
    assert.is((await ledger.draw(loan, Number(drawable!.headroom) + 1)).outcome.code, 'E_LIMIT');
    assert.is((await ledger.draw(loan, part)).outcome.code, 'OK');
    assert.is((await coverAt()).drawable!.headroom, Number(drawable!.headroom) - part);
  }
  const told = await coverAt('enterprise');
  assert.equal(told.drawable, {
    ...{ limit: LENDABLE, loanToValueBp: 6_000, eligible: ELIGIBLE, lendable: LENDABLE },
    ...{ ceiling: 400_000, headroom: 100_000 },
  });
  assert.equal(
    [told.total, told.cover?.value, told.cover?.eligible, told.cover?.headroom],
    [196_400, PRICE, ELIGIBLE, 100_000],
  );
  // 196,400 / 494,000 = 39.757… %, rounded up.
  assert.is(told.cover?.loanToValueBp, 3_976);
  assert.is((await ledger.draw(loan, 100_000)).outcome.code, 'OK');
  assert.is((await coverAt()).drawable!.headroom, 0);
  assert.is((await ledger.draw(loan, 1)).outcome.code, 'E_LIMIT');
});

test('the ceiling of the pledges is a bound as well, of the whole debt', async () => {
  const { loan: second } = await ledger.approve(OTHER);
  const unit = `sscc:${OTHER}`;
  const pledge = await ledger.succeed(['enterprise', 'bank'], 'agree-pledge', {
    ...{ unit, quantity: 1_000_000, receipt: null, behind: null, line: null, loan: second, ceiling: 1_000 },
  });
  await ledger.perfect(pledge.callId);
  const told = value(await ledger.services.bank.covers.cover(fromHex(second)!)).value;
  assert.is(told.drawable!.headroom, 1_000);
  assert.is((await ledger.draw(second, 1_001)).outcome.code, 'E_LIMIT');
  assert.is((await ledger.draw(second, 1_000)).outcome.code, 'OK');
});

test('a falling price: the call line is crossed where call-margin says so, at the next checkpoint', async () => {
  // Debt 296,400; the call line is 70 %: at eligible 423,428 it is crossed, at 423,429 not.
  const call = () => ledger.act(['monitor'], 'call-margin', { loan });
  for (const [price, above] of [
    [445_715, false],
    [445_714, true],
  ] as const) {
    await ledger.statePrice(LABEL, price);
    const { cover } = await coverAt();
    assert.is(cover!.aboveCallLine, above, `${price}: ${cover!.eligible}`);
    assert.is((await call()).outcome.code, above ? 'OK' : 'E_NOT_DUE');
  }
  const told = await coverAt();
  assert.is(told.cover!.headroom, Math.floor((Math.floor((445_714 * 95) / 100) * 6) / 10) - LENDABLE);
  assert.is(told.notDrawable?.code, 'E_STATE', 'a warned pledge lends nothing more');
});

test('a crossed line is told at the next checkpoint, to the loan’s parties alone', async () => {
  const told: {
    readonly [N in 'bank' | 'enterprise' | 'rival']: { level: string; before: string; height: number }[];
  } = {
    ...{ bank: [], enterprise: [], rival: [] },
  };
  const stops = (['bank', 'enterprise', 'rival'] as const).map((name) =>
    ledger.services[name].feed.subscribe(({ type, data }) => {
      if (type === 'cover' && JSON.parse(data).loan === loan) told[name].push(JSON.parse(data));
    }),
  );
  // Debt 296,400: at 80 % of eligible 370,499 the enforcement line is crossed, at 370,500 only the call line.
  const heights: number[] = [];
  for (const price of [PRICE, 390_000, 389_999, 445_715]) {
    const { outcome } = await ledger.statePrice(LABEL, price);
    heights.push(outcome.height);
    await ledger.measure();
  }
  for (const stop of stops) stop();
  const steps = told.bank.map(({ before, level }) => `${before} ${level}`);
  assert.equal(steps, ['call within', 'within call', 'call enforcement', 'enforcement within']);
  for (const [index, { height }] of told.bank.entries())
    assert.ok(height - heights[index]! <= 1, `${height} after ${heights[index]}`);
  assert.equal(told.enterprise, told.bank);
  assert.equal(told.rival, []);
});

test('R119: the same question for a machine tool and a vehicle, current to the checkpoint of each price and drawing', async () => {
  const own = await SharedLedger.start();
  const enterprise = fromHex(own.party('enterprise'))!;
  const lend = async (unit: string) => {
    const asked = [{ unit: value(own.services.bank.views.parseId(unit)), grams: undefined }];
    const { lendables } = own.services.bank;
    return value(await lendables.lendable(enterprise, 'EUR', asked));
  };
  const LEFT = (400_000 * 95 * 6) / 1_000 - 100_000;
  for (const [index, machine] of ['giai:8004-LATHE-7', 'giai:8004-TRUCK-12'].entries()) {
    await own.register(machine);
    const { loan: lent } = await own.approve(machine);
    const priced = await own.statePrice(machine, PRICE);
    const free = await lend(machine);
    assert.ok(free.height >= priced.outcome.height);
    assert.equal(
      [free.value.goods[0]!.eligible, free.value.available],
      [ELIGIBLE, LENDABLE + index * LEFT],
      machine,
    );
    const pledge = (await own.agree(machine, lent)).callId;
    await own.perfect(pledge, machine);
    const drawn = await own.draw(lent, 100_000);
    const after = value(await own.services.bank.covers.cover(fromHex(lent)!));
    assert.ok(after.height >= drawn.outcome.height);
    assert.equal([after.value.drawable!.headroom, after.value.total], [LENDABLE - 100_000, 100_000]);
    // Another price: the very next answer is by it.
    await own.statePrice(machine, 400_000);
    const eligible = (400_000 * 95) / 100;
    const position = positionOfLoan(fromHex(lent)!, readingContext(own.runner.replica.ledger, Date.now()))!;
    assert.equal(
      [position.eligible, position.lendable, position.debt, position.available],
      [eligible, LEFT + 100_000, 100_000, LEFT],
      machine,
    );
  }
  const all = value(await own.services.bank.lendables.lendable(enterprise, 'EUR', [])).value;
  assert.equal([all.loans.length, all.debt, all.available], [2, 200_000, 2 * LEFT]);
  const search = value(await own.services.bank.searches.certificate('giai', '8004-LATHE-7', true));
  assert.is(own.verify(search).verdict, 'valid');
  await own.stop();
});

test('lendable over an enterprise: cover and debt of its loans, free goods, and what is held for another', async () => {
  const both = await lendableOf();
  assert.is(both.loans.length, 2);
  assert.is(both.debt, LENDABLE + 1_000);
  const priced = both.loans.map(({ refusal }) => refusal?.code);
  assert.equal(priced.sort(), ['E_PRICE_STALE', undefined].sort());
  assert.equal(
    both.goods.map(({ refusal }) => refusal?.code),
    ['E_INELIGIBLE', 'E_INELIGIBLE'],
    'pledged goods are cover, and not counted twice',
  );
  await ledger.statePrice(OTHER);
  const after = await lendableOf();
  assert.is(Number(after.eligible) - Number(both.eligible), ELIGIBLE);
  assert.is(after.available, Math.floor((Number(after.eligible) * 6) / 10) - LENDABLE - 1_000);
});

test('over HTTP: the same figures, goods named once or often, with a quantity or without', async () => {
  const log = { error: () => assert.unreachable(), warn: () => undefined };
  const services = ledger.services.bank;
  const server = await startApi({ host: '127.0.0.1', port: 0, token: 't', version: '0', services, log });
  try {
    const api = new Api(server.url, 't');
    const { height, time, ...told } = await api.get(`/v1/cover/${loan}`);
    assert.ok(height > 0 && time > 0);
    assert.equal(told, await coverAt());
    const path = `/v1/lendable?enterprise=${ledger.party('enterprise')}&currency=EUR`;
    for (const [units, grams] of [
      [[], [1_000_000, 1_000_000]],
      [[`sscc:${LABEL}`], [1_000_000]],
      [
        [`sscc:${LABEL}`, `sscc:${OTHER}@5`],
        [1_000_000, 5],
      ],
    ] as const) {
      const { goods } = await api.get(
        `${path}${units.map((unit) => `&unit=${encodeURIComponent(unit)}`).join('')}`,
      );
      assert.equal(
        goods.map((entry: { grams: number }) => entry.grams),
        grams,
      );
    }
    for (const wrong of [`${path}&unit=sscc`, `${path}&unit=x@0`, '/v1/lendable?currency=EUR'])
      assert.is((await api.refused('GET', wrong)).code, 'E_SCHEMA', wrong);
  } finally {
    await server.close();
  }
});

test('who may ask: parties of the loan, a bank with a live grant; others E_SCOPE', async () => {
  for (const name of ['monitor', 'warehouse', 'rival'] as const) {
    const told = await ledger.services[name].covers.cover(fromHex(loan)!);
    assert.is(told.ok || told.code, 'E_SCOPE', name);
  }
  const enterprise = fromHex(ledger.party('enterprise'))!;
  const asked = [{ unit: id(LABEL), grams: 1 }];
  const told = await ledger.services.rival.lendables.lendable(enterprise, 'EUR', asked);
  assert.is(told.ok || told.code, 'E_SCOPE');
  const none = await lendableOf([], 'rival');
  assert.equal([none.goods, none.loans, none.available], [[], [], 0]);
});

test.run();
