/** A load generator for the peer: a process that drives some lanes, as the bench tells it over its channel. */

import '../../node/polyfill.ts';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import {
  carryOutLoad,
  type DumpOrder,
  type NumberedLane,
  obey,
  type StepOrder,
} from '../cluster/load-orders.ts';
import { CometLane, type CometLaneOptions } from './comet-lane.ts';

export type CometOrder =
  | { readonly type: 'open'; readonly lanes: readonly CometLaneOptions[] }
  | StepOrder
  | DumpOrder;

let lanes: NumberedLane<CometLane>[] = [];

async function carryOut(order: CometOrder): Promise<void> {
  switch (order.type) {
    case 'open':
      installNativePrimitives();
      lanes = await Promise.all(
        order.lanes.map(async (options) => ({ number: options.lane, lane: await CometLane.open(options) })),
      );
      return;
    case 'sign':
      for (const { lane } of lanes) lane.sign(order.count);
      return;
    default:
      return carryOutLoad(order, lanes, (id) => id);
  }
}

obey(carryOut);
