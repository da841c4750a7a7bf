/**
 * Running time `[CTR-11]`: the clock by which cure, notice, expiry and silence run. It is checkpoint time less every
 * pause of finality, and a pause is a step between two headers of more than `policy.pauseMs`. It is advanced once a
 * checkpoint, from the two header times, before any call: so every node and every replay has the same.
 */

import { zero32 } from '../crypto/hash.ts';
import type { ObjectReader, ObjectWriter } from './object.ts';
import { clock } from './objects/clock.ts';
import type { Policy } from './policy.ts';

/** A checkpoint against the one before it, ms. */
export interface Step {
  readonly height: number;
  readonly time: number;
  readonly previousTime: number;
}

/** Stops the clocks for the time between two checkpoints when that was a pause. */
export function advanceClock(writer: ObjectWriter, step: Step, { pauseMs }: Policy): void {
  const gapMs = step.time - step.previousTime;
  // From the genesis to the first checkpoint nothing was final yet that could pause.
  if (step.height <= 1 || gapMs <= pauseMs) return;
  writer.put(clock, zero32, { pausedMs: pausedMs(writer) + gapMs, height: step.height });
}

export function pausedMs(reader: ObjectReader): number {
  return reader.get(clock, zero32)?.pausedMs ?? 0;
}

/** A date that parties name, as the running time at which it comes if finality never pauses from here on. */
export function runningAt(
  date: number,
  { time, running }: { readonly time: number; readonly running: number },
): number {
  return Math.max(0, date - (time - running));
}

const DAY_MS = 86_400_000;
/** 1970-01-01 was a Thursday. */
const FIRST_DAY = 4;

/** The same hour `count` business days later: Monday to Friday, UTC. Public holidays are no part of the ledger. */
export function addBusinessDays(time: number, count: number): number {
  let later = time;
  for (let left = count; left > 0; ) {
    later += DAY_MS;
    const weekday = (Math.floor(later / DAY_MS) + FIRST_DAY) % 7;
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return later;
}
