/** A load generator: a process that drives some lanes, as the bench tells it over its channel. */

import '../../node/polyfill.ts';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import { makePayloads } from '../workload/readings.ts';
import { Lane, type LaneOptions } from './lane.ts';
import { carryOutLoad, type DumpOrder, type NumberedLane, obey, type StepOrder } from './load-orders.ts';

/** Different batches that a lane takes in turns. */
const PAYLOADS = 64;

export interface OpenOrder {
  readonly type: 'open';
  /** Hex. */
  readonly network: string;
  readonly checkpoint: string;
  readonly lanes: readonly Pick<LaneOptions, 'lane' | 'nodes'>[];
}

export type Order = OpenOrder | StepOrder | DumpOrder | { readonly type: 'close' };

let lanes: NumberedLane<Lane>[] = [];
let network = new Uint8Array(0);

async function carryOut(order: Order): Promise<void> {
  switch (order.type) {
    case 'open': {
      installNativePrimitives();
      network = Uint8Array.from(fromHex(order.network)!);
      const checkpoint = fromHex(order.checkpoint)!;
      lanes = await Promise.all(
        order.lanes.map(async (options) => ({
          number: options.lane,
          lane: await Lane.open({ ...options, network, checkpoint }),
        })),
      );
      return;
    }
    case 'sign': {
      const { count, readings } = order;
      const payloads = readings === 0 ? [] : makePayloads(PAYLOADS, readings, network, Date.now());
      for (const { lane } of lanes) lane.sign(count, payloads);
      return;
    }
    case 'close':
      await Promise.all(lanes.map(({ lane }) => lane.close()));
      process.disconnect();
      return;
    default:
      return carryOutLoad(order, lanes, toHex);
  }
}

obey(carryOut);
