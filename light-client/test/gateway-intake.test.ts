/** From the sensor's pack through a real broker to durable frames: everything of light-client's intake together. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes } from 'aedes';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import { compareFrames, type Frame, frame, signFrame } from '../../consensus/vertex/frame.ts';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import { packOf } from '../intake/packs.ts';
import { connectIntake } from '../mqtt/intake-connection.ts';
import { INTAKE_TOPIC, publishFrames, topicOf } from '../sensors/publish.ts';
import { warehouseAndTruck } from '../sensors/scenario.ts';
import { sensorSigner } from '../sensors/sensor-key.ts';
import { type BrokerKind, brokerKinds, publishRaw, until } from './brokers.ts';
import { DurableIntake } from './durable-intake.ts';

installNativePrimitives();
const test = suite('gateway-intake');
const network = new Uint8Array(32).fill(5);
const NOW_MS = 1_700_000_000_000;
let folder = '';
const open: { close(): Promise<void> }[] = [];
const children: ChildProcess[] = [];
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'tally-intake-'));
});
test.after.each(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const one of open.splice(0).reverse()) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

function frameOf(counter: number, device = 'signing'): Frame {
  const body = {
    device,
    session: '',
    counter,
    time: NOW_MS + counter,
    readings: [{ quantity: 'temperature' as const, value: decimalOf(4.5)! }],
  };
  return signFrame(body, network, sensorSigner('seed', device));
}
const bytesOf = (frames: readonly Frame[]) =>
  frames
    .slice()
    .sort(compareFrames)
    .map((one) => Buffer.from(frame.encode(one)).toString('hex'));

async function startGateway(
  kind: BrokerKind,
  url: string,
  deviceOf: Parameters<typeof DurableIntake.open>[2],
) {
  const gateway = await DurableIntake.open(folder, network, deviceOf);
  const connection = connectIntake(
    { url, protocolVersion: kind.protocolVersion, clientId: 'gateway', topics: [INTAKE_TOPIC] },
    gateway.onMessage,
  );
  open.push(gateway, { close: () => connection.close() });
  await connection.ready;
  return gateway;
}

async function startBroker(kind: BrokerKind) {
  const broker = await kind.start();
  open.push(broker);
  return broker.url;
}

for (const kind of brokerKinds()) {
  test(`${kind.name}: hostile and broken payloads among good ones`, async () => {
    const url = await startBroker(kind);
    const signed = sensorSigner('seed', 'signing').publicKey;
    const gateway = await startGateway(kind, url, (device) => {
      if (device === 'signing') return { publicKey: signed, active: true };
      return device === 'revoked' ? { publicKey: signed, active: false } : undefined;
    });
    const good = [frameOf(1), frameOf(2), frameOf(3)];
    const forged = { ...frameOf(4), readings: [{ quantity: 'temperature' as const, value: decimalOf(5)! }] };
    const payloads = [
      packOf(good[0]!, 'json'),
      'not senml',
      '[{"n":"signing:temperature"}]',
      '[{"n":"signing:temperature","u":"K","v":280}]',
      packOf(frameOf(1, 'stranger'), 'cbor'),
      packOf(frameOf(1, 'revoked'), 'cbor'),
      packOf(forged, 'json'),
      packOf({ ...frameOf(5), signature: new Uint8Array(0) }, 'json'),
      new Uint8Array(65_537),
      packOf(good[1]!, 'cbor'),
      packOf(good[0]!, 'cbor'),
      '',
      packOf(good[2]!, 'json'),
    ];
    await publishRaw(url, payloads);
    await until(
      () => gateway.intake.accepted === 3 && (gateway.intake.refused.get('E_ENC') ?? 0) === 2,
      'the last payloads',
    );
    assert.equal(Object.fromEntries([...gateway.intake.refused].sort()), {
      E_DEVICE_UNKNOWN: 1,
      E_ENC: 2,
      E_KEY_REVOKED: 1,
      E_LIMIT_BYTES: 1,
      E_REPLAY: 1,
      E_SCHEMA: 1,
      E_SIG: 2,
      E_UNIT: 1,
    });
    await gateway.settle();
    assert.equal(bytesOf(await gateway.frames()), bytesOf(good));
  });

  test(`${kind.name}: a gateway killed again and again takes each frame once`, async () => {
    const url = await startBroker(kind);
    const scenario = warehouseAndTruck({
      seed: 'killed',
      network,
      startMs: NOW_MS,
      endMs: NOW_MS + 3_600_000,
    });
    const frames = [...scenario.frames()];
    const launch = async () => {
      const child = spawn(
        process.execPath,
        [
          join(import.meta.dirname, 'gateway-child.js'),
          url,
          kind.protocolVersion === 5 ? '5' : '3.1.1',
          folder,
          'killed',
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      children.push(child);
      await once(child.stdout!, 'data');
      return child;
    };
    let child = await launch();
    let published = 0;
    const publishing = publishFrames(frames, {
      url,
      protocolVersion: kind.protocolVersion,
      speed: 900,
      onProgress: (progress) => {
        published = progress.published;
      },
    });
    for (let kills = 0; kills < 4; kills++) {
      await sleep(300 + 50 * kills);
      child.kill('SIGKILL');
      await once(child, 'exit');
      child = await launch();
    }
    assert.is(await publishing, frames.length);
    assert.is(published, frames.length);
    await sleep(500);
    child.kill('SIGKILL');
    await once(child, 'exit');

    const gateway = await startGateway(kind, url, (device) => ({
      publicKey: sensorSigner('killed', device).publicKey,
      active: true,
    }));
    // What the last kill left unacknowledged comes now.
    const endMs = performance.now() + 60_000;
    while ((await gateway.frames()).length < frames.length && performance.now() < endMs) await sleep(100);
    // For the copies, which must not come.
    await sleep(300);
    await gateway.settle();
    assert.equal(bytesOf(await gateway.frames()), bytesOf(frames));
  });
}

test('publishing keeps the pace of the frames, and stops when told', async () => {
  const [kind] = brokerKinds();
  const url = await startBroker(kind!);
  const frames = Array.from({ length: 50 }, (_, i) => ({ ...frameOf(i), time: NOW_MS + i * 1000 }));
  const startedMs = performance.now();
  const seen: number[] = [];
  await publishFrames(frames.slice(0, 11), {
    url,
    speed: 25,
    onProgress: ({ published }) => seen.push(published),
  });
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs > 390 && tookMs < 10_000, `${tookMs} ms for 10 s at 25-fold speed`);
  assert.equal(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

  const stop = new AbortController();
  const published = await publishFrames(frames, {
    url,
    speed: 25,
    signal: stop.signal,
    onProgress: ({ published }) => {
      if (published === 3) stop.abort();
    },
  });
  assert.is(published, 3);
  assert.is(topicOf('urn:dev:ow:10e2/a +#b'), 'tally/urn:dev:ow:10e2_a___b/senml');
});

test('no more than inFlightMax messages wait for the broker', async () => {
  let now = 0;
  let most = 0;
  const aedes = await Aedes.createBroker();
  aedes.authorizePublish = (_client, _packet, done) => {
    most = Math.max(most, ++now);
    setTimeout(() => {
      now--;
      done(null);
    }, 50);
  };
  const server = createServer((socket) => void aedes.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: async () => {
      server.close();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  });
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const frames = Array.from({ length: 60 }, (_, i) => frameOf(i));
  assert.is(await publishFrames(frames, { url, inFlightMax: 7 }), 60);
  assert.is(most, 7);
});

test('publishing to nobody fails with the address and the cause', async () => {
  try {
    await publishFrames([frameOf(1)], { url: 'mqtt://user:geheim@127.0.0.1:9' });
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'no connection to the MQTT broker at mqtt://127.0.0.1:9');
    assert.match(String((error as Error).cause), /ECONNREFUSED/);
  }
});

test.run();
