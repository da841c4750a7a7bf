import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes, toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import { quantityNames } from '../../consensus/vertex/quantities.ts';
import { checkVertex, decodeVertex } from '../../consensus/vertex/vertex.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import { composeBatch } from '../outbox/compose.ts';
import { Outbox, outboxLimits } from '../outbox/outbox.ts';
import { Spool } from '../outbox/spool.ts';
import { readNewest } from '../outbox/trust.ts';
import { framesIn } from '../outbox/vertices.ts';
import { certifiedAt, frameOf, nameOf, network, owner, START_MS, settle, signer } from './outbox-samples.ts';

const test = suite('outbox');

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tally-outbox-'));
  try {
    await run(join(directory, 'outbox'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const arrival = (frames: readonly Frame[], receivedMs = START_MS) => ({ frames, receivedMs, guard: [] });
const terms = (framesMax = 256, nowMs = START_MS) => ({
  signer,
  checkpoint: certifiedAt(3),
  framesMax,
  nowMs,
  salt: hash('salt', uint32Bytes(nowMs % 2 ** 32)),
});

async function rejects(run: () => Promise<unknown>, expected: RegExp): Promise<void> {
  const error = await run().then(
    () => undefined,
    (cause: Error) => cause,
  );
  assert.match(String(error?.message), expected);
}

test('frames become one signed vertex of the chain, final with its proof, and can be read again', () =>
  inDirectory(async (directory) => {
    const outbox = await Outbox.open(directory, owner);
    await outbox.append({
      frames: [frameOf(2), frameOf(1, 'a')],
      receivedMs: START_MS + 5,
      guard: [['counter\nprobe:1\n', new Uint8Array(136)]],
    });
    await outbox.append(arrival([frameOf(1)], START_MS + 6));
    assert.is(outbox.queuedFrames, 3);
    assert.is(outbox.waitingSinceMs, START_MS + 5);
    const signed = (await outbox.signNext(terms()))!;
    assert.equal(framesIn(signed.vertex).map(nameOf), ['a//1', 'probe:1//1', 'probe:1//2']);
    assert.equal(signed.receivedMs, [START_MS + 5, START_MS + 6, START_MS + 5]);
    const decoded = decodeVertex(signed.envelope);
    assert.ok(decoded.ok && checkVertex(decoded.value, network).ok, 'a node would take it');
    assert.is(outbox.queuedFrames, 0);
    assert.is(outbox.queuedBytes, 0);
    assert.is(await outbox.signNext(terms()), undefined);
    await outbox.append(arrival([frameOf(3)], START_MS + 7));
    const second = (await outbox.signNext(terms()))!;
    assert.ok(equalBytes(second.vertex.previous, signed.vertex.id));
    assert.is(second.vertex.sequence, 2);
    assert.ok(second.vertex.time > signed.vertex.time, 'time grows along the chain');

    const { proof, anchor } = settle(signed.vertex);
    await outbox.settleFirst(proof, anchor, START_MS + 900);
    await outbox.close();
    const again = await Outbox.open(directory, owner);
    assert.equal(
      again.inFlight.map(({ vertex }) => vertex.sequence),
      [2],
    );
    assert.ok(equalBytes(again.inFlight[0]!.envelope, second.envelope), 'the same bytes go out again');
    const kept = again.read(again.sequenceOf(signed.vertex.id)!)!;
    assert.is(kept.settled!.provedMs, START_MS + 900);
    assert.equal(kept.settled!.proof, proof);
    assert.is(again.read(2)!.settled, undefined);
    assert.equal(
      [again.counts.finalVertices, again.counts.finalFrames, again.counts.finalReadings],
      [1, 3, 3],
    );
    assert.equal(Object.fromEntries(again.tallies.devices), {
      a: { accepted: 1, duplicates: 0, final: 1 },
      'probe:1': { accepted: 3, duplicates: 0, final: 2 },
    });
    assert.equal(
      (await again.guardEntries()).map(([key, state]) => [key, state.length]),
      [['counter\nprobe:1\n', 136]],
    );
    assert.ok(equalBytes(again.idOf(1)!, signed.vertex.id) && equalBytes(again.idOf(2)!, second.vertex.id));
    assert.is(readNewest(again.database)!.header.height, 3);
    await again.close();
  }));

test('a random life, with restarts anywhere, loses nothing, doubles nothing and never forks', () => {
  const step = fc.oneof(
    fc.record({
      type: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 9 }),
      wait: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('sign' as const),
      count: fc.integer({ min: 1, max: 12 }),
      wait: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('settle' as const),
      count: fc.integer({ min: 1, max: 3 }),
      wait: fc.boolean(),
    }),
    fc.record({ type: fc.constant('reopen' as const), count: fc.constant(0), wait: fc.constant(true) }),
  );
  const live = fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) =>
    inDirectory(async (directory) => {
      const limitsHere = { ...outboxLimits, keptVerticesMax: 3 };
      let outbox = await Outbox.open(directory, owner, limitsHere);
      let counter = 0;
      const sent = new Map<number, string>();
      const frames: string[] = [];
      for (const { type, count, wait } of steps) {
        let done: Promise<unknown> = Promise.resolve();
        if (type === 'append') {
          done = outbox.append(
            arrival(Array.from({ length: count }, () => frameOf(counter++, `d${counter % 4}`))),
          );
        } else if (type === 'sign') {
          const signed = await outbox.signNext(terms(count));
          if (signed !== undefined) {
            assert.not.ok(sent.has(signed.vertex.sequence), 'a number is used once');
            sent.set(signed.vertex.sequence, signed.vertex.key);
            frames.push(...framesIn(signed.vertex).map(nameOf));
          }
        } else if (type === 'settle') {
          const settling = outbox.inFlight.slice(0, count).map(({ vertex }) => settle(vertex));
          done = Promise.all(
            settling.map(({ proof, anchor }) => outbox.settleFirst(proof, anchor, START_MS)),
          );
        } else {
          await outbox.close();
          outbox = await Outbox.open(directory, owner, limitsHere);
          for (const { vertex } of outbox.inFlight) assert.is(sent.get(vertex.sequence), vertex.key);
        }
        if (wait) await done;
      }
      await outbox.flushed();
      for (
        let signed = await outbox.signNext(terms());
        signed !== undefined;
        signed = await outbox.signNext(terms())
      ) {
        frames.push(...framesIn(signed.vertex).map(nameOf));
      }
      assert.is(frames.length, counter);
      assert.is(new Set(frames).size, counter);
      assert.ok(outbox.counts.keptVertices <= 3, `${outbox.counts.keptVertices} kept`);
      assert.is(outbox.queuedBytes, 0);
      await outbox.close();
    }),
  );
  return fc.assert(live, { numRuns: 40 });
});

test('accepts up to its limits, and then again when there is room', () =>
  inDirectory(async (directory) => {
    const outbox = await Outbox.open(directory, owner, { ...outboxLimits, queuedFramesMax: 10 });
    await outbox.append(arrival(Array.from({ length: 9 }, (_, i) => frameOf(i))));
    assert.not.ok(outbox.isFull);
    await outbox.append(arrival([frameOf(9)], START_MS));
    assert.ok(outbox.isFull);
    await outbox.signNext(terms(5));
    assert.not.ok(outbox.isFull);
    await outbox.close();
    const small = await Outbox.open(directory, owner, { ...outboxLimits, queuedBytesMax: 100 });
    assert.ok(small.isFull, 'bytes count, too');
    await small.close();
  }));

test('keeps final vertices within its limits and drops the oldest first', () =>
  inDirectory(async (directory) => {
    const outbox = await Outbox.open(directory, owner, { ...outboxLimits, keptVerticesMax: 2 });
    const ids: Uint8Array[] = [];
    for (let counter = 0; counter < 6; counter++) {
      await outbox.append(arrival([frameOf(counter)], START_MS));
      const { vertex } = (await outbox.signNext(terms()))!;
      ids.push(vertex.id);
      const { proof, anchor } = settle(vertex, counter === 2 ? 'E_KEY_REVOKED' : 'OK');
      await outbox.settleFirst(proof, anchor, START_MS);
    }
    const { counts } = outbox;
    assert.is(counts.keptVertices, 2);
    assert.is(counts.finalFrames, 5);
    assert.is(counts.refusedFrames, 1);
    assert.equal(
      ids.map((id) => outbox.sequenceOf(id)),
      [undefined, undefined, undefined, undefined, 5, 6],
    );
    assert.is(outbox.read(4), undefined);
    assert.is(outbox.read(5)!.settled!.proof.outcome.code, 0);
    assert.equal(outbox.readable, { from: 5, to: 6 });
    await outbox.close();
    const again = await Outbox.open(directory, owner, { ...outboxLimits, keptBytesMax: 1 });
    assert.is(again.counts.keptVertices, 2);
    await again.append(arrival([frameOf(7)], START_MS));
    const { vertex } = (await again.signNext(terms()))!;
    const { proof, anchor } = settle(vertex);
    await again.settleFirst(proof, anchor, START_MS);
    assert.is(again.counts.keptVertices, 1, 'bytes are bounded, too');
    await again.close();
  }));

test('is nobody else’s: another key, another network, another process', () =>
  inDirectory(async (directory) => {
    const outbox = await Outbox.open(directory, owner);
    await outbox.append(arrival([frameOf(1)], START_MS));
    await rejects(() => Outbox.open(directory, owner), /in use by another process/);
    await outbox.close();
    await rejects(() => Outbox.open(directory, { ...owner, network: zero32 }), /of another network/);
    const stranger = nativeSigner(zero32);
    await rejects(() => Outbox.open(directory, { ...owner, author: stranger.publicKey }), /outbox of key/);
    const again = await Outbox.open(directory, owner);
    await rejects(() => again.signNext({ ...terms(), signer: stranger }), /belongs to another key/);
    const both = [again.signNext(terms()), again.signNext(terms())];
    await rejects(() => Promise.all(both), /once at a time/);
    await Promise.allSettled(both);
    await again.close();
  }));

test('goes on from the ledger’s own chain when it was lost, not while something is in flight', () =>
  inDirectory(async (directory) => {
    const outbox = await Outbox.open(directory, owner);
    await outbox.append(arrival([frameOf(1)], START_MS));
    const lastId = hash('vertex', uint32Bytes(7));
    await outbox.adoptChain(41, lastId);
    await outbox.close();
    const again = await Outbox.open(directory, owner);
    const { vertex } = (await again.signNext(terms()))!;
    assert.is(vertex.sequence, 42);
    assert.is(toHex(vertex.previous), toHex(lastId));
    await rejects(() => again.adoptChain(50, lastId), /no vertex in flight/);
    await again.close();
    const third = await Outbox.open(directory, owner);
    assert.is(third.inFlight[0]!.vertex.key, vertex.key);
    await third.close();
  }));

test('a batch is the longest run that one vertex can carry', () => {
  const waiting = (frames: readonly ReturnType<typeof frameOf>[]) =>
    frames.map((frame) => ({ receivedMs: START_MS, frame }));
  const plain = Array.from({ length: 300 }, (_, i) => frameOf(i));
  assert.is(composeBatch(waiting(plain), 1000).length, limits.framesPerBatchMax);
  assert.is(composeBatch(waiting(plain), 10).length, 10);
  assert.is(composeBatch([], 10).length, 0);
  const twice = [frameOf(1), frameOf(2), { ...frameOf(1), time: START_MS + 9 }, frameOf(3)];
  assert.is(composeBatch(waiting(twice), 10).length, 2, 'a counter stands once in a batch');
  // Each of another device and with every quantity, so that the summary has as many rows as the frames have readings.
  const wide = Array.from({ length: 256 }, (_, i) => ({
    ...frameOf(i, `device-with-a-very-long-name-${String(i).padStart(35, '0')}`),
    readings: quantityNames.map((quantity) => ({
      quantity,
      value: decimalOf(quantity === 'door' ? 1 : 0.5)!,
    })),
  }));
  const chosen = composeBatch(waiting(wide), 256).length;
  assert.ok(
    chosen > 10 && chosen * quantityNames.length <= 1024,
    `${chosen} frames of ${quantityNames.length} readings`,
  );
});

test('the largest frames make vertices that a node takes', () =>
  inDirectory(async (directory) => {
    const outbox = await Outbox.open(directory, owner);
    const value = { mantissa: 123_456_789_012_345, exponent: -9 };
    const frames = Array.from({ length: 120 }, (_, i) => ({
      ...frameOf(0, `device-with-a-very-long-name-${String(i).padStart(35, '0')}`),
      counter: Number.MAX_SAFE_INTEGER - i,
      session: 'session-of-16-ch',
      signature: new Uint8Array(64).fill(i),
      readings: quantityNames
        .filter((name) => name === 'count' || name === 'weight' || name === 'pulses')
        .map((quantity) => ({ quantity, value })),
    }));
    await outbox.append(arrival(frames));
    let vertices = 0;
    for (
      let signed = await outbox.signNext(terms());
      signed !== undefined;
      signed = await outbox.signNext(terms())
    ) {
      vertices += 1;
      const decoded = decodeVertex(signed.envelope);
      assert.ok(decoded.ok && checkVertex(decoded.value, network).ok);
    }
    assert.is(vertices, 1);
    await outbox.close();
  }));

test('messages of devices not known yet are held in order, durably, and within limits', () =>
  inDirectory(async (directory) => {
    const outbox = await Outbox.open(directory, owner);
    const limitsHere = { messagesMax: 4, bytesMax: 1000 };
    const spool = await Spool.open(outbox.database, limitsHere);
    const message = (byte: number, ...devices: string[]) => ({
      receivedMs: START_MS,
      contentType: undefined,
      payload: Uint8Array.of(byte),
      devices,
    });
    await Promise.all([
      spool.hold(message(1, 'a', 'b')),
      spool.hold(message(2, 'a')),
      spool.hold(message(3, 'c')),
    ]);
    assert.not.ok(spool.isFull);
    assert.ok(spool.holds('a') && !spool.holds('d'));
    assert.is(
      await spool.firstReady((device) => device === 'a'),
      undefined,
      'the first of "a" waits for "b"',
    );
    await outbox.close();

    const reopened = await Outbox.open(directory, owner);
    const again = await Spool.open(reopened.database, limitsHere);
    assert.equal(again.devices, ['a', 'b', 'c']);
    const order: number[] = [];
    for (
      let ready = await again.firstReady(() => true);
      ready !== undefined;
      ready = await again.firstReady(() => true)
    ) {
      order.push(ready.message.payload[0]!);
      await reopened.append({ ...arrival([frameOf(order.length)]), beside: [again.release(ready.number)] });
    }
    assert.equal(order, [1, 2, 3]);
    for (const byte of [4, 5, 6, 7]) await again.hold(message(byte, 'd'));
    assert.ok(again.isFull);
    await reopened.close();
    const third = await Outbox.open(directory, owner);
    assert.is((await Spool.open(third.database, limitsHere)).size, 4);
    assert.is(third.queuedFrames, 3);
    await third.close();
  }));

test.run();
