import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import { type Frame, signFrame, type UnsignedFrame } from '../../consensus/vertex/frame.ts';
import { type Device, Intake } from '../intake/intake.ts';
import { packOf } from '../intake/packs.ts';
import { contentTypes, type SenmlFormat } from '../senml/pack.ts';
import { sensorSigner } from '../sensors/sensor-key.ts';

const test = suite('intake');
const network = new Uint8Array(32).fill(3);
const signer = sensorSigner('seed', 'signing');
const NOW_MS = 1_700_000_000_000;

const devices: { readonly [device: string]: Device } = {
  signing: { publicKey: signer.publicKey, active: true },
  plain: { publicKey: undefined, active: true },
  revoked: { publicKey: undefined, active: false },
};
const makeIntake = () =>
  new Intake({
    network,
    deviceOf: (device) => (Object.hasOwn(devices, device) ? devices[device] : undefined),
  });

const bodyOf = (device: string, counter: number): UnsignedFrame => ({
  device,
  session: '',
  counter,
  time: NOW_MS,
  readings: [{ quantity: 'temperature', value: decimalOf(4.5)! }],
});
const plainFrame = (counter: number, device = 'plain'): Frame => ({
  ...bodyOf(device, counter),
  signature: new Uint8Array(0),
});
const signedFrame = (counter: number) => signFrame(bodyOf('signing', counter), network, signer);
const jsonOf = (pack: unknown) => new TextEncoder().encode(JSON.stringify(pack));

function verdict(intake: Intake, payload: Uint8Array, contentType?: string): string {
  const result = intake.accept(payload, contentType, NOW_MS);
  return result.ok ? `${result.value.length} frames` : result.code;
}

test('accepts what enrolled devices send, in both formats', () => {
  const intake = makeIntake();
  for (const [index, format] of (['json', 'cbor'] as SenmlFormat[]).entries()) {
    assert.is(verdict(intake, packOf(signedFrame(index), format), contentTypes[format]), '1 frames');
    assert.is(verdict(intake, packOf(plainFrame(index), format)), '1 frames');
  }
  assert.is(intake.accepted, 4);
  assert.is(intake.refused.size, 0);
  assert.is(intake.sessions, 2);
});

test('each refusal has its code and is counted', () => {
  const intake = makeIntake();
  const forged = { ...signedFrame(1), counter: 2 };
  const cases: [string, Uint8Array][] = [
    ['E_LIMIT_BYTES', new Uint8Array(65_537)],
    ['E_ENC', jsonOf('no pack')],
    ['E_SCHEMA', jsonOf([{ n: 'plain:temperature' }])],
    ['E_UNIT', jsonOf([{ n: 'plain:temperature', u: 'K', v: 280 }])],
    ['E_DEVICE_UNKNOWN', packOf(plainFrame(1, 'stranger'), 'json')],
    ['E_DEVICE_UNKNOWN', packOf(plainFrame(1, 'constructor'), 'json')],
    ['E_KEY_REVOKED', packOf(plainFrame(1, 'revoked'), 'json')],
    ['E_SIG', packOf(plainFrame(1, 'signing'), 'json')],
    ['E_SIG', packOf(forged, 'cbor')],
    ['E_SIG', packOf(signFrame(bodyOf('signing', 1), new Uint8Array(32), signer), 'cbor')],
    ['E_SIG', packOf(signFrame(bodyOf('signing', 1), network, sensorSigner('seed', 'other')), 'cbor')],
  ];
  for (const [code, payload] of cases) assert.is(verdict(intake, payload), code);
  assert.is(
    verdict(intake, packOf(signedFrame(1), 'json')),
    '1 frames',
    'a forgery does not use up the counter',
  );
  assert.is(verdict(intake, packOf(signedFrame(1), 'json')), 'E_REPLAY');
  assert.is(
    verdict(intake, packOf(signedFrame(1), 'cbor')),
    'E_REPLAY',
    'in another format it is the same frame',
  );
  assert.equal(Object.fromEntries(intake.refused), {
    E_LIMIT_BYTES: 1,
    E_ENC: 1,
    E_SCHEMA: 1,
    E_UNIT: 1,
    E_DEVICE_UNKNOWN: 2,
    E_KEY_REVOKED: 1,
    E_SIG: 4,
    E_REPLAY: 2,
  });
});

test('every mutated byte of a signed pack is refused, or changes nothing', () => {
  const intake = makeIntake();
  const frame = signedFrame(1);
  for (const format of ['json', 'cbor'] as SenmlFormat[]) {
    const payload = packOf(frame, format);
    for (let at = 0; at < payload.length; at++) {
      const mutated = payload.slice();
      mutated[at]! ^= 1;
      const before = intake.accepted;
      const result = intake.accept(mutated, contentTypes[format], NOW_MS);
      if (!result.ok) continue;
      // Some bytes carry nothing: the JSON name of a field that is ignored, or a digit beyond the millisecond.
      assert.equal(result.value, [frame]);
      assert.is(before, 0, 'and that at most once');
    }
  }
});

test('a pack is taken whole or not at all', () => {
  const intake = makeIntake();
  const good = { bn: 'plain:', bt: NOW_MS / 1000, n: 'temperature', u: 'Cel', v: 4 };
  const mixed = (other: object) => jsonOf([good, { bn: '', ...other }]);
  assert.is(verdict(intake, mixed({ n: 'revoked:temperature', u: 'Cel', v: 4 })), 'E_KEY_REVOKED');
  assert.is(verdict(intake, mixed({ n: 'stranger:temperature', u: 'Cel', v: 4 })), 'E_DEVICE_UNKNOWN');
  assert.is(verdict(intake, mixed({ n: 'signing:temperature', u: 'Cel', v: 4 })), 'E_SIG');
  assert.is(verdict(intake, mixed({ n: 'plain:humidity', u: '%RH', v: 101 })), 'E_SCHEMA');
  assert.equal(intake.changes(), []);
  assert.is(verdict(intake, jsonOf([good])), '1 frames');
});

test('frames seen before are left out of a pack that brings new ones', () => {
  const intake = makeIntake();
  const reading = (t: number) => ({ n: 'plain:temperature', u: 'Cel', v: 4, t: NOW_MS / 1000 + t });
  assert.is(verdict(intake, jsonOf([reading(0), reading(60)])), '2 frames');
  assert.is(verdict(intake, jsonOf([reading(0), reading(60), reading(120)])), '1 frames');
  assert.is(verdict(intake, jsonOf([reading(0), reading(60), reading(120)])), 'E_REPLAY');
  assert.is(intake.refused.get('E_REPLAY'), 5);
  assert.is(intake.accepted, 3);
});

test('after a restart from the store, accepted frames stay accepted once', () => {
  const store = new Map<string, Uint8Array>();
  let intake = makeIntake();
  const durable = new Set<number>();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.boolean(), fc.boolean(), (counter, written, killed) => {
      const result = intake.accept(packOf(signedFrame(counter), 'cbor'), undefined, NOW_MS);
      assert.is(result.ok, !durable.has(counter));
      if (written) {
        for (const [key, state] of intake.changes()) store.set(key, state);
        durable.add(counter);
      }
      if (killed || !written) {
        intake = makeIntake();
        intake.restore(store);
      }
    }),
    { numRuns: 600 },
  );
});

test('foreign bytes never throw, nor leave state behind', () => {
  const intake = makeIntake();
  const type = fc.constantFrom(undefined, 'text/plain', ...Object.values(contentTypes));
  const name = fc.constantFrom(
    'plain:temperature',
    'plain:counter',
    'plain:session',
    'plain:signature',
    'signing:counter',
    'x:door',
    'plain',
  );
  const scalar = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.boolean(), fc.constant(null));
  const record = fc.record(
    {
      n: name,
      u: fc.constantFrom('Cel', 'A', 1),
      v: scalar,
      vs: scalar,
      vb: scalar,
      vd: scalar,
      t: scalar,
      bt: scalar,
    },
    { requiredKeys: ['n'] },
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.array(record, { maxLength: 6 }).map(jsonOf)),
      type,
      (payload, contentType) => {
        const before = intake.accepted;
        const result = intake.accept(payload, contentType, NOW_MS);
        assert.is(intake.accepted > before, result.ok);
        assert.is(intake.changes().length > 0, result.ok);
      },
    ),
    { numRuns: 3000 },
  );
});

test.run();
