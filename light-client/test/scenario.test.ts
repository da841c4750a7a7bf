import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keyDefect } from '../../consensus/crypto/ed25519.ts';
import { formatDecimal } from '../../consensus/vertex/decimal.ts';
import { type Frame, frame, frameDefect, verifyFrame } from '../../consensus/vertex/frame.ts';
import { type QuantityName, quantities } from '../../consensus/vertex/quantities.ts';
import type { Breach } from '../sensors/probe.ts';
import { Random } from '../sensors/random.ts';
import { warehouseAndTruck } from '../sensors/scenario.ts';

const test = suite('scenario');
const network = new Uint8Array(32).fill(5);
const START_MS = Date.UTC(2025, 4, 12, 5);
const HOUR_MS = 3_600_000;

function scenario(hours: number, seed = 'a', breaches: readonly Breach[] = []) {
  return warehouseAndTruck({ seed, network, startMs: START_MS, endMs: START_MS + hours * HOUR_MS, breaches });
}
const frames = (hours: number, seed = 'a', breaches: readonly Breach[] = []): Frame[] => [
  ...scenario(hours, seed, breaches).frames(),
];

/** From five in the morning into the night, without a breach; made once, since signing takes its time. */
const quietDay = frames(18);

/** Values of one device's quantity, with hours since the start. */
function series(
  all: readonly Frame[],
  ending: string,
  quantity: QuantityName,
): { hour: number; value: number }[] {
  return all
    .filter(({ device }) => device.endsWith(ending))
    .flatMap(({ time, readings }) =>
      readings
        .filter((reading) => reading.quantity === quantity)
        .map(({ value }) => ({ hour: (time - START_MS) / HOUR_MS, value: Number(formatDecimal(value)) })),
    );
}
const between = (all: { hour: number; value: number }[], from: number, to: number) =>
  all.filter(({ hour }) => hour >= from && hour < to).map(({ value }) => value);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('devices: each its own key and function, all enrollable', () => {
  const { devices } = scenario(1);
  assert.equal(
    devices.map(({ device, place, function: purpose }) => `${device.slice(17)} ${place} ${purpose}`),
    [
      'bay-weigher bay weigher',
      'bay-counter bay counter',
      'bay-camera bay camera',
      'bay-climate bay climate',
      'bay-door bay door',
      'truck-locator truck locator',
      'truck-motion truck motion',
      'truck-climate truck climate',
      'truck-door truck door',
    ],
  );
  assert.is(new Set(devices.map(({ publicKey }) => publicKey.join())).size, devices.length);
  for (const { publicKey } of devices) assert.is(keyDefect(publicKey), undefined);
  assert.not.equal(scenario(1, 'b').devices[0]!.publicKey, devices[0]!.publicKey);
});

test('one seed is one story, to the byte; another is another', () => {
  const bytes = (all: Frame[]) => Buffer.concat(all.map((one) => frame.encode(one))).toString('hex');
  const first = scenario(0.5);
  assert.is(bytes([...first.frames()]), bytes([...first.frames()]), 'a second run of one scenario');
  assert.is(bytes(frames(0.5)), bytes(frames(0.5)));
  assert.not(bytes(frames(0.5)) === bytes(frames(0.5, 'b')));
});

test('frames ascend by time, count from 1, fit their quantities, and verify', () => {
  const { devices } = scenario(18);
  const keys = new Map(devices.map(({ device, publicKey }) => [device, publicKey]));
  const functions = new Map(devices.map((device) => [device.device, device.function]));
  const counters = new Map<string, number>();
  let before = 0;
  for (const [index, one] of quietDay.entries()) {
    assert.ok(one.time >= before && one.time >= START_MS && one.time < START_MS + 18 * HOUR_MS);
    before = one.time;
    assert.is(one.counter, (counters.get(one.device) ?? 0) + 1);
    counters.set(one.device, one.counter);
    assert.is(frameDefect(one), undefined);
    for (const { quantity } of one.readings)
      assert.is(quantities[quantity].function, functions.get(one.device));
    if (index % 500 === 0) assert.ok(verifyFrame(one, network, keys.get(one.device)!));
  }
  assert.is(counters.get('urn:dev:os:32473-bay-weigher'), 6480);
  assert.is(counters.size, 9);
});

test('without an end it goes on, and a session names the run', () => {
  let taken = 0;
  for (const { session } of warehouseAndTruck({
    seed: 'a',
    network,
    startMs: START_MS,
    session: 'run-2',
  }).frames()) {
    assert.is(session, 'run-2');
    if (++taken === 500) break;
  }
  assert.is(taken, 500);
});

test('a quiet day: stock stays, the cold holds, forklifts come by day only', () => {
  const all = quietDay;
  const weights = series(all, 'bay-weigher', 'weight');
  assert.ok(
    between(weights, 14, 18).every((value) => Math.abs(value - 11_520) < 5),
    'at night nothing moves',
  );
  const visited = between(weights, 1, 13).filter((value) => value > 13_000);
  assert.ok(visited.length > 20 && visited.length < 1500, `forklift in ${visited.length} weighings`);
  assert.ok(series(all, 'bay-counter', 'count').every(({ value }) => value === 24 || value === 23));
  for (const { value } of series(all, 'bay-climate', 'temperature'))
    assert.ok(value > 4.5 && value < 8, String(value));
  const doors = series(all, 'bay-door', 'door');
  assert.ok(doors.some(({ value }) => value === 1) && doors.at(-1)!.value === 0);
});

test('the truck keeps to its road, moves as fast as it says, and stops', () => {
  const all = quietDay;
  const [latitudes, longitudes, speeds] = (['latitude', 'longitude', 'speed'] as const).map((quantity) =>
    series(all, 'truck-locator', quantity),
  );
  let standing = 0;
  for (let i = 1; i < latitudes!.length; i++) {
    const north = (latitudes![i]!.value - latitudes![i - 1]!.value) * 111_195;
    const east = (longitudes![i]!.value - longitudes![i - 1]!.value) * 111_195 * Math.cos(0.795);
    const metresPerS = Math.hypot(north, east) / 15;
    assert.ok(metresPerS < 27, `${metresPerS} m/s`);
    assert.ok(Math.abs(metresPerS - speeds![i]!.value) < 8);
    if (speeds![i]!.value === 0) standing++;
  }
  assert.ok(standing > 700 && standing < 3000, `${standing} fixes at rest`);
  const reach = (all: { value: number }[]) => [
    Math.min(...all.map(({ value }) => value)),
    Math.max(...all.map(({ value }) => value)),
  ];
  assert.ok(reach(latitudes!)[0]! < 45.19 && reach(latitudes!)[1]! > 45.748, 'both towns are reached');
  assert.ok(series(all, 'truck-motion', 'tilt').every(({ value }) => Math.abs(value) < 0.05));
});

test('breaches happen when they are planned, and only then', () => {
  const breaches: Breach[] = [
    { atMs: START_MS + 2 * HOUR_MS, kind: 'tilt' },
    { atMs: START_MS + 4 * HOUR_MS, kind: 'temperature' },
    { atMs: START_MS + 14 * HOUR_MS, kind: 'weight' },
  ];
  for (const seed of ['a', 'b']) {
    const all = frames(16, seed, breaches);
    const weights = series(all, 'bay-weigher', 'weight');
    assert.ok(Math.abs(mean(between(weights, 13.2, 14)) - 11_520) < 3);
    assert.ok(Math.abs(mean(between(weights, 14.2, 16)) - 9600) < 3, 'four pallets are gone');
    assert.ok(Math.max(...between(weights, 14, 14.1)) > 13_000, 'a forklift came for them');
    assert.ok(between(series(all, 'bay-counter', 'count'), 14.2, 16).every((value) => value === 20));
    assert.ok(mean(between(series(all, 'bay-camera', 'length'), 14.2, 16)) < 6.5);

    const bay = series(all, 'bay-climate', 'temperature');
    assert.ok(Math.max(...between(bay, 0, 4)) < 8);
    assert.ok(Math.max(...between(bay, 4, 4.75)) > 8, 'out of range within 45 minutes');
    assert.ok(
      Math.max(...between(bay, 4, 7)) > 15 && Math.max(...between(bay, 10, 16)) < 8,
      'and back after the repair',
    );

    const tilts = series(all, 'truck-motion', 'tilt');
    assert.ok(between(tilts, 2, 2.33).every((value) => value > 0.45));
    assert.ok(
      [...between(tilts, 0, 2), ...between(tilts, 2.34, 16)].every((value) => Math.abs(value) < 0.05),
    );
    assert.ok(Math.max(...between(series(all, 'truck-motion', 'shock'), 2, 2.01)) > 40);
  }
});

test('random streams: uniform, normal, exponential, and independent by name', () => {
  const random = new Random('seed', 'x');
  const draw = (from: () => number) => Array.from({ length: 20_000 }, from);
  const uniform = draw(() => random.next());
  assert.ok(uniform.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(mean(uniform) - 0.5) < 0.01);
  const normal = draw(() => random.noise(2));
  assert.ok(
    Math.abs(mean(normal)) < 0.06 && Math.abs(Math.sqrt(mean(normal.map((value) => value ** 2))) - 2) < 0.06,
  );
  assert.ok(Math.abs(mean(draw(() => random.wait(5))) - 5) < 0.15);
  assert.not(new Random('seed', 'x').next() === new Random('seed', 'y').next());
  assert.is(new Random('seed', 'x').next(), new Random('seed', 'x').next());
});

test.run();
