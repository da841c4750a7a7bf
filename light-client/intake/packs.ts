/** Frames → SenML packs, as a sensor sends them: the inverse of frames.ts. docs/spec/readings.md. */

import { formatDecimal } from '../../consensus/vertex/decimal.ts';
import { type Frame, frame } from '../../consensus/vertex/frame.ts';
import { quantities } from '../../consensus/vertex/quantities.ts';
import type { PackRecord } from '../senml/labels.ts';
import { senmlLimits } from '../senml/limits.ts';
import { isSenmlName } from '../senml/name.ts';
import { encodePack, type SenmlFormat } from '../senml/pack.ts';

/** One frame as a pack. Throws TypeError or RangeError for a frame that SenML cannot carry: that is misuse. */
export function packOf(value: Frame, format: SenmlFormat): Uint8Array {
  const reason = frame.check(value);
  if (reason !== undefined) throw new TypeError(reason);
  const { device, session, counter, time, readings, signature } = value;
  if (!isSenmlName(device))
    throw new TypeError(`"device" expected letters, digits and -:./_, got ${JSON.stringify(device)}`);
  if (time < senmlLimits.absoluteTimeMsMin || time > senmlLimits.timeMsMax) {
    throw new RangeError(
      `"time" expected ${senmlLimits.absoluteTimeMsMin} to ${senmlLimits.timeMsMax} ms, got ${time}`,
    );
  }
  const records: PackRecord[] = [{ bn: `${device}:`, bt: time / 1000, n: 'counter', v: counter }];
  if (session !== '') records.push({ n: 'session', vs: session });
  for (const { quantity, value: amount } of readings) {
    // Fifteen digits or fewer come back from a double as they were (frame.check bounds the mantissa).
    records.push({ n: quantity, u: quantities[quantity].unit, v: Number(formatDecimal(amount)) });
  }
  if (signature.length > 0) records.push({ n: 'signature', vd: signature });
  return encodePack(records, format);
}
