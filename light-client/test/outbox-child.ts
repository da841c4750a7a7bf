/**
 * A gateway's inside without its network, for the kill test: takes messages from its standard input, says on its
 * standard output which are acknowledged and which vertices leave, and settles them when it likes.
 */

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '../../consensus/codec/bytes.ts';
import { randomPort } from '../../node/crypto/native.ts';
import { Intake } from '../intake/intake.ts';
import { packOf } from '../intake/packs.ts';
import { Outbox } from '../outbox/outbox.ts';
import { certifiedAt, frameOf, network, owner, START_MS, settle, signer } from './outbox-samples.ts';

const IN_FLIGHT_MAX = 3;

const outbox = await Outbox.open(process.argv[2]!, owner, {
  ...{ queuedFramesMax: 10_000, queuedBytesMax: 1 << 20 },
  ...{ keptVerticesMax: 5, keptBytesMax: 1 << 20 },
});
const intake = new Intake({ network, deviceOf: () => ({ publicKey: undefined, active: true }) });
intake.restore(await outbox.guardEntries());

// Written to a pipe, a line has left this process when `write` returns.
const say = (line: string) => process.stdout.write(`${line}\n`);
const send = (envelope: Uint8Array) => say(`sent ${toHex(envelope)}`);

async function take(number: number): Promise<void> {
  const verdict = intake.accept(packOf(frameOf(number, `probe:${number % 3}`), 'cbor'), undefined, START_MS);
  if (verdict.ok)
    await outbox.append({ frames: verdict.value, receivedMs: START_MS, guard: intake.changes() });
  else await outbox.flushed();
  say(`acknowledged ${number}`);
}

createInterface({ input: process.stdin }).on('line', (line) => void take(Number(line)));

for (const { envelope } of outbox.inFlight) send(envelope);
say('ready');
for (;;) {
  if (outbox.inFlight.length < IN_FLIGHT_MAX) {
    const terms = {
      signer,
      checkpoint: certifiedAt(1),
      framesMax: 7,
      nowMs: START_MS,
      salt: randomPort().bytes(32),
    };
    const signed = await outbox.signNext(terms);
    if (signed !== undefined) send(signed.envelope);
  }
  const first = outbox.inFlight[0];
  if (first !== undefined && Math.random() < 0.5) {
    const { proof, anchor } = settle(first.vertex);
    const settled = outbox.settleFirst(proof, anchor, START_MS);
    if (Math.random() < 0.5) await settled;
    say(`final ${outbox.counts.finalFrames}`);
  }
  await sleep(1);
}
