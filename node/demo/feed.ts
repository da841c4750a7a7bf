/** The readings of the demo: the simulated bay and truck throughout the story, and a recording if one is given. */

import type { UnsignedFrame } from '../../consensus/vertex/frame.ts';
import { replayLorawan } from '../../light-client/sensors/lorawan.ts';
import type { Breach } from '../../light-client/sensors/probe.ts';
import { publishFrames } from '../../light-client/sensors/publish.ts';
import { ReplayTally, readLines } from '../../light-client/sensors/recording.ts';
import { type SimulatedDevice, warehouseAndTruck } from '../../light-client/sensors/scenario.ts';
import { replaySenml } from '../../light-client/sensors/senml-recording.ts';

const DAY_MS = 86_400_000;
/**
 * The sensors' clock runs ahead of ours by `speed`; it starts this far in the past so as to stay there, also on a
 * machine on which the story takes many minutes: at the default speed this lasts for fourteen.
 */
export const SENSORS_START_AGO_MS = 6 * DAY_MS;
/** The cooling fails this long, in the sensors' time, after it was asked to. */
const FAILS_AFTER_MS = 60_000;

export interface FeedOptions {
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  readonly network: Uint8Array;
  readonly seed: string;
  /** Seconds of the sensors' time in one of ours. */
  readonly speed: number;
}

/** The simulated sensors of the bay and the truck: started once, and once more as the bay's cooling fails. */
export class SensorFeed {
  readonly devices: readonly SimulatedDevice[];
  readonly #options: FeedOptions;
  readonly #endMs: number;
  #timeMs: number;
  #published = 0;
  #stop = new AbortController();
  #done: Promise<unknown> = Promise.resolve();

  constructor(options: FeedOptions, nowMs: number) {
    this.#options = options;
    this.#timeMs = nowMs - SENSORS_START_AGO_MS;
    this.#endMs = nowMs;
    this.devices = warehouseAndTruck({
      seed: options.seed,
      network: options.network,
      startMs: this.#timeMs,
    }).devices;
  }

  start(): void {
    this.#run([], '');
  }

  /** From now on the bay grows warm. The sensors go on in a session of their own, so that no counter comes twice. */
  async failCooling(): Promise<void> {
    await this.stop();
    this.#run([{ atMs: this.#timeMs + FAILS_AFTER_MS, kind: 'temperature' }], 'alarm');
  }

  /** Resolves with how many frames were published in all. */
  async stop(): Promise<number> {
    this.#stop.abort();
    await this.#done;
    return this.#published;
  }

  #run(breaches: readonly Breach[], session: string): void {
    const { url, protocolVersion, speed, seed, network } = this.#options;
    const scenario = warehouseAndTruck({
      seed,
      network,
      session,
      breaches,
      startMs: this.#timeMs,
      endMs: this.#endMs,
    });
    const before = this.#published;
    this.#stop = new AbortController();
    const onProgress = ({ published, timeMs }: { published: number; timeMs: number }) => {
      this.#published = before + published;
      this.#timeMs = Math.max(this.#timeMs, timeMs);
    };
    this.#done = publishFrames(scenario.frames(), {
      url,
      protocolVersion,
      speed,
      signal: this.#stop.signal,
      onProgress,
    });
    // Its failure is met at `stop`; until then the story goes on and will say which reading did not come.
    this.#done.catch(() => {});
  }
}

export interface Recording {
  readonly file: string;
  readonly devices: readonly string[];
  /** Frames in the file, and those of them that differ in device, address or counter. */
  readonly received: number;
  readonly distinct: number;
  readonly duplicates: number;
  readonly malformed: number;
}

/** Reads a recording through once: what it holds is known before any of it is published. */
export async function surveyRecording(file: string, onDefect: (message: string) => void): Promise<Recording> {
  const tally = new ReplayTally();
  const devices = new Set<string>();
  for await (const { device } of await openRecording(file, tally, onDefect)) devices.add(device);
  if (tally.received === 0)
    throw new Error(`${file}: holds no frame that can be replayed (${tally.malformed} malformed lines)`);
  const { received, distinct, duplicates, malformed } = tally;
  return { file, devices: [...devices].sort(), received, distinct, duplicates, malformed };
}

/** Publishes a recording as fast as the broker takes it. */
export async function publishRecording(
  recording: Recording,
  options: FeedOptions,
  onProgress: (published: number) => void,
): Promise<number> {
  const frames = await openRecording(recording.file, new ReplayTally(), () => {});
  const { url, protocolVersion } = options;
  return publishFrames(frames, {
    url,
    protocolVersion,
    onProgress: ({ published }) => onProgress(published),
  });
}

/** LoRaWAN uplinks are objects, SenML packs are arrays: the first line tells. */
async function openRecording(
  file: string,
  tally: ReplayTally,
  onDefect: (message: string) => void,
): Promise<AsyncIterable<UnsignedFrame>> {
  const options = { tally, onDefect: (error: Error) => onDefect(error.message) };
  for await (const { text } of readLines(file)) {
    return text.trimStart().startsWith('[')
      ? replaySenml(file, Date.now(), options)
      : replayLorawan(file, options);
  }
  throw new Error(`${file}: is empty`);
}
