/**
 * Resolved SenML records → frames: what a device said, in the ledger's words. Decides names, units and which
 * records make one frame. docs/spec/readings.md.
 */

import { limits } from '../../consensus/codec/limits.ts';
import { ok, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import { compareFrames, type Frame, frame, frameDefect, type Reading } from '../../consensus/vertex/frame.ts';
import { quantities } from '../../consensus/vertex/quantities.ts';
import type { ResolvedRecord } from '../senml/resolve.ts';
import { isQuantityName, readingDecimal, statedQuantity } from './units.ts';

/** Records that say something about the frame, not about the world. */
const specials = ['counter', 'session', 'signature'] as const;
type Special = (typeof specials)[number];
const isSpecial = (name: string): name is Special => (specials as readonly string[]).includes(name);

interface Subject {
  readonly device: string;
  /** What follows the device in the name, where we know it. */
  readonly about: string | undefined;
}

type Part =
  | { readonly type: 'reading'; readonly device: string; readonly time: number; readonly reading: Reading }
  | {
      readonly type: Special;
      readonly device: string;
      readonly time: number;
      readonly value: ResolvedRecord['value'];
    };

/** The frames of one pack, ascending by device, session and counter. */
export function framesOf(records: readonly ResolvedRecord[]): Result<readonly Frame[]> {
  const parts: Part[] = [];
  for (const record of records) {
    const part = partOf(record);
    if ('ok' in part) return part;
    parts.push(part);
  }
  const counted = parts.some(({ type }) => type !== 'reading');
  const made = counted ? countedFrame(parts) : timedFrames(parts);
  if (!made.ok) return made;
  for (const one of made.value) {
    const reason = defectOf(one);
    if (reason !== undefined)
      return refuse('E_SCHEMA', { reason, device: one.device.slice(0, 80), counter: one.counter });
  }
  return ok(made.value.slice().sort(compareFrames));
}

function subjectOf(name: string): Subject {
  const end = Math.max(name.lastIndexOf(':'), name.lastIndexOf('/'));
  const about = name.slice(end + 1);
  const known = about === '' || isQuantityName(about) || isSpecial(about);
  return end > 0 && known ? { device: name.slice(0, end), about } : { device: name, about: undefined };
}

function partOf({ name, unit, timeMs: time, value }: ResolvedRecord): Part | Refusal {
  const { device, about } = subjectOf(name);
  if (about !== undefined && isSpecial(about)) return { type: about, device, time, value };

  const named = about !== undefined && isQuantityName(about) ? about : undefined;
  const refuseUnit = (reason: string) =>
    refuse('E_UNIT', { reason, name: name.slice(0, 80), unit: (unit ?? 'none').slice(0, 40) });
  const flag = typeof value === 'boolean' && named !== undefined && unit === undefined;
  const stated = statedQuantity(named, flag ? quantities[named].unit : unit);
  if (stated === undefined) {
    return refuseUnit(
      named === undefined
        ? 'no quantity of ours has this name or unit'
        : `expected ${quantities[named].unit}`,
    );
  }
  const { quantity, shift } = stated;
  if (typeof value === 'boolean' && quantities[quantity].unit === '/') {
    return {
      type: 'reading',
      device,
      time,
      reading: { quantity, value: { mantissa: value ? 1 : 0, exponent: 0 } },
    };
  }
  if (typeof value !== 'number') return refuseUnit('expected a number');
  const amount = readingDecimal(value, shift);
  if (amount === undefined)
    return refuse('E_SCHEMA', { reason: 'more digits than a reading carries', name: name.slice(0, 80) });
  return { type: 'reading', device, time, reading: { quantity, value: amount } };
}

/** A pack with a counter is one frame of one device at one time. */
function countedFrame(parts: readonly Part[]): Result<readonly Frame[]> {
  const { device, time } = parts[0]!;
  const refuseShape = (reason: string) => refuse('E_SCHEMA', { reason, device: device.slice(0, 80) });
  const said: { [S in Special]?: ResolvedRecord['value'] } = {};
  const readings: Reading[] = [];
  for (const part of parts) {
    if (part.device !== device) return refuseShape('a counter, and more than one device');
    if (part.time !== time) return refuseShape('a counter, and more than one time');
    if (part.type === 'reading') readings.push(part.reading);
    else if (part.type in said) return refuseShape(`more than one ${part.type}`);
    else said[part.type] = part.value;
  }
  const { counter, session = '', signature = new Uint8Array(0) } = said;
  if (typeof counter !== 'number') return refuseShape('session or signature without a counter');
  if (typeof session !== 'string') return refuseShape('session expected text');
  if (!(signature instanceof Uint8Array)) return refuseShape('signature expected bytes');
  return ok([{ device, session, counter, time, readings, signature }]);
}

/** A pack without a counter is one frame for each device and time; the time counts. */
function timedFrames(parts: readonly Part[]): Result<readonly Frame[]> {
  const frames = new Map<string, Frame & { readings: Reading[] }>();
  for (const part of parts) {
    if (part.type !== 'reading') continue;
    const { device, time, reading } = part;
    const key = `${time} ${device}`;
    const before = frames.get(key);
    if (before === undefined) {
      frames.set(key, {
        device,
        session: '',
        counter: time,
        time,
        readings: [reading],
        signature: new Uint8Array(0),
      });
    } else before.readings.push(reading);
  }
  return ok([...frames.values()]);
}

function defectOf(value: Frame): string | undefined {
  if (value.readings.length > limits.readingsPerFrameMax)
    return `more than ${limits.readingsPerFrameMax} readings`;
  if (new Set(value.readings.map(({ quantity }) => quantity)).size < value.readings.length)
    return 'a quantity stated twice';
  return frame.check(value) ?? frameDefect(value);
}
