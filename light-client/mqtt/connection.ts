/** What every MQTT client of ours shares: address and credentials, the wait between attempts, what errors may say. */

import { Socket } from 'node:net';
import type { IClientOptions, MqttClient } from 'mqtt';

const BACKOFF_MIN_MS = 250;
const BACKOFF_MAX_MS = 30_000;

export class MqttError extends Error {
  override readonly name = 'MqttError';
}

export interface Credentials {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`; it may carry user and password. */
  readonly url: string;
  /** Comes before the URL's user. */
  readonly username?: string;
  readonly password?: string;
}

export interface Target {
  /** Without user, password and fragment. */
  readonly url: string;
  /** For messages: without path and query as well. */
  readonly shown: string;
  readonly login: Pick<IClientOptions, 'username' | 'password'>;
}

/** Takes an address apart, so that no secret reaches a message. Throws TypeError on what is no broker's URL. */
export function targetOf({ url, username, password }: Credentials): Target {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (
    parsed === undefined ||
    parsed.host === '' ||
    !['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(parsed.protocol)
  ) {
    throw new TypeError('"url" expected mqtt://host:port, mqtts://, ws:// or wss://');
  }
  const user = username ?? decodeURIComponent(parsed.username);
  const secret = password ?? decodeURIComponent(parsed.password);
  parsed.username = '';
  parsed.password = '';
  parsed.hash = '';
  return {
    url: parsed.href,
    shown: `${parsed.protocol}//${parsed.host}`,
    login: { ...(user === '' ? {} : { username: user }), ...(secret === '' ? {} : { password: secret }) },
  };
}

/** Doubles from a quarter of a second to half a minute. */
export function backoffMs(attempt: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(attempt, 20));
}

/**
 * Sends small packets at once. mqtt.js leaves Nagle's algorithm on, and with the peer's delayed acknowledgements that
 * costs 40 ms whenever the window of messages in flight is full.
 */
export function setNoDelay({ stream }: MqttClient): void {
  if ((stream as unknown) instanceof Socket) (stream as unknown as Socket).setNoDelay(true);
}
