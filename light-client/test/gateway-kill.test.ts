/** A gateway killed and started again: nothing lost, nothing doubled, against a real ledger. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gatewayConfigToml } from '../../node/config/gateway-config.ts';
import type { GatewayStatus } from '../gateway/metrics.ts';
import { publishFrames } from '../sensors/publish.ts';
import { type BrokerKind, brokerKinds } from './brokers.ts';
import {
  coolFrame,
  gatewayConfig,
  LedgerWorld,
  ledgersFrames,
  MONITOR,
  PASSPHRASE,
  signerNamed,
  until,
} from './gateway-world.ts';

const test = suite('gateway killed');

let folder = '';
let world: LedgerWorld;
const children: ChildProcess[] = [];
const open: { close(): Promise<void> }[] = [];
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tally-killed-'));
  world = await LedgerWorld.start(folder);
});
test.after.each(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const one of open.splice(0).reverse()) await one.close();
});
test.after(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `tally gateway` in a process of its own. */
class GatewayProcess {
  readonly #home: string;
  readonly #child: ChildProcess;
  #said = '';

  constructor(home: string) {
    this.#home = home;
    const args = [
      join(import.meta.dirname, '../../node/main.js'),
      'gateway',
      '--config',
      join(home, 'config.toml'),
      '--port-file',
      join(home, 'ports.json'),
    ];
    this.#child = spawn(process.execPath, args, {
      env: { ...process.env, TALLY_PASSPHRASE: PASSPHRASE },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4_000);
    });
    children.push(this.#child);
  }

  async status(): Promise<GatewayStatus> {
    const { api } = JSON.parse(await readFile(join(this.#home, 'ports.json'), 'utf8')) as { api: string };
    const token = (await readFile(join(this.#home, 'api-token'), 'utf8')).trim();
    const response = await fetch(`${api}/v1/status`, { headers: { authorization: `Bearer ${token}` } });
    return (await response.json()) as GatewayStatus;
  }

  /** How many frames are final; nothing while it is not up. */
  async final(): Promise<number> {
    if (this.#child.exitCode !== null) throw new Error(`the gateway ended by itself: ${this.#said}`);
    return (await this.status().catch(() => undefined))?.frames.final ?? -1;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    const [code] = (await exited) as [number | null];
    await rm(join(this.#home, 'ports.json'), { force: true });
    return code;
  }
}

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
