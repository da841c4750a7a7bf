/** What every MQTT client of ours shares: how long to wait between attempts, and what errors may say. */

const BACKOFF_MIN_MS = 250;
const BACKOFF_MAX_MS = 30_000;

export class MqttError extends Error {
  override readonly name = 'MqttError';
}

/** Doubles from a quarter of a second to half a minute. */
export function backoffMs(attempt: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(attempt, 20));
}

/** A broker's address for messages: without user, password and query. Throws TypeError on what is no URL. */
export function describeTarget(url: string): string {
  const { protocol, host } = URL.canParse(url) ? new URL(url) : { protocol: '', host: '' };
  if (!['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(protocol)) {
    throw new TypeError('"url" expected mqtt://host:port, mqtts://, ws:// or wss://');
  }
  return `${protocol}//${host}`;
}
