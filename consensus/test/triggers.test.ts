/** Triggers as data (semantics §6, R012, R046, R153): thresholds, windows, independence of sources, fences. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { uint32Bytes } from '../codec/bytes.ts';
import { StepMeter, stepsMax } from '../contracts/steps.ts';
import {
  cosine,
  type Expected,
  evaluateTrigger,
  isOutsideFence,
  type SourceReading,
} from '../contracts/triggers/evaluate.ts';
import { defaultTriggers, ruleOf, type Signal, type TriggerRule } from '../contracts/triggers/rules.ts';
import { parseDecimal } from '../vertex/decimal.ts';
import type { QuantityName } from '../vertex/quantities.ts';

const triggers = suite('triggers');
const MINUTE_MS = 60_000;

const expected: Expected = {
  quantity: 1_000_000,
  temperature: { leastMilliC: 2_000, mostMilliC: 8_000 },
  fence: { latitude: 52_500_000, longitude: 13_400_000, radiusM: 1_000 },
  orderOpen: false,
};

interface Told {
  readonly quantity: QuantityName;
  readonly value: string;
  readonly minute?: number;
  readonly counter?: number;
  readonly source?: number;
  readonly gateway?: number;
  readonly owner?: number;
  readonly ownersOwn?: boolean;
}
const reading = (told: Told): SourceReading => {
  const { quantity, minute = 0, counter = minute, source = 1 } = told;
  return {
    quantity,
    value: parseDecimal(told.value)!,
    device: uint32Bytes(source),
    gateway: uint32Bytes(told.gateway ?? source),
    owner: uint32Bytes(told.owner ?? source),
    ownersOwn: told.ownersOwn ?? false,
    session: '',
    counter,
    time: minute * MINUTE_MS,
    use: uint32Bytes(1000 * source + counter),
  };
};

/** The level shown, or `none`. */
function level(
  signal: Signal,
  told: readonly Told[],
  changes: Partial<TriggerRule> = {},
  world: Partial<Expected> = {},
): string {
  const rule = { ...ruleOf(defaultTriggers, signal)!, ...changes };
  const weightRule = ruleOf(defaultTriggers, 'weight');
  const shown = evaluateTrigger(rule, weightRule, told.map(reading), { ...expected, ...world });
  return 'level' in shown ? shown.level : 'none';
}
const weights = (...values: string[]): Told[] =>
  values.map((value, minute) => ({ quantity: 'weight', value, minute }));
const degrees = (value: string, ...minutes: number[]): Told[] =>
  minutes.map((minute) => ({ quantity: 'temperature', value, minute, counter: minutes.indexOf(minute) }));

triggers('weight: two readings beyond half a per cent warn, two beyond two per cent are critical', () => {
  assert.is(level('weight', weights('994.9')), 'none', 'one window');
  assert.is(level('weight', weights('995', '994.9')), 'none', 'one of them is within');
  assert.is(level('weight', weights('994.9', '994.9')), 'warning');
  assert.is(level('weight', weights('1005.1', '1005.1')), 'warning', 'too much is as wrong');
  assert.is(level('weight', weights('979.9', '980')), 'warning');
  assert.is(level('weight', weights('979.9', '979.9')), 'critical');
});

triggers('temperature: outside for fifteen minutes, critical for sixty, and no reading left out', () => {
  assert.is(level('temperature', degrees('8.1', 0, 14)), 'none');
  assert.is(level('temperature', degrees('8.1', 0, 15)), 'warning');
  assert.is(level('temperature', degrees('1.9', 0, 30, 59)), 'warning');
  assert.is(level('temperature', degrees('8.1', 0, 30, 60)), 'critical');
  const skipped = degrees('8.1', 0, 15).map((told, index) => ({ ...told, counter: 2 * index }));
  assert.is(level('temperature', skipped), 'none', 'what the sensor said between is not shown');
  assert.is(level('temperature', degrees('8', 0, 15)), 'none', 'eight degrees are within');
  assert.is(level('temperature', degrees('99', 0, 60), {}, { temperature: undefined }), 'none');
});

triggers('k sources are independent by device, gateway and owner, never all the owner’s', () => {
  const two = { sources: 2, warnReadings: 1 };
  const from = (source: number, more: Partial<Told> = {}): Told => ({
    quantity: 'weight',
    value: '900',
    source,
    ...more,
  });
  assert.is(level('weight', [from(1)], two), 'none');
  assert.is(level('weight', [from(1), from(2)], two), 'critical');
  assert.is(level('weight', [from(1), from(2, { gateway: 1 })], two), 'none', 'one gateway');
  assert.is(level('weight', [from(1), from(2, { owner: 1 })], two), 'none', 'one owner');
  assert.is(level('weight', [from(1), from(2, { gateway: 1 }), from(3)], two), 'critical', 'one and three');
  const owners = [from(1, { ownersOwn: true }), from(2, { ownersOwn: true })];
  assert.is(level('weight', owners, two), 'none', 'all the owner’s');
  assert.is(level('weight', [...owners, from(3)], two), 'critical');
  assert.is(level('weight', [from(1, { ownersOwn: true })], { sources: 1, warnReadings: 1 }), 'none');
});

triggers(
  'a search for eight sources among twenty of the owner’s own ends where its steps end [CTR-30]',
  () => {
    const told = Array.from({ length: 20 }, (_, source) =>
      reading({ quantity: 'weight', value: '900', source, ownersOwn: true }),
    );
    const search = (sources: number) => {
      const rule = { ...ruleOf(defaultTriggers, 'weight')!, sources, warnReadings: 1 };
      const meter = new StepMeter();
      const shown = meter.run(() => evaluateTrigger(rule, undefined, told, expected, meter.take));
      return { shown, taken: meter.taken };
    };
    const two = search(2);
    assert.ok('reason' in two.shown && two.taken < 1_000, `${two.taken}`);
    const eight = search(8);
    assert.equal(eight.shown, { code: 'E_STEPS', facts: { most: stepsMax } });
    assert.is(eight.taken, stepsMax + 1);
  },
);

triggers('the level does not depend on which source is named first', () => {
  const one = { sources: 1, warnReadings: 1 };
  const [mild, grave] = [
    { quantity: 'weight', value: '990', source: 1 },
    { quantity: 'weight', value: '900', source: 2 },
  ] as const;
  assert.is(level('weight', [mild, grave], one), 'critical');
  assert.is(level('weight', [grave, mild], one), 'critical');
  const two = { sources: 2, warnReadings: 1 };
  const third = { quantity: 'weight', value: '900', source: 3 } as const;
  assert.is(level('weight', [mild, grave], two), 'warning', 'one grave source is not two');
  assert.is(level('weight', [mild, grave, third], two), 'critical');
  const owners = { ...grave, ownersOwn: true };
  assert.is(level('weight', [mild, owners], one), 'warning', 'the owner’s own does not make it graver');
});

triggers('shock and tilt: above five g, above thirty degrees; critical with a change of weight', () => {
  assert.is(level('shock', [{ quantity: 'shock', value: '49.033' }]), 'none');
  assert.is(level('shock', [{ quantity: 'shock', value: '49.034' }]), 'warning');
  assert.is(level('tilt', [{ quantity: 'tilt', value: '-0.5237' }]), 'warning');
  const withWeight = (kg: string): Told[] => [
    { quantity: 'shock', value: '60' },
    { quantity: 'weight', value: kg },
  ];
  assert.is(level('shock', withWeight('990')), 'critical');
  assert.is(level('shock', withWeight('999')), 'warning');
});

triggers('door: open for thirty seconds without an order, critical with loss of weight', () => {
  const open = [0, 1].map((minute): Told => ({ quantity: 'door', value: '1', minute }));
  assert.is(level('door', open.slice(0, 1)), 'none');
  assert.is(level('door', open), 'warning');
  assert.is(level('door', open, {}, { orderOpen: true }), 'none');
  assert.is(level('door', [...open, { quantity: 'weight', value: '900' }]), 'critical');
});

triggers(
  'geofence: outside for a minute, critical for ten; the place is latitude and longitude of one frame',
  () => {
    const at = (latitude: string, ...minutes: number[]): Told[] =>
      minutes.flatMap((minute): Told[] => [
        { quantity: 'latitude', value: latitude, minute, counter: minutes.indexOf(minute) },
        { quantity: 'longitude', value: '13.4', minute, counter: minutes.indexOf(minute) },
      ]);
    assert.is(level('geofence', at('52.508', 0, 10)), 'none', '888 m');
    assert.is(level('geofence', at('52.51', 0, 1)), 'warning', '1110 m');
    assert.is(level('geofence', at('52.51', 0, 10)), 'critical');
    assert.is(level('geofence', at('52.51', 0, 10), {}, { fence: undefined }), 'none');
    assert.is(
      level('geofence', [{ quantity: 'latitude', value: '60' }], { warnReadings: 1, warnMs: 0 }),
      'none',
    );
  },
);

triggers('fences: east and west shrink with the latitude, and meet at the date line', () => {
  const around = (latitude: number, longitude: number) => ({ latitude, longitude, radiusM: 1_000 });
  // At 60 degrees a millionth of a degree of longitude is half as long.
  assert.is(isOutsideFence(60_000_000n, 17_900n, around(60_000_000, 0)), false);
  assert.is(isOutsideFence(60_000_000n, 18_100n, around(60_000_000, 0)), true);
  assert.is(isOutsideFence(0n, 8_900n, around(0, 0)), false);
  assert.is(isOutsideFence(0n, 9_100n, around(0, 0)), true);
  assert.is(isOutsideFence(0n, -179_998_000n, around(0, 179_998_000)), false);
});

triggers('the cosine is that of the mathematicians to a millionth', () => {
  for (let degree = -90; degree <= 90; degree += 7) {
    const exact = Math.cos((degree * Math.PI) / 180);
    const ours = Number(cosine(BigInt(degree) * 1_000_000n)) / 1e9;
    assert.ok(Math.abs(exact - ours) < 1e-6, `${degree}: ${ours} ${exact}`);
  }
});

triggers.run();
