/** A reading starts a payment, without anybody; the same event never pays twice, whatever is killed when [THG-14] (R167). */

import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gatewayConfigToml, type PaymentEntry } from '../../node/config/gateway-config.ts';
import { createKeyFile } from '../../node/keys/key-file.ts';
import type { ShownPayment } from '../gateway/payment-views.ts';
import { publishFrames } from '../sensors/publish.ts';
import { verifyBundle } from '../verify/verify.ts';
import { brokerKinds } from './brokers.ts';
import { GatewayProcess } from './gateway-process.ts';
import { LedgerWorld, MONITOR, PASSPHRASE, seedNamed, signerNamed, until } from './gateway-world.ts';
import { FUNDS, PAYEE, PayingThing, STRANGER } from './paying-thing.ts';

const test = suite('gateway payments');

let folder = '';
let world: LedgerWorld;
const open: { close(): Promise<void> }[] = [];
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tally-payments-'));
  world = await LedgerWorld.start(folder);
});
test.after.each(async () => {
  GatewayProcess.killAll();
  for (const one of open.splice(0).reverse()) await one.close();
});
test.after(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const ruleToml = ({ keyFile, price, ...rule }: PaymentEntry): string => `
[[payment]]
rule = "${rule.rule}"
device = "${rule.device}"
key_file = "${keyFile}"
quantity = "${rule.quantity}"
over = ${rule.over}
mandate = "${rule.mandate}"
means = "${rule.means}"
payee = "${rule.payee}"
content = "${rule.content}"
${price.type === 'each' ? 'amount' : 'per_unit'} = ${price.amount}
`;

/** A gateway's home with the thing's key in it, ready to be started as often as one likes. */
class Aboard {
  readonly home: string;
  readonly thing: PayingThing;
  readonly brokerUrl: string;

  private constructor(home: string, thing: PayingThing, brokerUrl: string) {
    this.home = home;
    this.thing = thing;
    this.brokerUrl = brokerUrl;
  }

  static async make(name: string, currency: string): Promise<Aboard> {
    const broker = await brokerKinds()[0]!.start();
    open.push(broker);
    const home = join(folder, name);
    await mkdir(home, { recursive: true });
    const thing = await PayingThing.make(world, `${name}-truck`, currency);
    const sealed = (seed: string) => ({ workFactor: 8, seed: seedNamed(seed) });
    await createKeyFile(join(home, 'key.age'), PASSPHRASE, sealed(name));
    await createKeyFile(join(home, 'truck.age'), PASSPHRASE, sealed(thing.name));
    await world.enrolGateway(signerNamed(name));
    const aboard = new Aboard(home, thing, broker.url);
    await aboard.configure(name, [thing.rule('truck.age')]);
    return aboard;
  }

  async configure(name: string, rules: readonly PaymentEntry[]): Promise<void> {
    const config = gatewayConfigToml({
      ...{ name, mqttUrl: this.brokerUrl, genesisFile: '../genesis.json', apiPort: 0, logLevel: 'warn' },
      nodes: [world.peer(MONITOR), world.peer(0)],
    });
    await writeFile(join(this.home, 'config.toml'), config);
    await appendFile(join(this.home, 'config.toml'), rules.map(ruleToml).join(''));
  }

  /** Resolves once the broker knows it, and keeps what is published from then on. */
  async start(): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(this.home);
    await until('it listens', async () => {
      await gateway.final();
      return (await gateway.status().catch(() => undefined))?.mqtt.connected === true;
    });
    return gateway;
  }

  publish(pulses: readonly number[], from = 1): Promise<number> {
    return publishFrames(
      pulses.map((value, index) => this.thing.frame(from + index, value)),
      { url: this.brokerUrl },
    );
  }
}

const paymentsAt = async (gateway: GatewayProcess): Promise<readonly ShownPayment[]> =>
  ((await (await gateway.get('/v1/payments?limit=1000')).json()) as { payments: ShownPayment[] }).payments;

const hasPaid = async (gateway: GatewayProcess, count: number): Promise<boolean> => {
  await gateway.final();
  const payments = await paymentsAt(gateway).catch(() => []);
  return payments.filter(({ state }) => state === 'paid').length >= count;
};

test('a reading above the line pays, once: also when it comes again, and to a gateway that was killed', async () => {
  const aboard = await Aboard.make('once', 'EUR');
  let gateway = await aboard.start();
  await aboard.publish([0, 1, 0, 1]);
  await until('two paid', () => hasPaid(gateway, 2));
  assert.is(await aboard.thing.balanceOf(PAYEE), 2 * 2_300);
  assert.is(await aboard.thing.balanceOf(MONITOR), FUNDS - 2 * 2_300);

  const payments = await paymentsAt(gateway);
  assert.equal(
    payments.map(({ counter, state, code, amount, calls }) => [counter, state, code, amount, calls]),
    [
      [4, 'paid', 'OK', 2_300, 1],
      [2, 'paid', 'OK', 2_300, 1],
    ],
  );
  const bundle = await gateway.get(`/v1/payments/${payments[0]!.vertex}/bundle`);
  const verified = verifyBundle(new Uint8Array(await bundle.arrayBuffer()), world.genesis, {
    nowMs: Date.now(),
  });
  assert.is(verified.verdict, 'valid');

  await gateway.end('SIGKILL');
  gateway = await aboard.start();
  await aboard.publish([0, 1, 0, 1]);
  await until('they came again', async () => {
    const status = await gateway.status().catch(() => undefined);
    return status?.frames.duplicates === 4;
  });
  await aboard.publish([1], 5);
  await until('the third paid', () => hasPaid(gateway, 3));
  assert.is(await aboard.thing.balanceOf(PAYEE), 3 * 2_300);
  assert.is((await paymentsAt(gateway)).length, 3);
});

test('killed again and again while events stream in: each has paid once', async () => {
  const EVENTS = 120;
  const aboard = await Aboard.make('stream', 'CHF');
  await aboard.configure('stream', [
    aboard.thing.rule('truck.age', { price: { type: 'per-unit', amount: 100 } }),
  ]);
  let gateway = await aboard.start();
  const publishing = (async () => {
    for (let counter = 1; counter <= EVENTS; counter++) {
      await aboard.publish([counter % 3], counter);
      await sleep(30);
    }
  })();
  for (let kill = 0; kill < 6; kill++) {
    await sleep(500 + 900 * Math.random());
    await gateway.end('SIGKILL');
    gateway = await aboard.start();
  }
  await publishing;
  const events = Array.from({ length: EVENTS }, (_, i) => (i + 1) % 3).filter((pulses) => pulses > 0);
  await until('all paid', () => hasPaid(gateway, events.length));
  const sum = events.reduce((total, pulses) => total + 100 * pulses, 0);
  assert.is(await aboard.thing.balanceOf(PAYEE), sum);
  const payments = await paymentsAt(gateway);
  assert.is(payments.length, events.length);
  assert.is(new Set(payments.map(({ counter }) => counter)).size, events.length);
  const { payments: status, alarms } = await gateway.status();
  assert.equal([status.due, status.underWay], [0, 0]);
  assert.equal(alarms, {});
});

test('a refusal is shown with its code and not tried again; readings and other payments go on', async () => {
  const aboard = await Aboard.make('refused', 'SEK');
  const { thing } = aboard;
  await aboard.configure('refused', [
    thing.rule('truck.age', { rule: 'many', over: '9', payee: `lei:${world.lei(STRANGER)}` }),
    thing.rule('truck.age'),
  ]);
  const gateway = await aboard.start();
  await aboard.publish([10, 1]);
  await until('one paid', () => hasPaid(gateway, 1));
  await until('one refused', async () =>
    (await paymentsAt(gateway)).some(({ state }) => state === 'refused'),
  );
  await aboard.publish([0, 1], 3);
  await until('another paid', () => hasPaid(gateway, 2));
  const refused = (await paymentsAt(gateway)).find(({ state }) => state === 'refused')!;
  assert.equal(
    [refused.rule, refused.counter, refused.code, refused.calls, refused.meaning],
    ['many', 1, 'E_MANDATE_PAYEE', 1, 'the mandate names no such payee'],
  );
  const { payments, alarms, frames } = await gateway.status();
  assert.equal(payments.settled, { E_MANDATE_PAYEE: 1, OK: 2 });
  assert.equal([payments.due, payments.underWay], [0, 0]);
  assert.equal([alarms, frames.refused, frames.final], [{}, 0, 4]);
  const metrics = await (await gateway.get('/metrics')).text();
  assert.match(metrics, /^tally_gateway_payments_total\{code="E_MANDATE_PAYEE"\} 1$/m);
  assert.is(await thing.balanceOf(PAYEE), 2 * 2_300);
  assert.is(await thing.balanceOf(STRANGER), 0);
});

test.run();
