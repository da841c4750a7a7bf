/** Frames: what one device said once; signed, ordered, and refused where it cannot be true. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes, toHex } from '../codec/bytes.ts';
import { parseDecimal } from '../vertex/decimal.ts';
import { compareFrames, type Frame, frame, frameDefect, signFrame, verifyFrame } from '../vertex/frame.ts';
import { type QuantityName, quantities, quantityDefect, quantityNames } from '../vertex/quantities.ts';
import { climateFrame, frameArbitrary, hashOf, repeat, signerOf } from './arbitraries.ts';

const frames = suite('frame');

const network = hashOf(1);
const withReading = (quantity: QuantityName, mantissa: number, exponent = 0): Frame => ({
  ...climateFrame(1),
  readings: [{ quantity, value: { mantissa, exponent } }],
});

frames('frozen: the bytes of a climate frame', () => {
  assert.is(
    toHex(frame.encode(climateFrame(1))),
    [
      '96bc75726e3a6465763a6d61633a30303234626566666665383034666631a001cf0000019b76db9260929205',
      '92cccaff920692cd01c7ffc44001010101010101010101010101010101010101010101010101010101010101',
      '010101010101010101010101010101010101010101010101010101010101010101',
    ].join(''),
  );
});

frames('frozen: positions of the quantities travel, so they are only ever appended to', () => {
  // biome-ignore format: a table
  assert.equal(quantityNames.slice(0, 24), [
    'count', 'weight', 'length', 'width', 'height', 'temperature', 'humidity', 'latitude', 'longitude', 'speed',
    'motion', 'shock', 'accelerationX', 'accelerationY', 'accelerationZ', 'tilt', 'door', 'voltage', 'battery',
    'contact', 'pulses', 'leak', 'energy', 'power',
  ]);
});

frames('a frame decodes to what was encoded', () => {
  fc.assert(
    fc.property(frameArbitrary, (value) => {
      const decoded = frame.decode(frame.encode(value));
      assert.ok(decoded.ok);
      assert.equal(decoded.value, value);
      assert.is(frameDefect(value), undefined);
    }),
  );
});

frames('the order is total, and agrees with equality of (device, session, counter)', () => {
  const near = fc.tuple(
    fc.constantFrom('a', 'a ', 'b', 'B'),
    fc.constantFrom('', '1', '11'),
    fc.nat({ max: 3 }),
  );
  const made = near.map(
    ([device, session, counter]): Frame => ({ ...climateFrame(1), device, session, counter }),
  );
  const nameOf = ({ device, session, counter }: Frame): string => JSON.stringify([device, session, counter]);
  fc.assert(
    fc.property(made, made, made, (a, b, c) => {
      assert.is(Math.sign(compareFrames(a, b)), -Math.sign(compareFrames(b, a)) + 0);
      assert.is(compareFrames(a, b) === 0, nameOf(a) === nameOf(b));
      if (compareFrames(a, b) <= 0 && compareFrames(b, c) <= 0) assert.ok(compareFrames(a, c) <= 0);
      const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
      if (a.device !== b.device) {
        assert.is(
          Math.sign(compareFrames(a, b)),
          Math.sign(compareBytes(bytesOf(a.device), bytesOf(b.device))),
        );
      }
    }),
    { numRuns: 1000 },
  );
});

frames('the signature covers every field, the network, and nothing of itself', () => {
  const signer = signerOf(4);
  const { signature: _, ...body } = climateFrame(7);
  const signed = signFrame(body, network, signer);
  assert.ok(verifyFrame(signed, network, signer.publicKey));
  assert.not(verifyFrame(signed, hashOf(2), signer.publicKey), 'another network');
  assert.not(verifyFrame(signed, network, signerOf(5).publicKey), 'another key');
  const changed: readonly Partial<Frame>[] = [
    { device: `${body.device}x` },
    { session: '1' },
    { counter: 8 },
    { time: body.time + 1 },
    { readings: body.readings.slice(1) },
    { readings: [...body.readings].reverse() },
    { signature: repeat(0, 64) },
    { signature: new Uint8Array(0) },
  ];
  for (const change of changed) {
    assert.not(verifyFrame({ ...signed, ...change }, network, signer.publicKey), Object.keys(change)[0]);
  }
});

frames('the order in which our code lists the fields does not matter', () => {
  const value = climateFrame(3);
  const reversed = Object.fromEntries(Object.entries(value).reverse()) as unknown as Frame;
  assert.is(toHex(frame.encode(reversed)), toHex(frame.encode(value)));
});

frames('a signature is 64 bytes or none', () => {
  for (const length of [1, 32, 63]) {
    assert.match(frameDefect({ ...climateFrame(1), signature: repeat(1, length) })!, /signature of/);
  }
  assert.is(frameDefect({ ...climateFrame(1), signature: new Uint8Array(0) }), undefined);
});

frames('a value has one way to be written', () => {
  assert.is(frameDefect(withReading('temperature', 21)), undefined);
  assert.match(frameDefect(withReading('temperature', 210, -1))!, /lowest terms/);
  assert.match(frameDefect(withReading('temperature', 0, -1))!, /lowest terms/);
  assert.match(frameDefect(withReading('weight', 1, 3))!, /lowest terms/);
});

frames('each quantity admits its bounds and nothing beyond', () => {
  for (const name of quantityNames) {
    const { min, max } = quantities[name];
    for (const bound of [min, max])
      assert.is(quantityDefect(name, parseDecimal(String(bound))!), undefined, `${name} ${bound}`);
    for (const beyond of [min - 0.001, max + 0.001]) {
      const value = parseDecimal(beyond.toFixed(3))!;
      assert.match(quantityDefect(name, value)!, /outside/, `${name} ${beyond}`);
      assert.match(frameDefect(withReading(name, value.mantissa, value.exponent))!, /outside/);
    }
  }
});

frames('numbers far beyond are refused as well, exactly and at once', () => {
  assert.match(quantityDefect('weight', { mantissa: 10 ** 15, exponent: 9 })!, /outside/);
  assert.match(quantityDefect('temperature', { mantissa: -(10 ** 15), exponent: 9 })!, /outside/);
  assert.is(quantityDefect('temperature', { mantissa: 1, exponent: -9 }), undefined);
});

frames.run();
