/** Noise with fewer packets: what one turn sends travels as one, whole and in order, to a peer that speaks plain Noise. */

import { noise } from '@chainsafe/libp2p-noise';
import type { Connection, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../polyfill.ts';
import { gatheredNoise } from '../libp2p/gathered-noise.ts';
import { AlteringRelay } from './altering-relay.ts';

const test = suite('gathered noise');

const PROTOCOL = '/test/1';
const MESSAGES = 100;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const message = (number: number) => new Uint8Array(20).fill(number);
const expected = Buffer.concat(Array.from({ length: MESSAGES }, (_, number) => message(number)));

const start = (encrypter: typeof noise, listen: string[]): Promise<Libp2p> =>
  createLibp2p({
    ...{ addresses: { listen }, transports: [tcp()], streamMuxers: [yamux()] },
    ...{ connectionEncrypters: [encrypter()], connectionMonitor: { enabled: false } },
  });

interface Line {
  readonly relay: AlteringRelay;
  readonly connection: Connection;
  readonly stream: Stream;
  /** What the other end has heard. */
  received(): Buffer;
}

/** A stream through a relay to a peer that speaks plain Noise. */
async function onLine(encrypter: typeof noise, use: (line: Line) => Promise<void>): Promise<void> {
  const listener = await start(noise, ['/ip4/127.0.0.1/tcp/0']);
  const dialler = await start(encrypter, []);
  const chunks: Uint8Array[] = [];
  await listener.handle(PROTOCOL, (stream) => {
    stream.addEventListener('message', ({ data }) => void chunks.push(data.subarray()));
  });
  const port = Number(/tcp\/(\d+)/.exec(String(listener.getMultiaddrs()[0]))![1]);
  const relay = await AlteringRelay.before(port);
  const connection = await dialler.dial(multiaddr(relay.multiaddr));
  const stream = await connection.newStream(PROTOCOL);
  await pause(100);
  await use({ relay, connection, stream, received: () => Buffer.concat(chunks) });
  await Promise.all([relay.close(), dialler.stop(), listener.stop()]);
}

/** Sends many small messages in one turn; how many packets they travel in. */
async function packetsOfMany({ relay, stream, received }: Line): Promise<number> {
  const said = relay.from('dialler');
  said.hold();
  for (let number = 0; number < MESSAGES; number++) stream.send(message(number));
  await pause(100);
  const { held } = said;
  said.release(held);
  await pause(100);
  assert.equal(received(), expected);
  return held.length;
}

test('a hundred messages of one turn are one packet, and arrive whole and in order', () =>
  onLine(gatheredNoise as typeof noise, async (line) => assert.is(await packetsOfMany(line), 1)));

test('plain Noise makes a packet of each, so the count above means something', () =>
  onLine(noise, async (line) => assert.ok((await packetsOfMany(line)) >= MESSAGES)));

test('what was sent just before a close is not lost', () =>
  onLine(gatheredNoise as typeof noise, async ({ stream, connection, received }) => {
    stream.send(expected);
    await connection.close();
    await pause(100);
    assert.equal(received(), expected);
  }));

test.run();
