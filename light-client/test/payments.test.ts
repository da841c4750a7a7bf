/** When a reading pays and how much, and what the outbox keeps of it at every step between reading and outcome [THG-14]. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes, uint32Bytes } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { callId, signedCall, verifyCallSignature } from '../../consensus/vertex/call.ts';
import { parseDecimal } from '../../consensus/vertex/decimal.ts';
import { checkVertex, decodeVertex } from '../../consensus/vertex/vertex.ts';
import { randomPort } from '../../node/crypto/native.ts';
import type { ThingRule } from '../gateway/payment-rules.ts';
import { Payments } from '../gateway/payments.ts';
import { Outbox } from '../outbox/outbox.ts';
import type { OutboxVertex } from '../outbox/vertices.ts';
import { amountDue, eventValue, type Price } from '../payments/rule.ts';
import { certifiedAt, frameOf, network, owner, START_MS, settle, signer } from './outbox-samples.ts';
import { thing, warmRule } from './payment-samples.ts';

const test = suite('payments');

const decimal = (text: string) => parseDecimal(text)!;
const each: Price = { type: 'each', amount: 2_300 };
const terms = { signer, checkpoint: certifiedAt(3), nowMs: START_MS };

/** A gateway's payments over its outbox, which can be left and opened again. */
class Aboard {
  readonly said: string[] = [];
  readonly #directory: string;
  readonly #rules: readonly ThingRule[];
  outbox!: Outbox;
  payments!: Payments;

  constructor(directory: string, rules: readonly ThingRule[] = [warmRule]) {
    this.#directory = directory;
    this.#rules = rules;
  }

  async open(rules = this.#rules): Promise<this> {
    this.outbox = await Outbox.open(this.#directory, owner);
    this.payments = await Payments.open({
      ...{ rules, outbox: this.outbox, network, callLifeMs: 60_000, random: randomPort() },
      clock: { now: () => START_MS },
      log: (level, message, facts) => void this.said.push(`${level}: ${message} ${JSON.stringify(facts)}`),
    });
    return this;
  }

  /** As after a kill: nothing is said to it. */
  async reopen(rules = this.#rules): Promise<void> {
    await this.outbox.close();
    await this.open(rules);
  }

  async read(...counters: readonly number[]): Promise<OutboxVertex> {
    await this.outbox.append({
      frames: counters.map((counter) => frameOf(counter)),
      receivedMs: START_MS,
      guard: [],
    });
    const salt = hash('salt', uint32Bytes(counters[0]!));
    return (await this.outbox.signNext({ ...terms, framesMax: 256, salt }))!;
  }

  async end(signed: OutboxVertex, code: Code = 'OK'): Promise<void> {
    const { proof, anchor } = settle(signed.vertex, code);
    const beside = await this.payments.onOutcome(signed, { proof, anchor, code });
    await this.outbox.settleFirst(proof, anchor, START_MS, beside);
  }

  async states(): Promise<readonly (readonly [counter: number, state: string, code: string | null])[]> {
    return (await this.payments.list(100)).map(({ counter, state, code }) => [counter, state, code]);
  }
}

async function aboard(run: (inside: Aboard) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tally-payments-'));
  const inside = await new Aboard(join(directory, 'outbox')).open();
  try {
    await run(inside);
  } finally {
    await inside.outbox.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

test('a reading above the line is an event, exactly; its price is for each, or for each unit, rounded down', () => {
  const saying = (value: string, device = 'probe:1') => ({
    device,
    readings: [{ quantity: 'pulses' as const, value: decimal(value) }],
  });
  const trigger = { quantity: 'pulses' as const, over: decimal('0.3') };
  assert.is(eventValue(trigger, saying('0.3')), undefined);
  assert.equal(eventValue(trigger, saying('0.300000001')), decimal('0.300000001'));
  assert.is(eventValue({ ...trigger, quantity: 'count' }, saying('1')), undefined);
  const due = (value: string, price: Price, over = '0', device = 'probe:1') =>
    amountDue({ device: 'probe:1', quantity: 'pulses', over: decimal(over), price }, saying(value, device));
  assert.is(due('7', each), 2_300);
  assert.is(due('0', each), 0);
  assert.is(due('7', each, '7'), 0);
  assert.is(due('7', each, '0', 'another'), 0);
  assert.is(due('42.5', { type: 'per-unit', amount: 45 }), 1_912);
  assert.is(due('0.02', { type: 'per-unit', amount: 45 }), 0);
  assert.is(due('-3', { type: 'per-unit', amount: 45 }, '-5'), 0);
  assert.is(due('4294967295', { type: 'per-unit', amount: 1_000_000 }), 4_294_967_295_000_000);
});

test('an event is due once its reading took effect, is carried once, and is settled; a kill between changes nothing', () =>
  aboard(async (inside) => {
    const readings = await inside.read(4, 5, 6);
    await inside.reopen();
    assert.equal(await inside.states(), [], 'nothing is due before the reading is final');
    await inside.end(readings);
    await inside.reopen();
    assert.equal(await inside.states(), [
      [6, 'due', null],
      [5, 'due', null],
    ]);

    const signed = (await inside.payments.signNext(terms))!;
    const decoded = decodeVertex(signed.envelope);
    assert.ok(decoded.ok && checkVertex(decoded.value, network).ok, 'a node would take it');
    const call = signedCall.decode(signed.vertex.payload);
    invariant(call.ok, 'it carries a call');
    const { header, signatures } = call.value;
    assert.is(header.deadline, certifiedAt(3).header.time + 60_000);
    assert.ok(equalBytes(signatures[0]!.key, thing.publicKey) && verifyCallSignature(signatures[0]!, header));
    await inside.reopen();
    assert.equal(await inside.states(), [
      [6, 'due', null],
      [5, 'under way', null],
    ]);
    const [again] = inside.outbox.inFlight;
    assert.ok(equalBytes(again!.envelope, signed.envelope), 'the same bytes go out again');

    const second = (await inside.payments.signNext(terms))!;
    assert.not.ok(equalBytes(callId(header), second.vertex.payloadHash));
    assert.is(await inside.payments.signNext(terms), undefined);
    await inside.end(signed);
    await inside.end(second, 'E_FUNDS');
    await inside.reopen();
    assert.equal(await inside.states(), [
      [6, 'refused', 'E_FUNDS'],
      [5, 'paid', 'OK'],
    ]);
    assert.is(inside.payments.isDue, false);
    assert.is(
      inside.said.filter((line) => /^warn: a payment is refused: .*"code":"E_FUNDS"/.test(line)).length,
      1,
    );
  }));

test('readings that took no effect make nothing due, nor those of other devices', () =>
  aboard(async (inside) => {
    await inside.end(await inside.read(7), 'E_KEY_REVOKED');
    await inside.outbox.append({ frames: [frameOf(8, 'other')], receivedMs: START_MS, guard: [] });
    await inside.end((await inside.outbox.signNext({ ...terms, framesMax: 9, salt: hash('salt', zero32) }))!);
    assert.is(inside.payments.isDue, false);
  }));

test('a call that came too late is made anew, three times at most', () =>
  aboard(async (inside) => {
    await inside.end(await inside.read(5, 6));
    for (let call = 1; call <= 3; call++) {
      await inside.end((await inside.payments.signNext(terms))!, 'E_EXPIRED');
      await inside.reopen();
      const last = (await inside.payments.list(2)).at(-1)!;
      assert.equal([last.counter, last.calls, last.state], [5, call, call < 3 ? 'due' : 'refused']);
    }
    await inside.end((await inside.payments.signNext(terms))!);
    assert.equal(await inside.states(), [
      [6, 'paid', 'OK'],
      [5, 'refused', 'E_EXPIRED'],
    ]);
  }));

test('what is due when its rule is taken away is not paid, and says so', () =>
  aboard(async (inside) => {
    await inside.end(await inside.read(5));
    await inside.reopen([]);
    assert.is(await inside.payments.signNext(terms), undefined);
    await inside.reopen();
    assert.equal(await inside.states(), [[5, 'refused', 'E_UNKNOWN']]);
    assert.match(inside.said.join('\n'), /no rule has the key of this device any more/);
  }));

test('more events than may be due hold readings back; of those that are settled the newest are kept', () =>
  aboard(async (inside) => {
    for (let from = 0; from < 5; from++) {
      const counters = Array.from({ length: 250 }, (_, i) => 1_000 * from + i).filter((c) => c % 50 >= 5);
      assert.is(inside.payments.isFull, false);
      await inside.end(await inside.read(...counters));
    }
    assert.is(inside.payments.isFull, true);
    assert.is(inside.payments.status.due, 1_125);
    while (inside.payments.isDue) await inside.end((await inside.payments.signNext(terms))!);
    await inside.reopen();
    const payments = await inside.payments.list(2_000);
    assert.is(payments.length, 1_000);
    assert.equal([payments[0]!.counter, payments.at(-1)!.counter], [4_249, 140]);
  }));

test.run();
