/** The readings of the demo: the simulated bay and truck throughout the story, and a recording if one is given. */

import type { SimulatedDevice } from '../../light-client/sensors/scenario.ts';
import { warehouseAndTruck } from '../../light-client/sensors/scenario.ts';
import { replayLorawan } from '../../light-client/sensors/lorawan.ts';
import { publishFrames } from '../../light-client/sensors/publish.ts';
import { ReplayTally, readLines } from '../../light-client/sensors/recording.ts';
import { replaySenml } from '../../light-client/sensors/senml-recording.ts';
import type { UnsignedFrame } from '../../consensus/vertex/frame.ts';

const HOUR_MS = 3_600_000;
/** The sensors' clock runs ahead of ours by `speed`; it starts this far in the past so as to stay there. */
const SENSORS_START_AGO_MS = 24 * HOUR_MS;
/** The cooling of the bay fails after this much of the sensors' time… */
const COOLING_FAILS_AFTER_MS = 8 * HOUR_MS;
/** …and there are enough sensor hours before our own time is reached. */
export const SENSOR_TIME_MAX_MS = SENSORS_START_AGO_MS - HOUR_MS;

export interface FeedOptions {
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  readonly network: Uint8Array;
  readonly seed: string;
  /** Seconds of the sensors' time in one of ours. */
  readonly speed: number;
}

/** The simulated sensors: started once, stopped at the end. */
export class SensorFeed {
  readonly devices: readonly SimulatedDevice[];
  readonly #options: FeedOptions;
  readonly #frames: Iterable<UnsignedFrame>;
  readonly #stop = new AbortController();
  #done: Promise<number> = Promise.resolve(0);
  published = 0;

  constructor(options: FeedOptions, nowMs: number) {
    this.#options = options;
    const startMs = nowMs - SENSORS_START_AGO_MS;
    const breaches = [{ atMs: startMs + COOLING_FAILS_AFTER_MS, kind: 'temperature' as const }];
    const { seed, network } = options;
    const scenario = warehouseAndTruck({ seed, network, startMs, endMs: startMs + SENSOR_TIME_MAX_MS, breaches });
    this.devices = scenario.devices;
    this.#frames = scenario.frames();
  }

  start(): void {
    const { url, protocolVersion, speed } = this.#options;
    const onProgress = ({ published }: { published: number }) => {
      this.published = published;
    };
    this.#done = publishFrames(this.#frames, { url, protocolVersion, speed, signal: this.#stop.signal, onProgress });
    // Its failure is met at `stop`; until then the story goes on and will say which reading did not come.
    this.#done.catch(() => {});
  }

  /** Resolves with how many frames were published. */
  async stop(): Promise<number> {
    this.#stop.abort();
    await this.#done;
    return this.published;
  }
}

export interface Recording {
  readonly file: string;
  readonly devices: readonly string[];
  /** Frames in the file that carry a measurement, and those of them that differ in device, address or counter. */
  readonly received: number;
  readonly distinct: number;
  readonly duplicates: number;
  readonly silent: number;
  readonly malformed: number;
}

/** Reads a recording through once: what it holds is known before any of it is published. */
export async function surveyRecording(file: string, onDefect: (message: string) => void): Promise<Recording> {
  const tally = new ReplayTally();
  const devices = new Set<string>();
  for await (const { device } of await openRecording(file, tally, onDefect)) devices.add(device);
  if (tally.received === 0) throw new Error(`${file}: holds no frame that can be replayed (${tally.malformed} malformed lines)`);
  const { received, distinct, duplicates, silent, malformed } = tally;
  return { file, devices: [...devices].sort(), received, distinct, duplicates, silent, malformed };
}

/** Publishes a recording as fast as the broker takes it. */
export async function publishRecording(recording: Recording, options: FeedOptions, onProgress: (published: number) => void): Promise<number> {
  const frames = await openRecording(recording.file, new ReplayTally(), () => {});
  const { url, protocolVersion } = options;
  return publishFrames(frames, { url, protocolVersion, onProgress: ({ published }) => onProgress(published) });
}

/** LoRaWAN uplinks are objects, SenML packs are arrays: the first line tells. */
async function openRecording(file: string, tally: ReplayTally, onDefect: (message: string) => void): Promise<AsyncIterable<UnsignedFrame>> {
  const options = { tally, onDefect: (error: Error) => onDefect(error.message) };
  for await (const { text } of readLines(file)) {
    return text.trimStart().startsWith('[') ? replaySenml(file, Date.now(), options) : replayLorawan(file, options);
  }
  throw new Error(`${file}: is empty`);
}
