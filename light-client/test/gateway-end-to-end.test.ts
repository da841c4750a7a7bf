/** From the sensor's pack to a checked proof: a real broker, the real gateway, four real nodes. */

import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import { type Frame, signFrame } from '../../consensus/vertex/frame.ts';
import { type RunningGateway, startGateway } from '../gateway/gateway.ts';
import type { GatewayStatus } from '../gateway/metrics.ts';
import type { ShownFrame } from '../gateway/readings.ts';
import { packOf } from '../intake/packs.ts';
import type { Broker } from '../mqtt/broker.ts';
import { bundleSchema } from '../proof/bundle.ts';
import { publishFrames } from '../sensors/publish.ts';
import { verifyBundle } from '../verify/verify.ts';
import { brokerKinds, publishRaw } from './brokers.ts';
import { gatewayConfig, LedgerWorld, MONITOR, PASSPHRASE, signerNamed, until } from './gateway-world.ts';

const test = suite('gateway end to end');

let folder = '';
let world: LedgerWorld;
const open: { close(): Promise<void> }[] = [];
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tally-gateway-'));
  world = await LedgerWorld.start(folder);
});
test.after.each(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
test.after(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const opened = <T extends { close(): Promise<void> }>(one: T): T => {
  open.push(one);
  return one;
};

function frameOf(device: string, counter: number): Frame {
  const readings = [
    { quantity: 'temperature' as const, value: decimalOf(4 + (counter % 40) / 10)! },
    { quantity: 'humidity' as const, value: decimalOf(60)! },
  ];
  return {
    device,
    session: '',
    counter,
    time: Date.now() - 60_000 + counter,
    readings,
    signature: new Uint8Array(0),
  };
}
const signed = (frame: Frame): Frame =>
  signFrame(frame, world.genesis.network, signerNamed(`sensor ${frame.device}`));

async function startNamed(
  name: string,
  broker: Broker,
  changes: Parameters<typeof gatewayConfig>[3] = {},
): Promise<RunningGateway> {
  return opened(await startGateway(await gatewayConfig(world, name, broker.url, changes), PASSPHRASE));
}

async function tokenOf(name: string): Promise<string> {
  return (await readFile(join(folder, name, 'api-token'), 'utf8')).trim();
}

async function get(gateway: RunningGateway, name: string, path: string): Promise<Response> {
  return fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${await tokenOf(name)}` } });
}

const finalOf = async (gateway: RunningGateway) => (await gateway.status()).frames.final;

for (const [number, kind] of brokerKinds().entries()) {
  test(`${kind.name}: every distinct frame becomes final once, what is wrong is refused with its code`, async () => {
    const name = `gateway-${number}`;
    const [plain, keyed] = [`plain-${number}`, `keyed-${number}`];
    const broker = opened(await kind.start());
    const watches = [{ goods: 'sscc:340123450000000017', devices: [plain] }];
    const gateway = await startNamed(name, broker, { protocolVersion: kind.protocolVersion, watches });
    assert.match(String((await gateway.status()).notReady), /not (connected|enrolled)|no node|not asked/);
    // Published before anybody knows the gateway or its sensors: they wait in the broker, or are held.
    await world.enrolGateway(signerNamed(name));
    await world.enrolDevice(plain);
    await world.enrolDevice(keyed, signerNamed(`sensor ${keyed}`).publicKey);
    await until('ready', async () => (await gateway.status()).ready);
    await until('the goods were asked for, and there are none', async () =>
      /E_NOT_FOUND/.test((await gateway.status()).watches[0]!.problem),
    );
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.match(metrics, /^tally_gateway_early_warnings_total\{level="critical"\} 0$/m);

    const frames = Array.from({ length: 300 }, (_, i) =>
      i % 2 === 0 ? frameOf(plain, i) : signed(frameOf(keyed, i)),
    );
    const again = frames.filter((_, i) => i % 10 === 0);
    await publishFrames([...frames.slice(0, 200), ...again, ...frames.slice(200)], {
      url: broker.url,
      protocolVersion: kind.protocolVersion,
      format: 'cbor',
    });
    await publishRaw(broker.url, [
      packOf(frameOf(`stranger-${number}`, 1), 'json'),
      packOf({ ...signed(frameOf(keyed, 1_001)), counter: 1_002 }, 'json'),
      packOf(frameOf(keyed, 1_003), 'json'),
      'no pack at all',
      JSON.stringify([{ n: `${plain}:temperature`, u: 'K', v: 280, t: 1_700_000_000 }]),
      JSON.stringify([{ n: `${plain}:temperature`, u: 'Cel', v: 500, t: 1_700_000_000 }]),
    ]);
    await publishFrames([signed(frameOf(keyed, 2_000))], { url: broker.url });

    await until('all final', async () => (await finalOf(gateway)) === 301);
    const status: GatewayStatus = await gateway.status();
    assert.equal(
      status.refused,
      { E_REPLAY: 30, E_DEVICE_UNKNOWN: 1, E_SIG: 2, E_ENC: 1, E_UNIT: 1, E_SCHEMA: 1 },
      'refusals by code',
    );
    assert.is(status.frames.accepted, 301);
    assert.is(status.readings.final, 602);
    assert.equal(status.devices[plain], { accepted: 150, duplicates: 30, final: 150 });
    assert.is(status.frames.duplicates, 30);
    assert.equal(status.alarms, {});
    assert.ok(status.finality.p50Ms > 0 && status.finality.p95Ms < 10_000, JSON.stringify(status.finality));

    const listed = (
      (await (await get(gateway, name, `/v1/readings?device=${keyed}&limit=1000&final=true`)).json()) as {
        readings: ShownFrame[];
      }
    ).readings;
    assert.is(listed.length, 151);
    assert.is(new Set(listed.map(({ counter }) => counter)).size, 151);
    const [newest] = listed;
    assert.is(newest!.counter, 2_000);
    assert.equal(newest!.values, { temperature: 4, humidity: 60 });
    const response = await get(gateway, name, `/v1/readings/${newest!.vertex}/${newest!.index}/bundle`);
    assert.is(response.status, 200);
    const bundle = new Uint8Array(await response.arrayBuffer());
    const verified = verifyBundle(bundle, world.genesis, { nowMs: Date.now() });
    assert.is(verified.verdict, 'valid', JSON.stringify(verified.facts));
    assert.ok(
      verified.facts.some(({ text }) => text.includes('own signature verifies')),
      'the bundle shows that the sensor signed',
    );
    const decoded = bundleSchema.decode(bundle);
    assert.ok(decoded.ok && decoded.value.statement.type === 'reading');
    console.log(
      `      ${kind.name}: p50 ${status.finality.p50Ms} ms, p95 ${status.finality.p95Ms} ms, bundle ${bundle.length} bytes`,
    );

    assert.is((await fetch(`${gateway.url}/v1/status`)).status, 401);
    assert.is((await fetch(`${gateway.url}/v1/status`, { method: 'POST' })).status, 405);
    assert.is((await get(gateway, name, '/v1/readings?limit=0')).status, 400);
    assert.is((await get(gateway, name, '/v1/nothing')).status, 404);
    assert.is((await fetch(`${gateway.url}/readyz`)).status, 200);
    assert.is((await get(gateway, name, `/v1/readings/${'0'.repeat(64)}/0/bundle`)).status, 404);
    assert.match(
      await (await fetch(`${gateway.url}/metrics`)).text(),
      /tally_gateway_frames_final_total 301\n/,
    );
    const startedMs = performance.now();
    await gateway.close();
    assert.ok(performance.now() - startedMs < 10_000, `closed in ${performance.now() - startedMs} ms`);
    assert.is(await gateway.ended, undefined);
  });
}

test('the primary dies, then the gateway restarts: nothing is lost, nothing doubled', async () => {
  const name = 'gateway-moved';
  const broker = opened(await brokerKinds()[0]!.start());
  await world.enrolGateway(signerNamed(name));
  await world.enrolDevice('roamer');
  let gateway = await startNamed(name, broker);
  await until('ready', async () => (await gateway.status()).ready);
  const primary = (await gateway.status()).ledger.nodes.find(({ role }) => role === 'primary')!.key;
  assert.is(primary, world.peer(MONITOR).key, 'in the order of the configuration');

  const frames = Array.from({ length: 2_000 }, (_, i) => frameOf('roamer', i));
  const publishing = publishFrames(frames, { url: broker.url, speed: 0.5 });
  await until('some are final', async () => (await finalOf(gateway)) > 100);
  await world.down(MONITOR);
  await until(
    'another primary',
    async () =>
      (await gateway.status()).ledger.nodes.find(({ role }) => role === 'primary')?.key === world.peer(0).key,
    5_000,
  );
  const before = await finalOf(gateway);
  await until('it goes on', async () => (await finalOf(gateway)) > before + 100);
  await gateway.close();
  gateway = await startNamed(name, broker);
  await publishing;
  await until('all final', async () => (await finalOf(gateway)) === frames.length, 180_000);
  const status = await gateway.status();
  assert.is(status.frames.accepted, frames.length);
  assert.is(status.frames.queued + status.frames.inFlight, 0);
  const { readings } = (await (await get(gateway, name, '/v1/readings?limit=1000')).json()) as {
    readings: ShownFrame[];
  };
  assert.is(new Set(readings.map(({ counter }) => counter)).size, readings.length);

  // With nobody to ask, its own proof must do: then the bundle is silent on the device.
  await world.down(0);
  await until('no node', async () => (await gateway.status()).ledger.nodes.every(({ up }) => !up));
  const { vertex, index } = readings[0]!;
  const response = await get(gateway, name, `/v1/readings/${vertex}/${index}/bundle`);
  const verified = verifyBundle(new Uint8Array(await response.arrayBuffer()), world.genesis, {
    nowMs: Date.now(),
  });
  assert.is(verified.verdict, 'valid', JSON.stringify(verified.facts));
  assert.ok(
    verified.facts.some(({ text }) => text.includes('does not say whether the sensor itself signed')),
  );
  assert.is((await fetch(`${gateway.url}/readyz`)).status, 503);
  assert.is(toHex(signerNamed(name).publicKey), gateway.key);
});

test.run();
