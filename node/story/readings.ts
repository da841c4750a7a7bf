/** What the sensors of a story say: programmes made into frames, exact to the last digit. docs/spec/scenario.md. */

import { invariant } from '../../consensus/codec/result.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { type Decimal, parseDecimal, scaledInteger } from '../../consensus/vertex/decimal.ts';
import { type Frame, signFrame } from '../../consensus/vertex/frame.ts';
import { type FeedStep, type PlannedDevice, type Programme, type StoryPlan, sensorTimeMs } from './plan.ts';

/** Exact decimals have so many places at most. */
const PLACES = 9;
const MINUTE_MS = 60_000n;
/** The sensors' time stays so far behind the ledger's. */
const BEHIND_MS = 1_000;

export interface Speaker extends PlannedDevice {
  /** Absent for one that cannot sign. */
  readonly signer: Signer | undefined;
}

/**
 * The sensors' time stays before the ledger's by all that the feeds still to come take. It goes on while they are fed, and
 * catches up with what others waited for.
 */
export class Sensors {
  readonly #network: Uint8Array;
  /** Of the feeds that are still to come. */
  #leftMs: number;
  readonly #speakers: ReadonlyMap<string, Speaker>;
  readonly #counters = new Map<string, number>();
  #timeMs = Number.NEGATIVE_INFINITY;

  constructor(plan: StoryPlan, network: Uint8Array, speakers: readonly Speaker[]) {
    this.#network = network;
    this.#leftMs = sensorTimeMs(plan);
    this.#speakers = new Map(speakers.map((speaker) => [speaker.name, speaker]));
  }

  /** The frames of a step, by device in the order of the file, then by time. `nowMs`: the ledger's time. */
  frames({ programmes, everyMs, count }: FeedStep, nowMs: number): Frame[] {
    const startMs = Math.max(this.#timeMs, nowMs - this.#leftMs - BEHIND_MS);
    this.#timeMs = startMs + everyMs * count;
    this.#leftMs -= everyMs * count;
    return programmes.flatMap(({ device, quantities }) => {
      const speaker = this.#speakers.get(device);
      invariant(speaker !== undefined, `${device} is a device of the story`);
      return Array.from({ length: count }, (_, i): Frame => {
        const counter = (this.#counters.get(device) ?? 0) + 1;
        this.#counters.set(device, counter);
        const body = {
          ...{ device: speaker.identifier, session: '', counter, time: startMs + i * everyMs },
          readings: quantities.map(({ quantity, programme }) => ({
            quantity,
            value: valueAt(programme, i, everyMs),
          })),
        };
        return speaker.signer === undefined
          ? { ...body, signature: new Uint8Array(0) }
          : signFrame(body, this.#network, speaker.signer);
      });
    });
  }
}

/** The value of reading `i`: of a list the last one goes on. */
export function valueAt(programme: Programme, i: number, everyMs: number): Decimal {
  if (programme.type === 'values') {
    const text = programme.values[Math.min(i, programme.values.length - 1)]!;
    return decimalOf(text);
  }
  const slope = scaledInteger(decimalOf(programme.perMinute), PLACES);
  const scaled = scaledInteger(decimalOf(programme.from), PLACES) + (slope * BigInt(i * everyMs)) / MINUTE_MS;
  return decimalOf(`${scaled}e-${PLACES}`);
}

function decimalOf(text: string): Decimal {
  const value = parseDecimal(text);
  invariant(value !== undefined, `${text} is an exact decimal`);
  return value;
}
