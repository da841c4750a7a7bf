/** The brokers that MQTT tests run against, each with a protocol version that it speaks. */

import mqtt from 'mqtt';
import { type Broker, findMosquitto, startEmbeddedBroker, startMosquitto } from '../mqtt/broker.ts';

export interface BrokerKind {
  readonly name: string;
  readonly protocolVersion: 4 | 5;
  start(port?: number): Promise<Broker>;
}

export function brokerKinds(): readonly BrokerKind[] {
  const embedded: BrokerKind = { name: 'aedes, MQTT 3.1.1', protocolVersion: 4, start: startEmbeddedBroker };
  if (findMosquitto() === undefined) {
    console.log('skipped: mosquitto not installed');
    return [embedded];
  }
  return [
    embedded,
    { name: 'mosquitto, MQTT 3.1.1', protocolVersion: 4, start: startMosquitto },
    { name: 'mosquitto, MQTT 5', protocolVersion: 5, start: startMosquitto },
  ];
}

/** Publishes raw payloads at QoS 1 and waits for the broker to take them. */
export async function publishRaw(
  url: string,
  payloads: readonly (string | Uint8Array)[],
  topic = 'tally/x/senml',
): Promise<void> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4 });
  await Promise.all(payloads.map((payload) => client.publishAsync(topic, Buffer.from(payload), { qos: 1 })));
  await client.endAsync();
}

export async function until(condition: () => boolean, what: string, timeoutMs = 40_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
