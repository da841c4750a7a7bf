/** The flooder: a process of its own with an enrolled key and our own network stack, which sends as fast as it is told. */

import '../../node/polyfill.ts';
import { setPriority } from 'node:os';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { peerMessage } from '../../consensus/wire/messages.ts';
import { lightRequest, lightResponse, SUBMITTED_TOGETHER_MAX } from '../../light-client/protocol/messages.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { connectLight } from '../../node/libp2p/light-link.ts';
import { startNetwork } from '../../node/libp2p/network.ts';
import { obey } from '../cluster/load-orders.ts';
import { pause, REQUESTS_MAX, until } from '../cluster/schedule.ts';
import {
  type FloodKind,
  type Made,
  makeBundle,
  makeGarbage,
  makeVertices,
  roundFrom,
  type Target,
} from './ammunition.ts';

/** Different vertices of a kind, sent round and round: more than any author may say in a flood's time. */
const VERTICES = 20_000;
const TICK_MS = 5;
const ANSWER_MS = 5_000;
const LOWEST_PRIORITY = 19;

export interface AimOrder {
  readonly type: 'aim';
  /** Seed of its key, and the rest, hex. */
  readonly secret: string;
  readonly network: string;
  readonly checkpoint: string;
  readonly honest: readonly string[];
  readonly nodes: readonly { readonly key: string; readonly multiaddr: string }[];
}
export interface FloodOrder {
  readonly type: 'flood';
  readonly kind: FloodKind;
  /** To each node. */
  readonly verticesPerS: number;
  readonly durationMs: number;
}
export type Order = AimOrder | FloodOrder;

/** What a flood came to. */
export interface FloodReport {
  /** Vertices, or pieces of garbage, offered to each node, and bytes of them. */
  readonly sent: number;
  readonly bytes: number;
  /** Frames that its own queues would not take. */
  readonly dropped: number;
  readonly durationMs: number;
  readonly cpuMs: number;
  /** Ids (hex) of valid vertices that it offered, as far as there were any. */
  readonly ids: readonly string[];
}

let aimed: { readonly order: AimOrder; readonly target: Target } | undefined;

async function carryOut(order: Order): Promise<FloodReport | undefined> {
  if (order.type === 'aim') {
    installNativePrimitives();
    // In life it has a machine of its own. Here it may have only what the validators leave.
    setPriority(LOWEST_PRIORITY);
    const bytesOf = (hex: string) => Uint8Array.from(fromHex(hex)!);
    const target: Target = {
      ...{ network: bytesOf(order.network), checkpoint: bytesOf(order.checkpoint), startMs: Date.now() },
      ...{ flooder: nativeSigner(bytesOf(order.secret)), honest: order.honest.map(bytesOf) },
    };
    aimed = { order, target };
    return undefined;
  }
  if (aimed === undefined) throw new Error('it was not told whom to flood');
  const { kind } = order;
  const made: Made | undefined =
    kind === 'garbage'
      ? undefined
      : makeVertices(kind === 'at the door' ? 'forged' : kind, VERTICES, aimed.target);
  const cpu = process.cpuUsage();
  const startMs = Date.now();
  const done = kind === 'at the door' ? await floodDoor(order, made!) : await floodPeers(order, made);
  const { user, system } = process.cpuUsage(cpu);
  return {
    ...done,
    ...{ durationMs: Date.now() - startMs, cpuMs: (user + system) / 1_000 },
    ids: kind === 'beyond its allowance' ? made!.ids.map(toHex) : [],
  };
}

type Done = Pick<FloodReport, 'sent' | 'bytes' | 'dropped'>;

/** Gossip and messages of the direct stream in turns. */
async function floodPeers({ verticesPerS, durationMs }: FloodOrder, made: Made | undefined): Promise<Done> {
  const { order } = aimed!;
  const nothing = () => {};
  const network = await startNetwork({
    ...{ secret: Uint8Array.from(fromHex(order.secret)!), network: order.network, listen: [] },
    peers: order.nodes,
    handlers: {
      ...{
        admits: () => true,
        onConnect: nothing,
        onDisconnect: nothing,
        onMessage: nothing,
        onRefused: nothing,
      },
      ...{ onGossip: () => 'ignore', onRequest: async () => new Uint8Array(0) },
    },
    limits: { queueBytesMax: 4 << 20 },
  });
  try {
    await until(() => network.peers.length === order.nodes.length, 60_000, 'it is connected to all');
    let [sent, bytes] = [0, 0];
    let isGossip = true;
    await paced(verticesPerS, durationMs, (number) => {
      const { data, count } =
        made === undefined ? { data: makeGarbage(), count: 1 } : makeBundle(made.envelopes, number);
      if (isGossip) network.gossip(data);
      else {
        const frame = made === undefined ? data : directFrame(made, number, count);
        for (const { key } of order.nodes) network.send(key, frame);
      }
      isGossip = !isGossip;
      sent += count;
      bytes += data.length;
      return count;
    });
    return { sent, bytes, dropped: network.stats().dropped };
  } finally {
    await network.close();
  }
}

function directFrame({ envelopes }: Made, at: number, count: number): Uint8Array {
  return peerMessage.encode({ type: 'vertices', vertices: roundFrom(envelopes, at, count) });
}

/** Forged vertices and valid ones beyond the allowance in turns, through the light protocol of every node. */
async function floodDoor({ verticesPerS, durationMs }: FloodOrder, forged: Made): Promise<Done> {
  const { order, target } = aimed!;
  const valid = makeVertices('beyond its allowance', VERTICES, target);
  const secret = Uint8Array.from(fromHex(order.secret)!);
  const link = await connectLight({ secret, network: order.network, nodes: order.nodes });
  try {
    await until(() => link.nodes.every(({ up }) => up), 60_000, 'its links are up');
    let [sent, bytes, dropped, requests, underWay] = [0, 0, 0, 0, 0];
    await paced(verticesPerS, durationMs, (number) => {
      if (underWay > REQUESTS_MAX * order.nodes.length) return 0;
      const { envelopes } = requests % 2 === 0 ? forged : valid;
      const some = roundFrom(envelopes, number, SUBMITTED_TOGETHER_MAX);
      requests += 1;
      const frame = lightRequest.encode({ id: requests, body: { type: 'submitMany', envelopes: some } });
      for (const [place] of order.nodes.entries()) {
        underWay += 1;
        link
          .request(place, frame, ANSWER_MS)
          .then((answer) => lightResponse.decode(answer))
          .catch(() => (dropped += 1))
          .finally(() => (underWay -= 1));
      }
      sent += some.length;
      bytes += frame.length;
      return some.length;
    });
    return { sent, bytes, dropped };
  } finally {
    await link.close();
  }
}

/** Calls `send` until so many a second are sent; it gives how many went, 0 when it cannot send more now. */
async function paced(perS: number, durationMs: number, send: (number: number) => number): Promise<void> {
  const startMs = Date.now();
  let sent = 0;
  while (Date.now() < startMs + durationMs) {
    const due = (perS * (Date.now() - startMs)) / 1_000;
    // A tick that could not keep up is not made good: a flooder has no more than its machine gives.
    const most = Date.now() + 2 * TICK_MS;
    while (sent < due && Date.now() < most) {
      const went = send(sent);
      if (went === 0) break;
      sent += went;
    }
    await pause(TICK_MS);
  }
}

obey(carryOut);
