/** The real recording from end to end: replayed, published, taken in, stored; each copy dropped. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connectIntake } from '../mqtt/intake-connection.ts';
import { replayLorawan } from '../sensors/lorawan.ts';
import { INTAKE_TOPIC, publishFrames } from '../sensors/publish.ts';
import { ReplayTally } from '../sensors/recording.ts';
import { brokerKinds, until } from './brokers.ts';
import { DurableIntake } from './durable-intake.ts';
import { findRecording } from './recordings.ts';

const test = suite('gateway-recording');
const DEVICE = 'urn:dev:eui:a81758fffe04b1c1';
let folder = '';
const open: { close(): Promise<void> }[] = [];
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'tally-recording-'));
});
test.after.each(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

for (const kind of brokerKinds()) {
  test(`${kind.name}: 8,110 received, 1,966 copies dropped`, async () => {
    const path = findRecording('campusiot-ems-lorawan/EMS_A81758FFFE04B1C1.ndjson.gz');
    if (path === undefined) return;
    const { protocolVersion } = kind;
    const broker = await kind.start();
    open.push(broker);
    const { url } = broker;
    const gateway = await DurableIntake.open(folder, new Uint8Array(32), (device) =>
      device === DEVICE ? { publicKey: undefined, active: true } : undefined,
    );
    const connection = connectIntake(
      { url, protocolVersion, clientId: 'gateway', topics: [INTAKE_TOPIC] },
      gateway.onMessage,
    );
    open.push(gateway, { close: () => connection.close() });
    await connection.ready;
    const tally = new ReplayTally();
    const startedMs = performance.now();
    const format = protocolVersion === 5 ? 'cbor' : 'json';
    const published = await publishFrames(replayLorawan(path, { tally }), {
      url,
      protocolVersion: kind.protocolVersion,
      format,
    });
    const { intake } = gateway;
    await until(() => intake.accepted + (intake.refused.get('E_REPLAY') ?? 0) === published, 'every frame');
    const seconds = (performance.now() - startedMs) / 1000;
    console.log(
      `${kind.name}: ${published} frames in ${seconds.toFixed(1)} s, ${Math.round(published / seconds)}/s, ${gateway.writes} writes`,
    );

    assert.equal([tally.received, tally.duplicates, tally.distinct, tally.silent], [8110, 1966, 6144, 1]);
    assert.is(published, 8110);
    assert.equal(Object.fromEntries(intake.refused), { E_REPLAY: 1966 });
    assert.is(intake.accepted, 6144, 'each once');
    await gateway.settle();
    const stored = await gateway.frames();
    assert.is(stored.length, 6144);
    assert.is(new Set(stored.map(({ session, counter }) => `${session} ${counter}`)).size, 6144);
  });
}

test.run();
