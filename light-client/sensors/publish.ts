/** Publishes frames as SenML packs, as their sensors would: at QoS 1, each device on its own topic `[RDG-5]`. */

import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type IClientOptions, type IClientPublishOptions, type MqttClient } from 'mqtt';
import type { Frame, UnsignedFrame } from '../../consensus/vertex/frame.ts';
import { packOf } from '../intake/packs.ts';
import { type Credentials, MqttError, setNoDelay, targetOf } from '../mqtt/connection.ts';
import { contentTypes, type SenmlFormat } from '../senml/pack.ts';

export interface PublishOptions extends Credentials {
  readonly protocolVersion?: 4 | 5;
  readonly format?: SenmlFormat;
  /** Seconds of the frames' own time in each second of ours; `Infinity`, the default, does not wait. */
  readonly speed?: number;
  /** Messages sent and not yet acknowledged by the broker, at most. */
  readonly inFlightMax?: number;
  /** Called after each acknowledged frame. */
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Stops early, without an error. */
  readonly signal?: AbortSignal;
}

export interface PublishProgress {
  readonly published: number;
  /** Time of the frame acknowledged last. */
  readonly timeMs: number;
}

const UNSIGNED = new Uint8Array(0);

export const INTAKE_TOPIC = 'tally/+/senml';

export function topicOf(device: string): string {
  return `tally/${device.replaceAll(/[^A-Za-z0-9._:-]/g, '_')}/senml`;
}

/**
 * Resolves with the number of frames that the broker acknowledged; rejects with MqttError when it cannot be
 * reached at the start. Once connected, a lost connection is made again and what was not acknowledged sent again.
 */
export async function publishFrames(
  frames: AsyncIterable<Frame | UnsignedFrame> | Iterable<Frame | UnsignedFrame>,
  options: PublishOptions,
): Promise<number> {
  const { format = 'json', speed = Number.POSITIVE_INFINITY, inFlightMax = 64, onProgress, signal } = options;
  if (!(speed > 0)) throw new RangeError(`"speed" expected a number above 0, got ${speed}`);
  const client = await connect(options);
  const publishOptions: IClientPublishOptions = {
    qos: 1,
    ...(options.protocolVersion === 5 ? { properties: { contentType: contentTypes[format] } } : {}),
  };
  let published = 0;
  let sending = 0;
  let failure: unknown;
  let wake = (): void => {};
  const woken = () => new Promise<void>((resolve) => (wake = resolve));
  const stopped = () => failure !== undefined || signal?.aborted === true;
  const wakeOnAbort = () => wake();
  signal?.addEventListener('abort', wakeOnAbort);

  const send = async (frame: Frame): Promise<void> => {
    const payload = Buffer.from(packOf(frame, format));
    sending++;
    try {
      await client.publishAsync(topicOf(frame.device), payload, publishOptions);
      published++;
      onProgress?.({ published, timeMs: frame.time });
    } catch (error) {
      failure ??= error;
    }
    sending--;
    wake();
  };
  try {
    const pace = makePace(speed, signal);
    for await (const frame of frames) {
      await pace(frame.time);
      while (sending >= inFlightMax && !stopped()) await woken();
      if (stopped()) break;
      void send({ signature: UNSIGNED, ...frame });
    }
    while (sending > 0 && !stopped()) await woken();
  } finally {
    signal?.removeEventListener('abort', wakeOnAbort);
    await client.endAsync(stopped());
  }
  if (failure !== undefined && !signal?.aborted) {
    throw new MqttError(`publishing failed at ${targetOf(options).shown}`, { cause: failure });
  }
  return published;
}

async function connect(options: PublishOptions): Promise<MqttClient> {
  const { url, shown, login } = targetOf(options);
  const settings: IClientOptions = {
    protocolVersion: options.protocolVersion ?? 4,
    clean: true,
    reconnectPeriod: 500,
    ...login,
  };
  try {
    const client = await mqtt.connectAsync(url, settings, false);
    // mqtt.js connects again by itself; without a listener its errors would end the process.
    client.on('error', () => {});
    client.on('connect', () => setNoDelay(client));
    setNoDelay(client);
    return client;
  } catch (cause) {
    throw new MqttError(`no connection to the MQTT broker at ${shown}`, { cause });
  }
}

/** Waits until a frame is due, counted from the first one. */
function makePace(speed: number, signal: AbortSignal | undefined): (timeMs: number) => Promise<void> {
  let origin: { readonly realMs: number; readonly timeMs: number } | undefined;
  return async (timeMs) => {
    origin ??= { realMs: performance.now(), timeMs };
    const waitMs = origin.realMs + (timeMs - origin.timeMs) / speed - performance.now();
    // A shorter wait than a timer can keep would only slow the stream down.
    if (waitMs > 2) await sleep(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  };
}
