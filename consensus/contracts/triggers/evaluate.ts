/**
 * Do these readings show a breach, and how grave? One pure function for the gateway that raises the alarm, the node that
 * decides, and the replay that checks: exact integers, no clock of its own. semantics §6 "Triggers", R012, R046, R153.
 */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { compareDecimals, type Decimal, scaledInteger } from '../../vertex/decimal.ts';
import type { QuantityName } from '../../vertex/quantities.ts';
import type { Signal, TriggerRule } from './rules.ts';

/** One value that a device stated, as far as a trigger asks. */
export interface SourceReading {
  readonly quantity: QuantityName;
  readonly value: Decimal;
  readonly device: Uint8Array;
  readonly gateway: Uint8Array;
  readonly owner: Uint8Array;
  /** Of the goods' owner, or of a party that it controls. */
  readonly ownersOwn: boolean;
  readonly session: string;
  readonly counter: number;
  /** The sensor's clock, ms. */
  readonly time: number;
  /** Mark of the frame that states it. */
  readonly use: Uint8Array;
}

/** What the goods ought to show. */
export interface Expected {
  /** Grams. */
  readonly quantity: number;
  readonly temperature: { readonly leastMilliC: number; readonly mostMilliC: number } | undefined;
  readonly fence:
    | { readonly latitude: number; readonly longitude: number; readonly radiusM: number }
    | undefined;
  /** Is there leave for the goods to go? Then an open door is none of a breach. */
  readonly orderOpen: boolean;
}

export interface Shown {
  readonly level: 'warning' | 'critical';
  readonly measured: Decimal;
}
export interface NotShown {
  readonly reason: string;
}

/** The readings that the signal is read from; a position is read by its latitude, with the longitude beside it. */
export const readFrom: { readonly [S in Signal]?: QuantityName } = {
  weight: 'weight',
  temperature: 'temperature',
  tilt: 'tilt',
  shock: 'shock',
  geofence: 'latitude',
  door: 'door',
};

/** `step` is told of each reading and each choice of sources that is tried: the one search here that can be long `[CTR-30]`. */
export function evaluateTrigger(
  rule: TriggerRule,
  weightRule: TriggerRule | undefined,
  readings: readonly SourceReading[],
  expected: Expected,
  step: (count: number) => void = () => {},
): Shown | NotShown {
  const quantity = readFrom[rule.signal];
  // Each is looked at by every question below; a place is looked for among all.
  step(readings.length * (rule.signal === 'geofence' ? readings.length : 1));
  const own = readings.filter((reading) => reading.quantity === quantity);
  if (own.length === 0) return { reason: 'no reading of it' };
  if (rule.signal === 'door' && expected.orderOpen) return { reason: 'a release order is open' };
  if (!own.every((reading) => isBreach(rule, rule.warnOver, reading, readings, expected)))
    return { reason: 'a reading does not show the breach' };
  const series = seriesOf(own);
  const showing = series.filter((entry) => showsIt(entry, rule.warnReadings, rule.warnMs));
  if (chooseIndependent(showing, rule.sources, step) === undefined)
    return { reason: 'too few independent sources, or not for long enough, or all of the owner' };
  const measured = own.find(({ ownersOwn }) => !ownersOwn)?.value ?? own[0]!.value;
  const graver = (entry: Series): boolean =>
    (rule.criticalOver > 0 &&
      entry.every((reading) => isBreach(rule, rule.criticalOver, reading, readings, expected))) ||
    (rule.criticalMs > 0 && showsIt(entry, rule.warnReadings, rule.criticalMs));
  const withLoss =
    rule.signal !== 'weight' &&
    ['door', 'shock', 'tilt'].includes(rule.signal) &&
    weightRule !== undefined &&
    readings.some(
      (reading) =>
        reading.quantity === 'weight' &&
        !reading.ownersOwn &&
        isBreach(weightRule, weightRule.warnOver, reading, readings, expected),
    );
  // Whichever sources are named first: enough of them that show the graver case make it that.
  const isGrave = chooseIndependent(showing.filter(graver), rule.sources, step) !== undefined;
  return { level: isGrave || withLoss ? 'critical' : 'warning', measured };
}

/** Readings of one device in one session, by counter. */
type Series = readonly SourceReading[];

function seriesOf(readings: readonly SourceReading[]): Series[] {
  const byDevice = new Map<string, SourceReading[]>();
  for (const reading of readings) {
    const name = `${toHex(reading.device)} ${reading.session}`;
    byDevice.set(name, [...(byDevice.get(name) ?? []), reading]);
  }
  return [...byDevice.values()].map((entries) => entries.sort((a, b) => a.counter - b.counter));
}

/** Often enough, long enough, and no reading between them left out: the counters are consecutive. */
function showsIt(series: Series, least: number, leastMs: number): boolean {
  if (series.length < least) return false;
  if (least === 1 && leastMs === 0) return true;
  const span = series.at(-1)!.time - series[0]!.time;
  const whole = series.every(
    (reading, index) => index === 0 || reading.counter === series[index - 1]!.counter + 1,
  );
  return span >= leastMs && whole;
}

/** `count` series that differ pairwise in device, gateway and owner, not all of the goods' owner. */
function chooseIndependent(
  series: readonly Series[],
  count: number,
  step: (count: number) => void,
): readonly Series[] | undefined {
  const choose = (from: number, chosen: readonly Series[]): readonly Series[] | undefined => {
    if (chosen.length === count) return chosen.some(([first]) => !first!.ownersOwn) ? chosen : undefined;
    for (let index = from; index < series.length; index++) {
      step(1);
      const next = series[index]!;
      if (chosen.some((entry) => !areIndependent(entry[0]!, next[0]!))) continue;
      const found = choose(index + 1, [...chosen, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return choose(0, []);
}

function areIndependent(a: SourceReading, b: SourceReading): boolean {
  return (
    !equalBytes(a.device, b.device) && !equalBytes(a.gateway, b.gateway) && !equalBytes(a.owner, b.owner)
  );
}

/** Does this one reading show the breach that the rule is about, above `over`? `all` has a place's other coordinate. */
export function isBreach(
  rule: TriggerRule,
  over: number,
  reading: SourceReading,
  all: readonly SourceReading[],
  expected: Expected,
): boolean {
  const { value } = reading;
  switch (rule.signal) {
    case 'weight': {
      const measured = scaledInteger(value, 9);
      const book = BigInt(expected.quantity) * 1_000_000n;
      const difference = measured > book ? measured - book : book - measured;
      return difference * 10_000n > book * BigInt(over);
    }
    case 'temperature': {
      const range = expected.temperature;
      if (range === undefined) return false;
      const least = { mantissa: range.leastMilliC, exponent: -3 };
      const most = { mantissa: range.mostMilliC, exponent: -3 };
      return compareDecimals(value, least) < 0 || compareDecimals(value, most) > 0;
    }
    case 'tilt':
    case 'shock':
      return (
        compareDecimals({ ...value, mantissa: Math.abs(value.mantissa) }, { mantissa: over, exponent: -6 }) >
        0
      );
    case 'door':
      return value.mantissa !== 0;
    case 'geofence': {
      const other = all.find(({ quantity, use }) => quantity === 'longitude' && equalBytes(use, reading.use));
      if (expected.fence === undefined || other === undefined) return false;
      return isOutsideFence(scaledInteger(value, 6), scaledInteger(other.value, 6), expected.fence);
    }
    default:
      return false;
  }
}

/** Millimetres along a millionth of a degree of latitude: 111,320 km for a degree, to the whole millimetre. */
const MM_PER_MICRODEGREE = 111n;
const SCALE = 1_000_000_000n;
/** π/180, scaled. */
const RADIAN = 17_453_293n;

/** Is the place, in millionths of a degree, farther from the centre than the radius? Integers throughout. */
export function isOutsideFence(
  latitude: bigint,
  longitude: bigint,
  around: { readonly latitude: number; readonly longitude: number; readonly radiusM: number },
): boolean {
  const north = (latitude - BigInt(around.latitude)) * MM_PER_MICRODEGREE;
  const turn = 360_000_000n;
  let west = (longitude - BigInt(around.longitude)) % turn;
  if (west > turn / 2n) west -= turn;
  if (west < -turn / 2n) west += turn;
  const east = (west * MM_PER_MICRODEGREE * cosine(BigInt(around.latitude))) / SCALE;
  const radius = BigInt(around.radiusM) * 1000n;
  return north * north + east * east > radius * radius;
}

/** cos of an angle in millionths of a degree, scaled by 10^9: its series to the 12th power, exact to a millionth. */
export function cosine(microDegrees: bigint): bigint {
  const x = (microDegrees * RADIAN) / 1_000_000n;
  const square = (x * x) / SCALE;
  let term = SCALE;
  let sum = SCALE;
  for (let k = 1n; k <= 6n; k++) {
    term = (-term * square) / (SCALE * (2n * k - 1n) * 2n * k);
    sum += term;
  }
  return sum < 0n ? 0n : sum;
}
