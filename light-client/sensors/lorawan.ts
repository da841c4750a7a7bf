/**
 * Replays LoRaWAN uplinks recorded by a network server (CampusIoT's format, Elsys EMS nodes): one JSON a line.
 * Copies heard by several gateways are passed on; dropping them is the intake's work.
 */

import { z } from 'zod';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import type { Reading, UnsignedFrame } from '../../consensus/vertex/frame.ts';
import { type QuantityName, quantityDefect } from '../../consensus/vertex/quantities.ts';
import { RecordingError, type ReplayOptions, ReplayTally, readLines } from './recording.ts';

/** Standard gravity, m/s²; the node's accelerometer counts 63 to one g. */
const GRAVITY = 9.80665;
const COUNTS_PER_G = 63;

const amount = z.number().nullish();
const uplink = z.object({
  dev_eui: z.string().regex(/^[0-9A-Fa-f]{16}$/),
  devaddr: z.string().regex(/^[0-9A-Fa-f]{8}$/),
  fcnt: z.int().nonnegative(),
  reported_at: z.int().positive().optional(),
  _timestamp: z.int().positive().optional(),
  decoded: z.object({
    payload: z.object({
      temperature: amount,
      humidity: amount,
      accMotion: amount,
      x: amount,
      y: amount,
      z: amount,
      vdd: amount,
      digital: amount,
      pulseAbs: amount,
      waterleak: amount,
    }),
  }),
});
type Uplink = z.infer<typeof uplink>;
type Field = keyof Uplink['decoded']['payload'];

const same = (value: number): number => value;
const acceleration = (counts: number): number => Math.round((counts * GRAVITY * 1000) / COUNTS_PER_G) / 1000;

/** Each field of the payload: its quantity, and its value in that quantity's unit. */
const fields: readonly (readonly [Field, QuantityName, (value: number) => number])[] = [
  ['temperature', 'temperature', same],
  ['humidity', 'humidity', same],
  ['accMotion', 'motion', same],
  ['x', 'accelerationX', acceleration],
  ['y', 'accelerationY', acceleration],
  ['z', 'accelerationZ', acceleration],
  ['vdd', 'voltage', (millivolts) => millivolts / 1000],
  ['digital', 'contact', same],
  ['pulseAbs', 'pulses', same],
  ['waterleak', 'leak', same],
];

/**
 * Frames of the recording, in its order, unsigned. Malformed lines are counted in the tally
 * and left out. Throws RecordingError when the file itself cannot be read.
 */
export async function* replayLorawan(
  path: string,
  options: ReplayOptions = {},
): AsyncGenerator<UnsignedFrame> {
  const { tally = new ReplayTally(), onDefect = () => {} } = options;
  for await (const { line, text } of readLines(path)) {
    const frame = frameOf(text);
    if (typeof frame === 'string') {
      tally.malformed++;
      onDefect(new RecordingError(path, line, frame));
      continue;
    }
    tally.add(frame);
    yield frame;
  }
}

/** The frame of one line, or why there is none. */
function frameOf(text: string): UnsignedFrame | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const parsed = uplink.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `"${issue!.path.join('.')}": ${issue!.message}`;
  }
  const { dev_eui, devaddr, fcnt, reported_at, _timestamp, decoded } = parsed.data;
  const time = reported_at ?? _timestamp;
  if (time === undefined) return '"reported_at" and "_timestamp": both missing';
  const readings: Reading[] = [];
  for (const [field, quantity, convert] of fields) {
    const stated = decoded.payload[field];
    if (stated === null || stated === undefined) continue;
    const value = decimalOf(convert(stated));
    const reason = value === undefined ? 'too many digits' : quantityDefect(quantity, value);
    if (reason !== undefined) return `"decoded.payload.${field}": ${stated} is ${reason}`;
    readings.push({ quantity, value: value! });
  }
  return { device: `urn:dev:eui:${dev_eui.toLowerCase()}`, session: devaddr, counter: fcnt, time, readings };
}
