/** A gateway killed and started again: nothing lost, nothing doubled, against a real ledger. */

import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gatewayConfigToml } from '../../node/config/gateway-config.ts';
import { publishFrames } from '../sensors/publish.ts';
import { type BrokerKind, brokerKinds } from './brokers.ts';
import { GatewayProcess } from './gateway-process.ts';
import {
  coolFrame,
  gatewayConfig,
  LedgerWorld,
  ledgersFrames,
  MONITOR,
  signerNamed,
  until,
} from './gateway-world.ts';

const test = suite('gateway killed');

let folder = '';
let world: LedgerWorld;
const open: { close(): Promise<void> }[] = [];
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tally-killed-'));
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

/** Once it is away for longer than a replay guard remembers `[RDG-4]`. */
const LONG_AWAY = 4;
const LONG_AWAY_FRAMES = 1_500;

async function killEightTimes({ protocolVersion, start }: BrokerKind, kind: number): Promise<void> {
  const name = `gateway-killed-${kind}`;
  const device = `streamer-${kind}`;
  const broker = await start();
  open.push(broker);
  await gatewayConfig(world, name, broker.url);
  const home = join(folder, name);
  const nodes = [world.peer(MONITOR), world.peer(0)];
  await writeFile(
    join(home, 'config.toml'),
    gatewayConfigToml({
      name,
      nodes,
      mqttUrl: broker.url,
      protocolVersion,
      genesisFile: '../genesis.json',
      apiPort: 0,
      logLevel: 'warn',
    }),
  );
  await world.enrolGateway(signerNamed(name));
  await world.enrolDevice(device);

  let gateway = new GatewayProcess(home);
  await until('up', async () => (await gateway.final()) === 0);
  let published = 0;
  const stop = new AbortController();
  // Endless, as sensors are; the counter tells how many there were.
  const frames = (function* () {
    for (; !stop.signal.aborted; published++) yield coolFrame(device, published);
  })();
  const publishing = publishFrames(frames, { url: broker.url, speed: 200, signal: stop.signal });
  for (let kill = 0; kill < 8; kill++) {
    const before = Math.max(0, await gateway.final());
    await until('it works', async () => (await gateway.final()) > before || kill % 3 === 1, 120_000);
    await sleep(Math.random() * 300);
    await gateway.end('SIGKILL');
    const awayFrom = published;
    if (kill === LONG_AWAY) await until('away', () => published - awayFrom > LONG_AWAY_FRAMES, 120_000);
    gateway = new GatewayProcess(home);
  }
  stop.abort();
  const sent = await publishing;
  await until('all final', async () => (await gateway.final()) >= sent, 180_000).catch(
    async (error: Error) => {
      throw new Error(`${sent} sent; ${JSON.stringify(await gateway.status().catch(String))}`, {
        cause: error,
      });
    },
  );
  await sleep(1_000);
  const { frames: counts, alarms } = await gateway.status();
  assert.equal(alarms, {});
  assert.is(counts.final, counts.accepted);
  assert.is(counts.queued + counts.inFlight, 0);
  const startedMs = performance.now();
  assert.is(await gateway.end('SIGTERM'), 0);
  assert.ok(
    performance.now() - startedMs < 10_000,
    `ended in ${Math.round(performance.now() - startedMs)} ms`,
  );

  const names = await ledgersFrames(world, join(home, 'data', 'outbox'), name);
  const distinct = new Set(names);
  assert.is(distinct.size, names.length, 'no frame twice on the ledger');
  for (let counter = 0; counter < sent; counter++)
    assert.ok(distinct.has(`${device}/${counter}`), `frame ${counter} of ${sent} is lost`);
  console.log(`      ${sent} frames through 8 kills; ${counts.duplicates} came again`);
}

// Over each broker as the demo uses it.
for (const [number, kind] of brokerKinds().entries())
  if (kind.name !== 'mosquitto, MQTT 3.1.1')
    test(`${kind.name}: killed eight times while readings stream in`, () => killEightTimes(kind, number));

test.run();
