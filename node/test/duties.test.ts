/** R046: what falls due on the ledger is done by the seats' nodes: by the one whose turn it is, once, and with bounded work. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex } from '../../consensus/codec/bytes.ts';
import { ok } from '../../consensus/codec/result.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { account, accountId, moneyId } from '../../consensus/contracts/objects/money.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import { swap } from '../../consensus/contracts/objects/swap.ts';
import { Duties } from '../service/duties.ts';
import { duties } from '../service/duty-table.ts';
import type { Submission, Submissions } from '../service/submissions.ts';
import { SharedLedger } from './shared-ledger.ts';

const test = suite('duties');
const SSCC = '340123450000000017';

/** What the state alone does not show to be due: whoever has the two frames shows them. */
const shownByHand = ['report-copy'];

test('every call that nobody has to sign is somebody’s duty', () => {
  const unsigned = [...transitions.values()].filter(({ signedBy }) => signedBy.length === 0);
  const covered = new Set(duties.map(({ transition }) => transition));
  assert.ok(unsigned.length >= 10);
  assert.equal(
    unsigned.map(({ name }) => name).filter((name) => !covered.has(name)),
    shownByHand,
  );
  for (const name of covered) assert.ok(transitions.has(name), name);
});

/** Of the seat `number` among so many, by a clock that is told. */
function dutiesOf(ledger: SharedLedger, number: number | undefined, clock: { nowMs: number }): Duties {
  const { calls, submissions } = ledger.services.bank;
  return new Duties({
    ...{ ledger: ledger.runner.replica.ledger, calls, submissions },
    ...{ clock: { now: () => clock.nowMs }, seat: () => number },
  });
}

/** Looks until the whole state was seen, and all that was submitted is final. */
async function round(ledger: SharedLedger, own: Duties, clock: { nowMs: number }): Promise<string[]> {
  const { submissions } = ledger.services.bank;
  const said: string[] = [];
  for (let i = 0; i < 4; i++) {
    clock.nowMs += 1_000;
    for (const { transition, callId } of await own.look()) {
      const known = await submissions.ofCall(callId);
      const ended = await submissions.wait(known!.vertex, 10_000);
      said.push(`${transition} ${ended?.outcome?.code}`);
    }
  }
  return said;
}

test('a node that stops keeps nobody waiting for an outcome', async () => {
  const ledger = await SharedLedger.start();
  const { submissions } = ledger.services.bank;
  const call = await ledger.compose(['bank'], 'issue-money', {
    ...{
      issuer: ledger.party('bank'),
      to: ledger.party('buyer'),
      currency: 'EUR',
      amount: 5,
      reference: 'R',
    },
  });
  const submitted = await submissions.submit(call);
  assert.ok(submitted.ok);
  const { vertex } = submitted.value;
  const askedMs = performance.now();
  const waiting = submissions.wait(vertex, 60_000);
  submissions.close();
  assert.is((await waiting)?.outcome, null, 'what is known by now');
  assert.is((await submissions.wait(vertex, 60_000))?.vertex, vertex);
  assert.ok(performance.now() - askedMs < 5_000);
  await ledger.stop();
});

test('both legs are locked: the exchange is settled, once, with nobody’s hand', async () => {
  const ledger = await SharedLedger.start();
  const [enterprise, buyer] = [ledger.party('enterprise'), ledger.party('buyer')];
  for (const [bank, to, currency] of [
    ['bank', enterprise, 'EUR'],
    ['rival', buyer, 'USD'],
  ] as const)
    await ledger.succeed([bank], 'issue-money', {
      ...{ issuer: ledger.party(bank), to, currency, amount: 1_000, reference: 'TX' },
    });
  const moneyOf = (bank: 'bank' | 'rival', currency: string) =>
    moneyId(fromHex(ledger.party(bank))!, currency);
  const hex = (id: Uint8Array) => Buffer.from(id).toString('hex');
  const legs = {
    first: { payer: enterprise, money: hex(moneyOf('bank', 'EUR')), amount: 700 },
    second: { payer: buyer, money: hex(moneyOf('rival', 'USD')), amount: 800 },
  };
  const { callId: id } = await ledger.succeed(['enterprise', 'buyer'], 'open-swap', {
    ...{ quoteUntil: Date.now() + 60_000, ...legs },
  });
  const clock = { nowMs: Date.now() };
  const own = dutiesOf(ledger, 0, clock);
  assert.equal(await round(ledger, own, clock), [], 'nothing is due');
  await ledger.succeed(['enterprise'], 'lock-leg', { swap: id, side: 'first' });
  assert.equal(await round(ledger, own, clock), [], 'one leg is not enough');
  await ledger.succeed(['buyer'], 'lock-leg', { swap: id, side: 'second' });
  assert.equal(
    await round(ledger, dutiesOf(ledger, undefined, clock), clock),
    [],
    'who has no seat does nothing',
  );
  assert.equal(await round(ledger, own, clock), ['settle-swap OK']);
  const { state } = ledger.runner.replica.ledger;
  assert.is(state.get(swap, fromHex(id)!)!.state, 'SETTLED');
  const dollars = accountId(moneyOf('rival', 'USD'), fromHex(enterprise)!);
  assert.is(state.get(account, dollars)!.balance, 800);
  assert.equal(await round(ledger, own, clock), [], 'and not again');
  await ledger.stop();
});

test('a reservation lapses; each seat has its turn, and only when those before it did nothing', async () => {
  const ledger = await SharedLedger.start({ reservationMs: 1 });
  await ledger.register(SSCC);
  const { loan } = await ledger.approve(SSCC);
  const { callId: id } = await ledger.agree(SSCC, loan);
  await new Promise((resolve) => setTimeout(resolve, 20));
  // A checkpoint later the time is over.
  await ledger.statePrice(SSCC);
  const clock = { nowMs: Date.now() };
  // One seat in all, so that its own turn is the first: another number stands for a seat that comes later.
  const committee = Object.create(ledger.runner.replica.ledger.committee, { size: { value: 4 } });
  const whole = ledger.runner.replica.ledger;
  const ofFour = Object.create(whole, {
    committee: { value: committee },
    header: { get: () => whole.header },
  });
  const { calls, submissions } = ledger.services.bank;
  const seatOf = (number: number, submit: Submissions['submit']) =>
    new Duties({
      ...{ ledger: ofFour, calls, submissions: { submit }, clock: { now: () => clock.nowMs } },
      seat: () => number,
    });
  const found: number[] = [];
  const startMs = clock.nowMs;
  for (const number of [0, 1, 2, 3]) {
    // Each looks by itself, as if the others were down; nothing comes of what it submits.
    clock.nowMs = startMs;
    const looked: string[] = [];
    const alone = seatOf(number, async () => ok({} as Submission));
    for (let seconds = 0; looked.length === 0 && seconds < 60; seconds++) {
      for (const done of await alone.look()) looked.push(done.transition);
      clock.nowMs += 1_000;
    }
    assert.equal(looked, ['expire'], `seat ${number}`);
    found.push(Math.floor((clock.nowMs - startMs) / 10_000));
  }
  assert.equal(found.slice().sort(), [0, 1, 2, 3], 'four turns, ten seconds apart');
  clock.nowMs = startMs;
  const seats = [0, 1, 2, 3].map((number) => seatOf(number, (call) => submissions.submit(call)));
  const first = seats[found.indexOf(0)]!;
  assert.equal(await round(ledger, first, clock), ['expire OK']);
  assert.is(ledger.runner.replica.ledger.state.get(pledge, fromHex(id)!)!.state, 'LAPSED');
  clock.nowMs += 60_000;
  for (const own of seats) assert.equal(await round(ledger, own, clock), [], 'nothing is left to do');
  await ledger.stop();
});

test.run();
