/** A gateway that comes back after a day without an uplink, against a real ledger (R042). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startGateway } from '../gateway/gateway.ts';
import { Outbox } from '../outbox/outbox.ts';
import {
  coolFrame,
  gatewayConfig,
  LedgerWorld,
  ledgersFrames,
  PASSPHRASE,
  signerNamed,
  until,
} from './gateway-world.ts';

const test = suite('gateway offline');

let folder = '';
let world: LedgerWorld;
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tally-offline-'));
  world = await LedgerWorld.start(folder);
});
test.after(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a day of readings queued without an uplink: 86,400 become final, none lost, none doubled (R042)', async () => {
  const name = 'gateway-offline';
  const FRAMES = 86_400;
  await world.enrolGateway(signerNamed(name));
  await world.enrolDevice('day');
  const config = await gatewayConfig(world, name, 'mqtt://127.0.0.1:1', {
    batch: { framesMax: 256, intervalMs: 250 },
  });
  const directory = join(config.dataDir, 'outbox');
  const outbox = await Outbox.open(directory, {
    network: world.genesis.network,
    author: signerNamed(name).publicKey,
  });
  let startedMs = performance.now();
  for (let counter = 0; counter < FRAMES; counter += 400) {
    const packs = Array.from({ length: 8 }, (_, i) =>
      Array.from({ length: 50 }, (__, k) => coolFrame('day', counter + 50 * i + k)),
    );
    await Promise.all(packs.map((frames) => outbox.append({ frames, receivedMs: Date.now(), guard: [] })));
  }
  const queuedMs = performance.now() - startedMs;
  await outbox.close();

  startedMs = performance.now();
  const gateway = await startGateway(config, PASSPHRASE);
  await until('all final', async () => (await gateway.status()).frames.final === FRAMES, 480_000);
  const finalMs = performance.now() - startedMs;
  const { vertices } = await gateway.status();
  await gateway.close();
  const names = await ledgersFrames(world, directory, name);
  assert.is(names.length, FRAMES);
  assert.is(new Set(names).size, FRAMES);
  console.log(
    `      queued in ${Math.round(queuedMs)} ms; ${vertices.final} vertices final ${Math.round(finalMs)} ms after the start`,
  );
});

test.run();
