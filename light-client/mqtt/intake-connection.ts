/**
 * The gateway's side of MQTT 3.1.1 and 5: QoS 1, a session that outlives the connection, and a PUBACK only once
 * `onMessage` has resolved. What was not acknowledged comes again, so nothing is lost in a crash.
 *
 * How acknowledgements are held back: mqtt.js hands over one message at a time and sends its PUBACK when
 * `handleMessage` calls back without an error. Waiting there would allow one message in flight (and a durable write
 * for each). So we call back *with* an error at once, which means "no PUBACK", and write the four bytes ourselves
 * when the message is durable. `customHandleAcks` is no alternative: it exists for MQTT 5 only and waits likewise.
 */

import mqtt, { type IClientOptions, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt';
import { backoffMs, type Credentials, MqttError, setNoDelay, type Target, targetOf } from './connection.ts';

const GIVEN_UP_FORGOTTEN_MS = 60_000;
const GOODBYE_MS = 1_000;
/** MQTT 5 brokers keep longer packets from us; under 3.1.1 the broker's own limit has to. */
const PACKET_BYTES_MAX = 2 << 20;

export interface IntakeConnectionOptions extends Credentials {
  readonly protocolVersion: 4 | 5;
  /** Names the session at the broker: the same after a restart, and no other client's. */
  readonly clientId: string;
  readonly topics: readonly string[];
  /** Messages taken and not yet acknowledged, at most. */
  readonly inFlightMax?: number;
  /** How long the broker keeps our session while we are away; MQTT 5 only, under 3.1.1 the broker decides. */
  readonly sessionExpiryS?: number;
  /** Called on every change of state, for logs; never with a payload or a secret. */
  readonly onStatus?: (status: ConnectionStatus) => void;
}

export type ConnectionStatus =
  | { readonly state: 'connected'; readonly sessionPresent: boolean }
  | { readonly state: 'subscribed' }
  | { readonly state: 'disconnected'; readonly retryInMs: number }
  | { readonly state: 'failed'; readonly error: MqttError };

export interface MessageFacts {
  readonly topic: string;
  /** MQTT 5 content type, where the sender gave one. */
  readonly contentType: string | undefined;
}

export type OnMessage = (payload: Uint8Array, facts: MessageFacts) => Promise<void>;

export interface IntakeConnection {
  /** Resolves at the first subscription that the broker granted. It never rejects: we try for ever. */
  readonly ready: Promise<void>;
  readonly connected: boolean;
  /** Messages taken and not yet acknowledged. */
  readonly inFlight: number;
  /**
   * Takes no more messages, waits up to `graceMs` for those in flight, and disconnects. Those left come again at
   * the next connection.
   */
  close(graceMs?: number): Promise<void>;
}

/** Starts connecting and never gives up; all trouble goes to `onStatus`. */
export function connectIntake(options: IntakeConnectionOptions, onMessage: OnMessage): IntakeConnection {
  const { inFlightMax = 256, sessionExpiryS = 7 * 86_400, onStatus = () => {} } = options;
  const target = targetOf(options);
  /** Attempts to connect since the last success. */
  let attempts = 0;
  /** Connections given up in a row because a message could not be taken, and when the last was. */
  let givenUp = 0;
  let givenUpMs = Number.NEGATIVE_INFINITY;
  /** Attempt and message of the last failure that was told; none since the last success. */
  let lastFailure = '';
  let closing = false;
  let inFlight = 0;
  /** The mqtt.js pipeline, held while `inFlightMax` messages wait. */
  let resume: (() => void) | undefined;
  let settled = (): void => {};
  let granted = (): void => {};
  const ready = new Promise<void>((resolve) => {
    granted = resolve;
  });

  const client = mqtt.connect(target.url, clientOptions(options, target, inFlightMax, sessionExpiryS));
  const fail = (doing: string, cause: unknown): void => {
    onStatus({ state: 'failed', error: new MqttError(`${doing} at ${target.shown}`, { cause }) });
  };

  const release = (): void => {
    // Emptied first: the pipeline may hand over the next message, and be held again, before this returns.
    const held = resume;
    resume = undefined;
    held?.();
  };
  const giveUp = (error: unknown): void => {
    const nowMs = performance.now();
    givenUp = nowMs - givenUpMs < GIVEN_UP_FORGOTTEN_MS ? givenUp + 1 : 0;
    givenUpMs = nowMs;
    client.options.reconnectPeriod = backoffMs(givenUp);
    fail('a message could not be taken', error);
    client.stream.destroy();
  };
  const take = async (packet: IPublishPacket): Promise<void> => {
    const { stream } = client;
    inFlight++;
    try {
      await onMessage(packet.payload as Buffer, {
        topic: packet.topic,
        contentType: packet.properties?.contentType,
      });
      // Only on the connection it came by: on another one its number may stand for a message nobody has stored.
      if (packet.qos > 0 && !stream.destroyed) acknowledge(stream, packet.messageId!);
    } catch (error) {
      // The broker sends it again only on a new connection; the others in flight come again with it.
      if (client.stream === stream && !stream.destroyed) giveUp(error);
    } finally {
      inFlight--;
      if (inFlight < inFlightMax) release();
      if (inFlight === 0) settled();
    }
  };

  client.handleMessage = (packet, done) => {
    if (closing) return;
    const next = (): void => done(new Error('acknowledged later'));
    void take(packet);
    if (inFlight < inFlightMax) next();
    else resume = next;
  };

  client.on('connect', (connack: IConnackPacket) => {
    const { stream } = client;
    setNoDelay(client);
    attempts = 0;
    lastFailure = '';
    client.options.reconnectPeriod = backoffMs(0);
    onStatus({ state: 'connected', sessionPresent: connack.sessionPresent });
    subscribe(client, options.topics, (error) => {
      if (error === undefined) {
        granted();
        onStatus({ state: 'subscribed' });
        return;
      }
      if (closing || stream.destroyed) return;
      fail('subscription refused', error);
      stream.destroy();
    });
  });
  client.on('reconnect', () => {
    attempts++;
    // Read by mqtt.js when this attempt's connection closes.
    client.options.reconnectPeriod = backoffMs(attempts);
  });
  client.on('close', () => {
    resume = undefined;
    if (!closing) onStatus({ state: 'disconnected', retryInMs: client.options.reconnectPeriod! });
  });
  client.on('error', (error) => {
    // mqtt.js says some errors twice; once for each attempt is enough.
    const failure = `${attempts} ${error.message}`;
    if (closing || failure === lastFailure) return;
    lastFailure = failure;
    fail('connection failed', error);
  });

  return {
    ready,
    get connected() {
      return client.connected;
    },
    get inFlight() {
      return inFlight;
    },
    close: async (graceMs = 5000) => {
      closing = true;
      if (inFlight > 0 && graceMs > 0) await within(graceMs, (resolve) => (settled = resolve));
      // Taking nothing more, we may not read as far as the broker's end of the connection: then we cut it.
      const cut = setTimeout(() => client.stream.destroy(), GOODBYE_MS);
      await client.endAsync(!client.connected || inFlight > 0);
      clearTimeout(cut);
    },
  };
}

function clientOptions(
  options: IntakeConnectionOptions,
  target: Target,
  inFlightMax: number,
  sessionExpiryS: number,
): IClientOptions {
  const { protocolVersion, clientId } = options;
  return {
    protocolVersion,
    clientId,
    clean: false,
    keepalive: 30,
    connectTimeout: 10_000,
    reconnectPeriod: backoffMs(0),
    // A broker that refuses us now may take us later: after a restart, a new password, a freed client id.
    reconnectOnConnackError: true,
    resubscribe: false,
    ...target.login,
    ...(protocolVersion === 5
      ? {
          properties: {
            sessionExpiryInterval: sessionExpiryS,
            receiveMaximum: inFlightMax,
            maximumPacketSize: PACKET_BYTES_MAX,
          },
        }
      : {}),
  };
}

/** Subscribes on every connection: topics may have changed since the broker stored our session. */
function subscribe(client: MqttClient, topics: readonly string[], done: (error: unknown) => void): void {
  client.subscribe([...topics], { qos: 1 }, (error, grants) => {
    const refused = grants?.filter(({ qos }) => qos >= 128).map(({ topic }) => topic) ?? [];
    done(error ?? (refused.length > 0 ? new Error(`not granted: ${refused.join(', ')}`) : undefined));
  });
}

/** Sends a PUBACK that says success: the same four bytes in MQTT 3.1.1 and 5. */
function acknowledge(stream: MqttClient['stream'], messageId: number): void {
  // Messages stored by one write are acknowledged by one write.
  stream.cork();
  stream.write(Uint8Array.of(0x40, 2, messageId >> 8, messageId & 255));
  process.nextTick(() => stream.uncork());
}

function within(timeoutMs: number, start: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    start(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
