import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import { type Frame, signFrame, verifyFrame } from '../../consensus/vertex/frame.ts';
import { quantities, quantityNames } from '../../consensus/vertex/quantities.ts';
import { framesOf } from '../intake/frames.ts';
import { packOf } from '../intake/packs.ts';
import { decodePack, type SenmlFormat } from '../senml/pack.ts';
import { sensorSigner } from '../sensors/sensor-key.ts';
import { findRecording } from './recordings.ts';

const test = suite('frames');
const NOW_MS = 1_700_000_000_250;
const NOW_S = NOW_MS / 1000;

function read(payload: Uint8Array) {
  const records = decodePack(payload, undefined, NOW_MS);
  return records.ok ? framesOf(records.value) : records;
}
const readJson = (pack: unknown) => read(new TextEncoder().encode(JSON.stringify(pack)));

function accepted(pack: unknown): readonly Frame[] {
  const result = readJson(pack);
  assert.ok(result.ok, JSON.stringify(result));
  return result.ok ? result.value : [];
}

function refusal(pack: unknown): string {
  const result = readJson(pack);
  return result.ok ? 'accepted' : `${result.code}: ${result.facts['reason']}`;
}
const unsigned = new Uint8Array(0);
const number = (value: number) => decimalOf(value)!;

test('the example of docs/spec/readings.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/spec/readings.md'), 'utf8');
  const example = /```json\n([\s\S]*?)```/.exec(page)![1]!.replace(/"vd": ".*"/, `"vd": "${'A'.repeat(86)}"`);
  assert.equal(accepted(JSON.parse(example)), [
    {
      device: 'urn:dev:ow:10e2073a01080063',
      session: '',
      counter: 4711,
      time: NOW_MS,
      readings: [
        { quantity: 'temperature', value: number(4.25) },
        { quantity: 'humidity', value: number(61) },
        { quantity: 'door', value: number(0) },
      ],
      signature: new Uint8Array(64),
    },
  ]);
});

test('the examples of RFC 8428', () => {
  const folder = findRecording('senml-rfc8428');
  if (folder === undefined) return;
  const example = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  const [first, ...others] = accepted(example('ex1'));
  assert.equal(others, []);
  assert.is(first!.device, 'urn:dev:ow:10e2073a01080063');
  assert.is(first!.counter, NOW_MS);
  assert.equal(first!.readings, [{ quantity: 'temperature', value: number(23.1) }]);
  for (const name of ['ex2', 'ex3'])
    assert.is(refusal(example(name)), 'E_UNIT: no quantity of ours has this name or unit');
  assert.is(accepted(example('ex4')).length, 12);
  const located = accepted(example('ex5'));
  assert.equal(
    located.map(({ readings }) => readings.map(({ quantity }) => quantity).join(' ')),
    [
      'humidity longitude latitude',
      'humidity longitude latitude',
      'humidity longitude latitude',
      'battery',
      'humidity longitude latitude',
    ],
  );
  assert.equal(
    accepted(example('ex6')).map(({ device, readings }) => `${device} ${readings.length}`),
    ['2001:db8::1 2', '2001:db8::2 2'],
  );
});

test('names: quantity after the last : or /, else the unit decides', () => {
  const named = (n: string, u: string, v = 1) => {
    const result = readJson([{ n, u, v }]);
    return result.ok ? `${result.value[0]!.device} ${result.value[0]!.readings[0]!.quantity}` : result.code;
  };
  assert.is(named('urn:dev:x:temperature', 'Cel'), 'urn:dev:x temperature');
  assert.is(named('urn:dev:x/temperature', 'Cel'), 'urn:dev:x temperature');
  assert.is(named('urn:dev:x:', 'Cel'), 'urn:dev:x temperature');
  assert.is(named('urn:dev:x', 'Cel'), 'urn:dev:x temperature');
  assert.is(named('urn:dev:x:inside', 'Cel'), 'urn:dev:x:inside temperature');
  assert.is(named('temperature', 'Cel'), 'temperature temperature');
  assert.is(named('x:temperature:temperature', 'Cel'), 'x:temperature temperature');
  for (const [u, quantity] of [
    ['%RH', 'humidity'],
    ['kg', 'weight'],
    ['V', 'voltage'],
    ['%EL', 'battery'],
    ['lat', 'latitude'],
    ['lon', 'longitude'],
    ['m/s', 'speed'],
    ['rad', 'tilt'],
    ['kWh', 'energy'],
    ['W', 'power'],
  ]) {
    assert.is(named('x', u!), `x ${quantity}`);
  }
  for (const u of ['m', 'm/s2', '/', 'count', 'A', 'toString', '']) assert.is(named('x', u), 'E_UNIT', u);
  assert.is(named('x:constructor', 'A'), 'E_UNIT');
  for (const quantity of quantityNames)
    assert.is(named(`x:${quantity}`, quantities[quantity].unit), `x ${quantity}`);
});

test('units: the quantity’s own, or one that differs by a power of ten', () => {
  const stated = (n: string, u: string | undefined, v: number) => {
    const result = readJson([u === undefined ? { n, v } : { n, u, v }]);
    return result.ok ? result.value[0]!.readings[0] : `${result.code}: ${result.facts['reason']}`;
  };
  assert.equal(stated('x:voltage', 'mV', 3616), { quantity: 'voltage', value: number(3.616) });
  assert.equal(stated('x', 'mV', 3600), { quantity: 'voltage', value: number(3.6) });
  assert.equal(stated('x:weight', 'g', 12_500), { quantity: 'weight', value: number(12.5) });
  assert.equal(stated('x:height', 'cm', 120), { quantity: 'height', value: number(1.2) });
  assert.equal(stated('x:height', 'mm', 5), { quantity: 'height', value: number(0.005) });
  assert.equal(stated('x:length', 'km', 0.02), { quantity: 'length', value: number(20) });
  assert.equal(stated('x', 'Wh', 1_500), { quantity: 'energy', value: number(1.5) });
  assert.equal(stated('x', 'kW', 1.5), { quantity: 'power', value: number(1_500) });
  assert.is(stated('x:energy', 'J', 3_600_000), 'E_UNIT: expected kWh');
  assert.is(stated('x:temperature', 'K', 280), 'E_UNIT: expected Cel');
  assert.is(stated('x:temperature', undefined, 20), 'E_UNIT: expected Cel');
  assert.is(stated('x:speed', 'km/h', 36), 'E_UNIT: expected m/s');
  assert.is(stated('x:weight', 'mV', 1), 'E_UNIT: expected kg');
});

test('values: numbers, and yes or no where the unit is /', () => {
  assert.equal(accepted([{ n: 'x:door', vb: true }])[0]!.readings, [{ quantity: 'door', value: number(1) }]);
  assert.equal(accepted([{ n: 'x:door', u: '/', vb: false }])[0]!.readings, [
    { quantity: 'door', value: number(0) },
  ]);
  assert.is(refusal([{ n: 'x:count', vb: true }]), 'E_UNIT: expected a number');
  assert.is(refusal([{ n: 'x:temperature', vb: true }]), 'E_UNIT: expected a number');
  assert.is(refusal([{ bu: 'Cel', n: 'x:door', vb: true }]), 'E_UNIT: expected /');
  assert.is(refusal([{ n: 'x:temperature', u: 'Cel', vs: '20' }]), 'E_UNIT: expected a number');
  assert.is(refusal([{ n: 'x:temperature', u: 'Cel', vd: 'AAAA' }]), 'E_UNIT: expected a number');
  assert.is(refusal([{ n: 'x:temperature', u: 'Cel', s: 20 }]), 'E_UNIT: expected a number');
  assert.ok(readJson([{ n: 'x:temperature', u: 'Cel', v: 20, s: 0.1 + 0.2 }]).ok);
  assert.is(
    refusal([{ n: 'x:temperature', u: 'Cel', v: 0.1 + 0.2 }]),
    'E_SCHEMA: more digits than a reading carries',
  );
  assert.is(
    refusal([{ n: 'x:temperature', u: 'Cel', v: 1e-10 }]),
    'E_SCHEMA: more digits than a reading carries',
  );
  assert.is(refusal([{ n: 'x:temperature', u: 'Cel', v: 201 }]), 'E_SCHEMA: temperature: outside -90 to 200');
  assert.is(refusal([{ n: 'x:humidity', u: '%RH', v: -0.1 }]), 'E_SCHEMA: humidity: outside 0 to 100');
});

test('a pack with a counter is one frame', () => {
  const counter = { n: 'x:counter', v: 7 };
  const warm = { n: 'x:temperature', u: 'Cel', v: 20 };
  const [frame, ...others] = accepted([{ bt: NOW_S, ...warm }, counter, { n: 'x:session', vs: '00000048' }]);
  assert.equal(others, []);
  assert.equal(frame, {
    device: 'x',
    session: '00000048',
    counter: 7,
    time: NOW_MS,
    readings: [{ quantity: 'temperature', value: number(20) }],
    signature: unsigned,
  });

  assert.is(refusal([counter]), 'accepted', 'a sign of life: heard, and nothing measured');
  assert.is(refusal([warm, { n: 'x:session', vs: 'a' }]), 'E_SCHEMA: session or signature without a counter');
  assert.is(
    refusal([warm, { n: 'x:signature', vd: 'A'.repeat(86) }]),
    'E_SCHEMA: session or signature without a counter',
  );
  assert.is(
    refusal([warm, counter, { n: 'y:temperature', u: 'Cel', v: 20 }]),
    'E_SCHEMA: a counter, and more than one device',
  );
  assert.is(refusal([warm, { ...counter, t: 1 }]), 'E_SCHEMA: a counter, and more than one time');
  assert.is(refusal([warm, counter, counter]), 'E_SCHEMA: more than one counter');
  assert.is(refusal([warm, counter, { n: 'x:session', v: 1 }]), 'E_SCHEMA: session expected text');
  assert.is(refusal([warm, counter, { n: 'x:signature', vs: 'a' }]), 'E_SCHEMA: signature expected bytes');
  assert.is(refusal([warm, counter, { n: 'x:signature', vd: 'AAAA' }]), 'E_SCHEMA: signature of 3 bytes');
  assert.is(refusal([warm, counter, warm]), 'E_SCHEMA: a quantity stated twice');
  assert.match(refusal([warm, { n: 'x:counter', v: -1 }]), /^E_SCHEMA: "frame.counter"/);
  assert.match(refusal([warm, { n: 'x:counter', v: 1.5 }]), /^E_SCHEMA: "frame.counter"/);
  assert.match(refusal([warm, { n: 'x:counter', vs: '7' }]), /^E_SCHEMA: session or signature without/);
  assert.match(
    refusal([warm, counter, { n: 'x:session', vs: 'a'.repeat(17) }]),
    /^E_SCHEMA: "frame.session"/,
  );
  assert.match(refusal([warm, counter, { n: 'x:session', vs: 'a\nb' }]), /^E_SCHEMA: "frame.session"/);
  assert.match(
    refusal([{ n: `${'x'.repeat(65)}:temperature`, u: 'Cel', v: 1 }]),
    /^E_SCHEMA: "frame.device"/,
  );
});

test('a pack without a counter is a frame for each device and time', () => {
  const frames = accepted([
    { bn: 'y:', bt: NOW_S, n: 'temperature', u: 'Cel', v: 3 },
    { t: -1, n: 'temperature', u: 'Cel', v: 2 },
    { n: 'humidity', u: '%RH', v: 50 },
    { bn: 'x:', n: 'temperature', u: 'Cel', v: 1 },
  ]);
  assert.equal(
    frames.map(({ device, session, counter, time, readings }) => [
      device,
      session,
      counter,
      time,
      readings.length,
    ]),
    [
      ['x', '', NOW_MS, NOW_MS, 1],
      ['y', '', NOW_MS - 1000, NOW_MS - 1000, 1],
      ['y', '', NOW_MS, NOW_MS, 2],
    ],
  );
});

const anyReading = fc.constantFrom(...quantityNames).chain((quantity) => {
  const { min, max } = quantities[quantity];
  const exponent = fc.integer({ min: -6, max: 0 });
  return exponent.chain((power) =>
    fc
      .integer({
        min: Math.ceil(min * 10 ** -power),
        max: Math.min(Math.floor(max * 10 ** -power), 10 ** 15),
      })
      .map((mantissa) => ({ quantity, value: number(Number(`${mantissa}e${power}`)) })),
  );
});
const anyFrame: fc.Arbitrary<Frame> = fc.record(
  {
    device: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9\-:./_]{0,63}$/),
    session: fc.string({ maxLength: 16, unit: 'grapheme-ascii' }),
    counter: fc.oneof(fc.nat(100_000), fc.maxSafeNat()),
    time: fc.integer({ min: 2 ** 28 * 1000, max: 253_402_300_799_999 }),
    readings: fc.uniqueArray(anyReading, {
      minLength: 1,
      maxLength: quantityNames.length,
      selector: ({ quantity }) => quantity,
    }),
    signature: fc.oneof(fc.constant(unsigned), fc.uint8Array({ minLength: 64, maxLength: 64 })),
  },
  { noNullPrototype: true },
);

test('frame → pack → frame is the identity, as JSON and as CBOR', () => {
  fc.assert(
    fc.property(anyFrame, fc.constantFrom<SenmlFormat>('json', 'cbor'), (frame, format) => {
      const result = read(packOf(frame, format));
      assert.ok(result.ok, JSON.stringify(result));
      assert.equal(result.value, [frame]);
    }),
    { numRuns: 1000 },
  );
});

test('a signature made by a sensor verifies after the journey', () => {
  const network = new Uint8Array(32).fill(9);
  const signer = sensorSigner('seed', 'x');
  fc.assert(
    fc.property(
      anyFrame,
      fc.constantFrom<SenmlFormat>('json', 'cbor'),
      ({ signature: _, ...body }, format) => {
        const result = read(packOf(signFrame(body, network, signer), format));
        assert.ok(result.ok && verifyFrame(result.value[0]!, network, signer.publicKey));
      },
    ),
    { numRuns: 50 },
  );
});

test('packOf refuses what SenML cannot carry', () => {
  const frame: Frame = {
    device: 'x',
    session: '',
    counter: 1,
    time: NOW_MS,
    readings: [{ quantity: 'door', value: number(1) }],
    signature: unsigned,
  };
  assert.throws(() => packOf({ ...frame, device: 'a b' }, 'json'), /"device" expected letters/);
  assert.throws(() => packOf({ ...frame, time: 1000 }, 'json'), /"time" expected/);
});

test.run();
