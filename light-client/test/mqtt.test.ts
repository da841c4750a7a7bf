import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes, type AuthenticateError } from 'aedes';
import mqtt from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../../node/config/free-ports.ts';
import { type Broker, findMosquitto } from '../mqtt/broker.ts';
import { backoffMs, MqttError, targetOf } from '../mqtt/connection.ts';
import {
  type ConnectionStatus,
  connectIntake,
  type IntakeConnection,
  type IntakeConnectionOptions,
  type OnMessage,
} from '../mqtt/intake-connection.ts';
import { type BrokerKind, brokerKinds, publishRaw, until } from './brokers.ts';

const test = suite('mqtt');
const textOf = (payload: Uint8Array) => Buffer.from(payload).toString();
const never = () => new Promise<void>(() => {});
const TOPICS = ['tally/+/senml'];

/** Connections and brokers of one test, closed after it, also when it fails. */
const open: { close(): Promise<void> }[] = [];
test.after.each(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(kind: BrokerKind, port?: number): Promise<Broker> {
  const broker = await kind.start(port);
  open.push(broker);
  return broker;
}

function connect(
  kind: BrokerKind,
  url: string,
  onMessage: OnMessage,
  more: Partial<IntakeConnectionOptions> = {},
): IntakeConnection {
  const connection = connectIntake(
    { url, protocolVersion: kind.protocolVersion, clientId: 'gateway', topics: TOPICS, ...more },
    onMessage,
  );
  open.push({ close: () => connection.close(0) });
  return connection;
}

for (const kind of brokerKinds()) {
  test(`${kind.name}: a message arrives with its topic`, async () => {
    const { url } = await start(kind);
    const seen: string[] = [];
    const connection = connect(
      kind,
      url,
      async (payload, { topic, contentType }) => void seen.push(`${topic} ${textOf(payload)} ${contentType}`),
    );
    await connection.ready;
    assert.ok(connection.connected);
    await publishRaw(url, ['one']);
    await until(() => seen.length === 1, 'the message');
    assert.equal(seen, ['tally/x/senml one undefined']);
  });

  test(`${kind.name}: what was not acknowledged comes again, what was does not`, async () => {
    const { url } = await start(kind);
    const texts = Array.from({ length: 10 }, (_, i) => `m${i}`);
    const first: string[] = [];
    // Even ones are stored and acknowledged; odd ones hang as if the process had been killed while writing.
    const killed = connect(kind, url, (payload) => {
      first.push(textOf(payload));
      return Number(textOf(payload).slice(1)) % 2 === 0 ? Promise.resolve() : never();
    });
    await killed.ready;
    await publishRaw(url, texts);
    await until(() => first.length === 10, 'ten messages');
    assert.is(killed.inFlight, 5, 'several are in flight');
    await sleep(50);
    await killed.close(0);

    const second: string[] = [];
    const again = connect(kind, url, async (payload) => void second.push(textOf(payload)));
    await until(() => second.length === 5, 'redelivery');
    await sleep(100);
    assert.equal(second.sort(), ['m1', 'm3', 'm5', 'm7', 'm9']);
    await again.close();

    const third: string[] = [];
    const last = connect(kind, url, async (payload) => void third.push(textOf(payload)));
    await last.ready;
    await sleep(150);
    assert.equal(third, []);
  });

  test(`${kind.name}: messages wait at the broker while the gateway is away`, async () => {
    const { url } = await start(kind);
    const connection = connect(kind, url, async () => {});
    await connection.ready;
    await connection.close();
    const texts = Array.from({ length: 1500 }, (_, i) => `m${i}`);
    await publishRaw(url, texts);
    const seen: string[] = [];
    connect(kind, url, async (payload) => void seen.push(textOf(payload)));
    await until(() => seen.length >= 1500, 'the queue');
    await sleep(50);
    assert.equal(seen, texts, 'all of them, once, in order');
  });

  test(`${kind.name}: what waited comes before what is new, also when it comes again`, async () => {
    const { url } = await start(kind);
    await connect(kind, url, never).ready;
    await open.pop()!.close();
    let published = 0;
    let last = Number.POSITIVE_INFINITY;
    const publisher = await mqtt.connectAsync(url, { protocolVersion: 4 });
    open.push({ close: () => publisher.endAsync(true) });
    const publishOn = async (): Promise<void> => {
      while (published < last) await publisher.publishAsync('tally/x/senml', `${published++}`, { qos: 1 });
    };
    const streams = Array.from({ length: 16 }, publishOn);
    await until(() => published > 2_000, 'a backlog');

    // Taken and never acknowledged, while more arrives.
    const hung: number[] = [];
    const killed = connect(kind, url, (payload) => {
      hung.push(Number(textOf(payload)));
      return never();
    });
    await until(() => hung.length === 256, 'messages in flight');
    await killed.close(0);

    const seen: number[] = [];
    connect(kind, url, async (payload) => void seen.push(Number(textOf(payload))));
    const before = published;
    await until(() => seen.length > before, 'the backlog');
    last = published + 500;
    await Promise.all(streams);
    await until(() => seen.length >= published, 'all messages');
    await sleep(50);
    const inOrder = Array.from({ length: published }, (_, i) => i);
    assert.equal(hung, inOrder.slice(0, 256));
    assert.equal(seen, inOrder, 'all of them, once, in order');
  });

  test(`${kind.name}: no more than inFlightMax messages are taken at once`, async () => {
    const { url } = await start(kind);
    let most = 0;
    let now = 0;
    let done = 0;
    const slow: OnMessage = async () => {
      most = Math.max(most, ++now);
      // Longer than three more take to arrive, also where everything is slow.
      await sleep(25);
      now--;
      done++;
    };
    await connect(kind, url, slow, { inFlightMax: 4 }).ready;
    await publishRaw(
      url,
      Array.from({ length: 100 }, () => 'x'),
    );
    await until(() => done === 100, 'all messages');
    assert.is(most, 4);
  });

  test(`${kind.name}: a message that could not be stored is tried again`, async () => {
    const { url } = await start(kind);
    const statuses: ConnectionStatus[] = [];
    let tries = 0;
    const connection = connect(
      kind,
      url,
      async () => {
        if (++tries < 3) throw new Error('disk full');
      },
      { onStatus: (status) => statuses.push(status) },
    );
    await connection.ready;
    await publishRaw(url, ['x']);
    await until(() => tries === 3 && connection.inFlight === 0, 'the third try');
    const failures = statuses.filter(({ state }) => state === 'failed');
    assert.is(failures.length, 2);
    const [failure] = failures;
    assert.ok(failure?.state === 'failed' && failure.error instanceof MqttError);
    assert.match(failure.error.message, /^a message could not be taken at mqtt:\/\/127\.0\.0\.1:\d+$/);
    assert.is((failure.error.cause as Error).message, 'disk full');
    await sleep(100);
    assert.is(tries, 3);
  });

  test(`${kind.name}: closing waits for messages in flight and acknowledges them`, async () => {
    const { url } = await start(kind);
    let finish = (): void => {};
    let taken = 0;
    const connection = connect(kind, url, () => {
      taken++;
      return new Promise((resolve) => (finish = resolve));
    });
    await connection.ready;
    await publishRaw(url, ['x']);
    await until(() => taken === 1, 'the message');
    const closing = connection.close();
    await sleep(30);
    assert.is(connection.inFlight, 1);
    finish();
    await closing;
    assert.is(connection.inFlight, 0);
    let again = 0;
    const next = connect(kind, url, async () => void again++);
    await next.ready;
    await sleep(100);
    assert.is(again, 0);
  });

  test(`${kind.name}: closing ends, though the broker has more to send`, async () => {
    const { url } = await start(kind);
    await connect(kind, url, never).ready;
    await open.pop()!.close();
    const payload = 'x'.repeat(1_000);
    await publishRaw(
      url,
      Array.from({ length: 3_000 }, () => payload),
    );
    for (const onMessage of [never, () => sleep(1)]) {
      let taken = 0;
      const connection = connect(kind, url, () => {
        taken++;
        return onMessage();
      });
      await until(() => taken >= 256, 'messages in flight');
      const startedMs = performance.now();
      await connection.close(500);
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs < 10_000, `took ${Math.round(tookMs)} ms`);
    }
  });

  test(`${kind.name}: it connects to a broker that starts later, and again after a restart`, async () => {
    const port = await freePort();
    const first = await kind.start(port);
    await first.close();
    const statuses: string[] = [];
    const seen: string[] = [];
    const connection = connect(kind, first.url, async (payload) => void seen.push(textOf(payload)), {
      onStatus: ({ state }) => statuses.push(state),
    });
    await until(() => statuses.includes('failed') && statuses.includes('disconnected'), 'a failed attempt');
    assert.not(connection.connected);

    const second = await kind.start(port);
    await connection.ready;
    await publishRaw(second.url, ['one']);
    await until(() => seen.length === 1, 'the first message');
    await second.close();
    await until(() => !connection.connected, 'the loss to be noticed');
    const subscribedBefore = statuses.filter((state) => state === 'subscribed').length;

    const third = await start(kind, port);
    await until(
      () => statuses.filter((state) => state === 'subscribed').length > subscribedBefore,
      'a new subscription',
    );
    await publishRaw(third.url, ['two']);
    await until(() => seen.length === 2, 'the second message');
    assert.equal(seen, ['one', 'two']);
  });

  test(`${kind.name}: an acknowledgement never crosses into the next connection`, async () => {
    const { url } = await start(kind);
    const finish: (() => void)[] = [];
    const seen: string[] = [];
    const connection = connect(kind, url, (payload) => {
      seen.push(textOf(payload));
      return seen.length === 1 ? new Promise((resolve) => finish.push(resolve)) : never();
    });
    await connection.ready;
    await publishRaw(url, ['x']);
    await until(() => seen.length === 1, 'the message');
    // A second client of the same name makes the broker drop the first connection; it comes back by itself.
    const usurper = connectIntake(
      { url, protocolVersion: kind.protocolVersion, clientId: 'gateway', topics: TOPICS },
      never,
    );
    await until(() => !connection.connected, 'the takeover');
    await usurper.close(0);
    await until(() => seen.length === 2, 'redelivery on the new connection');
    finish[0]!();
    await sleep(50);
    await connection.close(0);
    const later: string[] = [];
    connect(kind, url, async (payload) => void later.push(textOf(payload)));
    await until(() => later.length === 1, 'the message, still unacknowledged');
  });
}

test('MQTT 5 carries the content type', async () => {
  const kind = brokerKinds().find(({ protocolVersion }) => protocolVersion === 5);
  if (kind === undefined) return;
  const { url } = await start(kind);
  const seen: (string | undefined)[] = [];
  await connect(kind, url, async (_, { contentType }) => void seen.push(contentType)).ready;
  const client = await mqtt.connectAsync(url, { protocolVersion: 5 });
  await client.publishAsync('tally/x/senml', 'x', {
    qos: 1,
    properties: { contentType: 'application/senml+cbor' },
  });
  await client.publishAsync('tally/x/senml', 'x', { qos: 0 });
  await client.endAsync();
  await until(() => seen.length === 2, 'both messages, the one at QoS 0 too');
  assert.equal(seen, ['application/senml+cbor', undefined]);
});

test('mosquitto ends with the process that started it, however that ends', async () => {
  if (findMosquitto() === undefined) return;
  const module = JSON.stringify(new URL('../mqtt/broker.js', import.meta.url).href);
  const script = `import(${module}).then(async ({ startMosquitto }) => console.log((await startMosquitto()).url)); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(new URL(line.toString().trim()).port);
  const listening = () =>
    new Promise<boolean>((resolve) => {
      const socket = connectSocket(port, '127.0.0.1', () => socket.destroy() && resolve(true));
      socket.once('error', () => resolve(false));
    });
  assert.ok(await listening());
  child.kill('SIGKILL');
  for (let tries = 0; (await listening()) && tries < 2_000; tries++) await sleep(20);
  assert.not(await listening());
});

test('a refused password is said without the password, and tried again', async () => {
  const aedes = await Aedes.createBroker();
  let right = false;
  aedes.authenticate = (_client, username, password, done) => {
    if (right && username === 'gw' && password?.toString() === 'geheim') return done(null, true);
    done(Object.assign(new Error('no'), { returnCode: 5 }) as AuthenticateError, null);
  };
  const server = createServer((socket) => void aedes.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  open.push({
    close: async () => {
      server.close();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  });
  const messages: string[] = [];
  const connection = connectIntake(
    {
      url: `mqtt://user:geheim@127.0.0.1:${port}`,
      protocolVersion: 4,
      clientId: 'gateway',
      username: 'gw',
      password: 'geheim',
      topics: TOPICS,
      onStatus: (status) =>
        messages.push(
          status.state === 'failed' ? `${status.error.message}: ${status.error.cause}` : status.state,
        ),
    },
    async () => {},
  );
  open.push(connection);
  await until(
    () => messages.filter((message) => message.includes('Not authorized')).length >= 2,
    'two refusals',
  );
  assert.not(messages.join().includes('geheim'));
  assert.match(messages.join(), new RegExp(`connection failed at mqtt://127.0.0.1:${port}`));
  right = true;
  await connection.ready;
});

test('backoff grows to half a minute; addresses are shown without secrets', () => {
  assert.equal([0, 1, 2, 6, 7, 8, 1e9].map(backoffMs), [250, 500, 1000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(targetOf({ url: 'mqtts://u:p%40@broker.example:8883/?x=1#y' }), {
    url: 'mqtts://broker.example:8883/?x=1',
    shown: 'mqtts://broker.example:8883',
    login: { username: 'u', password: 'p@' },
  });
  assert.equal(targetOf({ url: 'mqtt://u:p@x:1', username: 'v', password: 'q' }).login, {
    username: 'v',
    password: 'q',
  });
  assert.equal(targetOf({ url: 'ws://x/mqtt' }), { url: 'ws://x/mqtt', shown: 'ws://x', login: {} });
  for (const url of ['', 'broker', 'http://x', 'mqtt', 'mqtt:'])
    assert.throws(() => targetOf({ url }), /"url" expected/);
});

test.run();
