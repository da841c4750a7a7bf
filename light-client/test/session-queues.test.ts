import { setImmediate as turn } from 'node:timers/promises';
import mqtt from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startEmbeddedBroker } from '../mqtt/broker.ts';
import { type SessionClient, SessionQueues, type Stored } from '../mqtt/session-queues.ts';
import { until } from './brokers.ts';

const test = suite('session queues');

const connection = (clean = false): SessionClient => ({ id: 'gateway', clean });
const message = (brokerCounter: number, messageId?: number): Stored => ({
  cmd: 'publish',
  brokerCounter,
  messageId,
});

async function store(queues: SessionQueues, ...counters: number[]): Promise<void> {
  for (const counter of counters) await queues.outgoingEnqueue({ clientId: 'gateway' }, message(counter));
}

/** What aedes does with a backlog: it updates each packet and writes it. */
async function write(queues: SessionQueues, client: SessionClient, most = Infinity): Promise<Stored[]> {
  const written: Stored[] = [];
  for await (const stored of queues.outgoingStream(client) as AsyncIterable<Stored>) {
    const packet = message(stored.brokerCounter!, 7);
    await queues.outgoingUpdate(client, packet);
    written.push(packet);
    if (written.length === most) break;
  }
  return written;
}

const counters = (packets: readonly Stored[]) => packets.map(({ brokerCounter }) => brokerCounter);

test('a message stays until it is acknowledged, under the identifier that it got first', async () => {
  const queues = new SessionQueues();
  await store(queues, 1, 2, 3);
  const first = await write(queues, connection());
  assert.equal(counters(first), [1, 2, 3]);
  assert.is(new Set(first.map(({ messageId }) => messageId)).size, 3, 'one identifier each, not aedes’ own');
  assert.equal(
    first.map(({ dup }) => dup),
    [false, false, false],
  );
  const client = connection();
  const acknowledged = await queues.outgoingClearMessageId(client, { messageId: first[1]!.messageId });
  assert.is(acknowledged?.brokerCounter, 2);
  assert.is(await queues.outgoingClearMessageId(client, { messageId: first[1]!.messageId }), undefined);
  await store(queues, 4);
  const second = await write(queues, connection());
  assert.equal(
    second.map(({ brokerCounter, messageId, dup }) => [brokerCounter, messageId, dup]),
    [
      [1, first[0]!.messageId, true],
      [3, first[2]!.messageId, true],
      [4, first[2]!.messageId! + 1, false],
    ],
  );
});

test('an identifier is given again only when its message is gone', async () => {
  const queues = new SessionQueues();
  const client = connection();
  await write(queues, client);
  await store(queues, 1);
  const oldest = message(1);
  await queues.outgoingUpdate(client, oldest);
  for (let counter = 2; counter <= 65_536; counter++) {
    await store(queues, counter);
    const packet = message(counter);
    await queues.outgoingUpdate(client, packet);
    assert.is.not(packet.messageId, oldest.messageId);
    await queues.outgoingClearMessageId(client, packet);
  }
  assert.equal(counters(await write(queues, connection())), [1]);
});

test('none is left when every identifier is in use', async () => {
  const queues = new SessionQueues();
  const client = connection();
  for (let counter = 1; counter <= 65_536; counter++) await store(queues, counter);
  for (let counter = 1; counter <= 65_535; counter++) await queues.outgoingUpdate(client, message(counter));
  const error = await queues.outgoingUpdate(client, message(65_536)).catch((reason: Error) => reason);
  assert.is((error as Error).message, 'every packet identifier is in use');
  await queues.outgoingClearMessageId(client, { messageId: 30_000 });
  const packet = message(65_536);
  await queues.outgoingUpdate(client, packet);
  assert.is(packet.messageId, 30_000);
});

test('what arrives goes at once only when nothing older waits, and only once', async () => {
  const queues = new SessionQueues();
  await store(queues, 1, 2);
  const client = connection();
  assert.is(queues.forward(client, message(2)), null, 'the backlog has not begun');
  const written: number[] = [];
  for await (const stored of queues.outgoingStream(client) as AsyncIterable<Stored>) {
    const counter = stored.brokerCounter!;
    if (counter === 1) await store(queues, 3);
    assert.is(queues.forward(client, message(3)), null, `message ${counter} is on its way`);
    assert.ok(queues.forward(client, message(counter, 1)), 'the backlog itself passes');
    await turn();
    await queues.outgoingUpdate(client, message(counter));
    written.push(counter);
  }
  assert.equal(written, [1, 2, 3]);
  assert.is(queues.forward(client, message(3)), null, 'it went with the backlog');
  // As aedes does with one that was held back.
  assert.is(await queues.outgoingClearMessageId(client, message(3)), undefined);
  await store(queues, 4);
  assert.ok(queues.forward(client, message(4)));
  assert.is(queues.forward(connection(), message(4)), null, 'not to a connection that has no backlog yet');
  await queues.outgoingUpdate(client, message(4));
  assert.is(queues.forward(client, message(4)), null);
  assert.ok(queues.forward(client, message(5)), 'not stored: it matches a subscription at QoS 0');
  assert.equal(counters(await write(queues, connection())), [1, 2, 3, 4], 'none was acknowledged');
});

test('a connection that ends during its backlog leaves all of it to the next', async () => {
  const queues = new SessionQueues();
  await store(queues, 1, 2, 3, 4);
  assert.equal(counters(await write(queues, connection(), 2)), [1, 2]);
  const next = connection();
  assert.is(queues.forward(next, message(4)), null);
  assert.equal(counters(await write(queues, next)), [1, 2, 3, 4]);
});

test('a clean session forgets what the one before was owed', async () => {
  const queues = new SessionQueues();
  await store(queues, 1);
  const clean = connection(true);
  assert.equal(await write(queues, clean), []);
  assert.ok(queues.forward(clean, message(2)));
  assert.equal(await write(queues, connection()), []);
});

test('a packet that the session does not hold is refused', async () => {
  const queues = new SessionQueues();
  const error = await queues.outgoingUpdate(connection(), message(1)).catch((reason: Error) => reason);
  assert.is((error as Error).message, 'no such packet');
});

test('QoS 2 ends with the PUBCOMP, through a lost connection', async () => {
  const broker = await startEmbeddedBroker();
  const connect = () =>
    mqtt.connectAsync(broker.url, {
      protocolVersion: 4,
      clientId: 'exact',
      clean: false,
      reconnectPeriod: 0,
    });
  const first = await connect();
  await first.subscribeAsync('a', { qos: 2 });
  const publisher = await mqtt.connectAsync(broker.url, { protocolVersion: 4 });
  const pubrels = new Promise((resolve) => {
    first.on('packetreceive', ({ cmd }) => {
      if (cmd !== 'pubrel') return;
      first.stream.destroy();
      resolve(cmd);
    });
  });
  await publisher.publishAsync('a', 'once', { qos: 2 });
  await pubrels;
  await first.endAsync(true);
  const again: string[] = [];
  const second = await mqtt.connectAsync(broker.url, { protocolVersion: 4, clientId: 'exact', clean: false });
  second.on('packetreceive', ({ cmd }) => void again.push(cmd));
  await publisher.publishAsync('a', 'twice', { qos: 2 });
  await until(() => again.filter((cmd) => cmd === 'pubrel').length === 2, 'both PUBRELs');
  assert.equal(
    again.filter((cmd) => cmd === 'publish'),
    ['publish'],
    'the first is not published again',
  );
  await second.endAsync();
  await publisher.endAsync();
  await broker.close();
});

test.run();
