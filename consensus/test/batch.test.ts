/** Batches `[VTX-5]`: sorted, summarised, committed by one hash, and each frame provable alone. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import type { Result } from '../codec/result.ts';
import {
  type Batch,
  batch,
  batchHash,
  batchSummary,
  checkBatch,
  encodedBatchHash,
  type FrameProof,
  frameProof,
  makeBatch,
  payloadHashFromFrame,
  proveFrame,
} from '../vertex/batch.ts';
import { compareDecimals } from '../vertex/decimal.ts';
import { compareFrames, type Frame, frame } from '../vertex/frame.ts';
import { quantityNames } from '../vertex/quantities.ts';
import { climateFrame, flipped, framesArbitrary, hashOf, repeat, spliced } from './arbitraries.ts';

const batches = suite('batch');

const salt = repeat(7);
const climateBatch = (count: number): Batch =>
  makeBatch(
    Array.from({ length: count }, (_, i) => climateFrame(i)),
    salt,
  );
const reasonOf = (result: Result<Batch>): unknown => {
  if (result.ok) return undefined;
  assert.is(result.code, 'E_BATCH');
  return result.facts.reason;
};
const leadsTo = (proof: FrameProof, hash: Uint8Array): boolean => {
  const reached = payloadHashFromFrame(proof);
  return reached !== undefined && toHex(reached) === toHex(hash);
};

batches('frozen: hashes of batches of 1 and of 5 climate frames', () => {
  assert.is(
    toHex(batchHash(climateBatch(1))),
    'c16f62744417d4b8bef9236d955f4cb40f9758e978e3fcc4d84a25689c0ca039',
  );
  assert.is(
    toHex(batchHash(climateBatch(5))),
    '4ec6f86a73a15729cff13e004effcdffabdcf3cf7957fa8d8e4de853b0a8d013',
  );
});

batches('frames in any order make the same batch, which passes its own check', () => {
  fc.assert(
    fc.property(framesArbitrary(12), (frames) => {
      const made = makeBatch(frames, salt);
      assert.is(toHex(batchHash(makeBatch([...frames].reverse(), salt))), toHex(batchHash(made)));
      assert.ok(checkBatch(made).ok);
      assert.is(toHex(encodedBatchHash(batch.encode(made))), toHex(batchHash(made)));
      const decoded = batch.decode(batch.encode(made));
      assert.ok(decoded.ok);
      assert.ok(checkBatch(decoded.value).ok);
      assert.is(toHex(batchHash(decoded.value)), toHex(batchHash(made)));
    }),
    { numRuns: 60 },
  );
});

batches('the hash binds salt, every frame and their number', () => {
  const made = climateBatch(4);
  const hash = toHex(batchHash(made));
  const changed: readonly Batch[] = [
    { ...made, salt: flipped(salt, 31) },
    { ...made, frames: made.frames.slice(1) },
    { ...made, frames: [...made.frames, climateFrame(9)] },
    { ...made, frames: spliced(made.frames, 2, 1, { ...made.frames[2]!, counter: 99 }) },
    { ...made, frames: [...made.frames].reverse() },
    { ...made, summary: { ...made.summary, lastTime: made.summary.lastTime + 1 } },
    { ...made, summary: { ...made.summary, series: made.summary.series.slice(1) } },
  ];
  for (const other of changed) assert.is.not(toHex(batchHash(other)), hash);
});

batches('the summary is what a second reader derives from the frames', () => {
  fc.assert(
    fc.property(framesArbitrary(10), (frames) => {
      const { summary, frames: sorted } = makeBatch(frames, salt);
      assert.is(summary.frames, frames.length);
      assert.is(summary.firstTime, Math.min(...frames.map(({ time }) => time)));
      assert.is(summary.lastTime, Math.max(...frames.map(({ time }) => time)));
      const devices = [...new Set(frames.map(({ device }) => device))];
      let rows = 0;
      for (const device of devices) {
        for (const quantity of quantityNames) {
          const values = sorted
            .filter((entry) => entry.device === device)
            .flatMap(({ readings }) => readings.filter((reading) => reading.quantity === quantity))
            .map(({ value }) => value);
          const found = summary.series.filter((row) => row.device === device && row.quantity === quantity);
          if (values.length === 0) {
            assert.is(found.length, 0);
            continue;
          }
          const order = [...values].sort(compareDecimals);
          const expected = { count: values.length, min: order[0]!, max: order.at(-1)!, last: values.at(-1)! };
          assert.equal(found, [{ device, quantity, ...expected }]);
          rows++;
        }
      }
      assert.is(summary.series.length, rows);
    }),
    { numRuns: 60 },
  );
});

batches('frames unsorted, repeated, or with one counter twice are refused', () => {
  const made = climateBatch(4);
  const [first, second] = made.frames as [Frame, Frame];
  const frames = (list: readonly Frame[]): Batch => ({ ...makeBatch(list, salt), frames: list });
  assert.is(reasonOf(checkBatch(frames([second, first]))), 'frames do not ascend');
  assert.is(reasonOf(checkBatch(frames([first, first]))), 'frames do not ascend');
  assert.is(
    reasonOf(checkBatch(frames([first, { ...first, time: first.time + 1 }]))),
    'frames do not ascend',
  );
  assert.ok(checkBatch(frames([first, { ...first, session: '1' }])).ok, 'a new radio session counts anew');
});

batches('a frame that cannot be true spoils the batch, and is named', () => {
  const hot = {
    ...climateFrame(2),
    readings: [{ quantity: 'temperature' as const, value: { mantissa: 999, exponent: 0 } }],
  };
  const refused = checkBatch(makeBatch([climateFrame(1), hot], salt));
  assert.match(String(reasonOf(refused)), /temperature: outside/);
  assert.is(!refused.ok && refused.facts.index, 1);
});

batches('any other summary is refused', () => {
  const made = climateBatch(4);
  const { summary } = made;
  const [row] = summary.series;
  const wrong: readonly Partial<Batch['summary']>[] = [
    { frames: 3 },
    { firstTime: summary.firstTime - 1 },
    { lastTime: summary.lastTime + 1 },
    { series: [] },
    { series: [...summary.series].reverse() },
    { series: summary.series.map(() => row!) },
    { series: [...summary.series, row!] },
    { series: spliced(summary.series, 0, 1, { ...row!, count: row!.count + 1 }) },
    { series: spliced(summary.series, 0, 1, { ...row!, min: { mantissa: -5, exponent: 0 } }) },
    { series: spliced(summary.series, 0, 1, { ...row!, max: { mantissa: 99, exponent: 0 } }) },
    { series: spliced(summary.series, 0, 1, { ...row!, last: row!.min }) },
    { series: spliced(summary.series, 0, 1, { ...row!, device: 'urn:dev:other' }) },
  ];
  for (const change of wrong) {
    const refused = checkBatch({ ...made, summary: { ...summary, ...change } });
    assert.is(reasonOf(refused), 'summary is not that of the frames', JSON.stringify(change));
  }
});

batches('more series than a summary may list are refused, not thrown', () => {
  // 256 devices with every quantity: 5,632 series in a batch that is well within its limit of bytes.
  const readings = quantityNames.map((quantity) => ({ quantity, value: { mantissa: 0, exponent: 0 } }));
  const frames = Array.from(
    { length: 256 },
    (_, i): Frame => ({
      ...climateFrame(i, `d${i}`),
      signature: new Uint8Array(0),
      readings,
    }),
  );
  const hostile = { ...climateBatch(1), frames: [...frames].sort(compareFrames) };
  const encoded = batch.encode(hostile);
  assert.ok(encoded.length < limits.batchBytesMax);
  const decoded = batch.decode(encoded);
  assert.ok(decoded.ok);
  assert.is(reasonOf(checkBatch(decoded.value)), 'too many series');
});

batches('every frame of every size is proved, and leads to the hash', () => {
  for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 64]) {
    const made = climateBatch(size);
    const hash = batchHash(made);
    for (let index = 0; index < size; index++) {
      const decoded = frameProof.decode(frameProof.encode(proveFrame(made, index)));
      assert.ok(decoded.ok);
      assert.ok(leadsTo(decoded.value, hash), `${index} of ${size}`);
    }
  }
  assert.throws(() => proveFrame(climateBatch(3), 3), RangeError);
});

batches('a proof changed in any part leads elsewhere', () => {
  const made = climateBatch(11);
  const hash = batchHash(made);
  for (let index = 0; index < 11; index++) {
    const proof = proveFrame(made, index);
    const other = proveFrame(made, (index + 1) % 11);
    const { path } = proof;
    const changed: { [what: string]: FrameProof } = {
      index: { ...proof, index: (index + 1) % 11 },
      'number of frames': { ...proof, frames: 12 },
      'fewer frames': { ...proof, frames: 10 },
      frame: { ...proof, frame: { ...proof.frame, counter: 77 } },
      'the neighbour’s frame': { ...proof, frame: other.frame },
      'the sensor’s signature': { ...proof, frame: { ...proof.frame, signature: new Uint8Array(0) } },
      salt: { ...proof, salt: flipped(proof.salt, 0) },
      'the neighbour’s salt': { ...proof, salt: other.salt },
      summary: { ...proof, summary: flipped(proof.summary, 5) },
      'the neighbour’s path': { ...proof, path: other.path },
      'a sibling less': { ...proof, path: path.slice(1) },
      'a sibling more': { ...proof, path: [...path, hashOf(1)] },
      'a sibling bent': { ...proof, path: spliced(path, 0, 1, flipped(path[0]!, 3)) },
    };
    for (const [what, bent] of Object.entries(changed)) assert.not(leadsTo(bent, hash), `${index}: ${what}`);
  }
});

batches('a proof tells nothing of other devices, nor enough to guess them', () => {
  const secret = {
    ...climateFrame(2, 'urn:dev:secret'),
    readings: [{ quantity: 'weight' as const, value: { mantissa: 4242, exponent: 0 } }],
  };
  const made = makeBatch([climateFrame(1), secret], salt);
  const index = made.frames.findIndex(({ device }) => device !== 'urn:dev:secret');
  const proof = proveFrame(made, index);
  const shown = new TextDecoder('latin1').decode(frameProof.encode(proof));
  assert.not(shown.includes('secret'));
  // Whoever guesses the other series cannot confirm the guess: the commitment to them is salted.
  const again = proveFrame(makeBatch([climateFrame(1), secret], repeat(8)), index);
  assert.is.not(toHex(again.summary), toHex(proof.summary));
  assert.is.not(toHex(again.path[0]!), toHex(proof.path[0]!));
  const salts = new Set([toHex(salt), toHex(proof.salt), toHex(proveFrame(made, 1 - index).salt)]);
  assert.is(salts.size, 3);
});

batches('the proof of one frame of 256 is below 1 KB, whatever else the batch holds', () => {
  // A gateway with 128 sensors: 256 series, of which the proof used to repeat every one.
  const frames = Array.from({ length: 256 }, (_, i) =>
    climateFrame(i, `urn:dev:mac:0024befffe80${(i % 128).toString(16).padStart(4, '0')}`),
  );
  const made = makeBatch(frames, salt);
  assert.ok(checkBatch(made).ok);
  const started = performance.now();
  const proof = proveFrame(made, 255);
  const proveMs = performance.now() - started;
  assert.ok(leadsTo(proof, batchHash(made)));
  const sizes = {
    batch: batch.encode(made).length,
    summary: batchSummary.encode(made.summary).length,
    frame: frame.encode(proof.frame).length,
    proof: frameProof.encode(proof).length,
  };
  assert.ok(sizes.proof <= 1024, `${sizes.proof} B`);
  assert.ok(sizes.proof - sizes.frame <= 32 * Math.ceil(Math.log2(256)) + 256);
  console.log(
    `256 frames, ${made.summary.series.length} series: batch ${sizes.batch} B, summary ${sizes.summary} B, ` +
      `frame ${sizes.frame} B, its proof ${sizes.proof} B (${sizes.proof - sizes.frame} B without the frame), made in ${proveMs.toFixed(1)} ms`,
  );
});

batches('proofs of every size stay within 32·⌈log2 n⌉ + 256 bytes around the frame', () => {
  for (const size of [1, 2, 3, 16, 17, 100, 256]) {
    const proof = proveFrame(climateBatch(size), size - 1);
    const around = frameProof.encode(proof).length - frame.encode(proof.frame).length;
    assert.ok(around <= 32 * Math.ceil(Math.log2(size)) + 256, `${size}: ${around} B`);
  }
});

batches('the largest batch is checked in milliseconds', () => {
  const readings = Array.from({ length: limits.readingsPerFrameMax }, (_, i) => ({
    quantity: 'temperature' as const,
    value: { mantissa: 1 + 10 * i, exponent: -9 },
  }));
  const frames = Array.from({ length: 256 }, (_, i) => ({ ...climateFrame(i), readings }));
  const encoded = batch.encode(makeBatch(frames, salt));
  const started = performance.now();
  const decoded = batch.decode(encoded);
  assert.ok(decoded.ok && checkBatch(decoded.value).ok);
  batchHash(decoded.value);
  const ms = performance.now() - started;
  assert.ok(ms < 5000);
  console.log(`${encoded.length} B with 16,384 readings decoded, checked and hashed in ${ms.toFixed(0)} ms`);
});

batches.run();
