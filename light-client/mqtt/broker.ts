/** Brokers for the demo and for tests, on a free port of the loopback: aedes inside this process, or Mosquitto. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Aedes } from 'aedes';
import { freePort } from '../../node/config/free-ports.ts';
import { MqttError } from './connection.ts';
import { SessionQueues } from './session-queues.ts';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
/**
 * Ends the broker when file descriptor 3 closes: at `close`, and also when this process is killed. It is asked until it
 * is gone: Mosquitto forgets a signal that comes between its saying that it runs and its main loop.
 */
const UNTIL_WE_END =
  '"$0" -c "$1" 3<&- & broker=$!; { read -r _ <&3; while kill $broker; do sleep 1; done; } 2>&- & wait $broker';

export interface Broker {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Speaks MQTT 3.1.1 only. Sessions and queued messages live in memory, without a limit; retained messages are
 * delivered and not kept.
 */
export async function startEmbeddedBroker(port = 0): Promise<Broker> {
  const queues = new SessionQueues();
  const aedes = await Aedes.createBroker({ authorizeForward: queues.forward });
  replaceMethods((aedes as unknown as { readonly persistence: object }).persistence, queues);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  const url = `mqtt://${HOST}:${await listen(server, port)}`;
  return {
    url,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Everything else of aedes' persistence, which its types leave out, stays: subscriptions, wills, QoS 2 from publishers. */
function replaceMethods(persistence: object, queues: SessionQueues): void {
  Object.assign(persistence, {
    outgoingEnqueue: queues.outgoingEnqueue.bind(queues),
    outgoingEnqueueCombi: queues.outgoingEnqueueCombi.bind(queues),
    outgoingUpdate: queues.outgoingUpdate.bind(queues),
    outgoingClearMessageId: queues.outgoingClearMessageId.bind(queues),
    outgoingStream: queues.outgoingStream.bind(queues),
    storeRetained: queues.storeRetained.bind(queues),
  });
}

/** Path of the `mosquitto` program, or `undefined` where it is not installed. */
export function findMosquitto(): string | undefined {
  // Debian installs it where the PATH of ordinary users does not reach.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'mosquitto')).find(isExecutable);
}

/** Speaks MQTT 3.1.1 and 5. Throws MqttError where it is not installed or does not start. */
export async function startMosquitto(port = 0): Promise<Broker> {
  const program = findMosquitto();
  if (program === undefined)
    throw new MqttError('mosquitto is not installed: try "apt-get install mosquitto"');
  const chosen = port === 0 ? await freePort() : port;
  const folder = await mkdtemp(join(tmpdir(), 'tally-mosquitto-'));
  const config = join(folder, 'mosquitto.conf');
  await writeFile(config, mosquittoConfig(chosen));
  const child = spawn('/bin/sh', ['-c', UNTIL_WE_END, program, config], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [, , stderr, leash] = child.stdio as unknown as [null, null, Readable, Writable];
  let log = '';
  let running = (_: boolean): void => {};
  const started = new Promise<boolean>((resolve) => {
    running = resolve;
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-2000);
    // Not a connection to the port: another program may have taken it, and would accept.
    if (/mosquitto version \S+ running/.test(log)) running(true);
  });
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      log += String(error);
      resolve();
    });
    child.once('exit', () => resolve());
  });
  const close = async (): Promise<void> => {
    leash.destroy();
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const timer = setTimeout(() => running(false), START_TIMEOUT_MS);
  const up = await Promise.race([started, exited.then(() => false)]);
  clearTimeout(timer);
  if (!up) {
    await close();
    throw new MqttError(`mosquitto did not start on port ${chosen}: ${log.trim() || 'no message'}`);
  }
  return { url: `mqtt://${HOST}:${chosen}`, close };
}

function mosquittoConfig(port: number): string {
  return [
    `listener ${port} ${HOST}`,
    'allow_anonymous true',
    'persistence false',
    // A gateway that is away loses nothing; 0 means no limit.
    'max_queued_messages 0',
    'set_tcp_nodelay true',
    'max_inflight_messages 256',
    'log_dest stderr',
    'log_type error',
    'log_type warning',
    'log_type information',
    'connection_messages false',
    // Started as root it would change user, and the temporary folder is ours alone.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    '',
  ].join('\n');
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
