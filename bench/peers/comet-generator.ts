/** A load generator for the peer: a process that drives some lanes, as the bench tells it over its channel. */

import '../../node/polyfill.ts';
import { writeFile } from 'node:fs/promises';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import type { Answer, LaneRecord, StepOrder } from '../cluster/generator.ts';
import { CometLane, type CometLaneOptions } from './comet-lane.ts';

export type CometOrder =
  | { readonly type: 'open'; readonly lanes: readonly CometLaneOptions[] }
  | StepOrder
  | { readonly type: 'dump'; readonly file: string };

let lanes: { readonly number: number; readonly lane: CometLane }[] = [];

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
    case 'run':
      await Promise.all(lanes.map(({ lane }) => lane.run(order.verticesPerS, order.durationMs)));
      return;
    case 'drain':
      await Promise.all(lanes.map(({ lane }) => lane.drain(order.withinMs)));
      return;
    case 'dump': {
      const { user, system } = process.cpuUsage();
      const records = lanes.map(
        ({ number, lane }): LaneRecord => ({
          lane: number,
          vertices: lane.sent.map(({ id, dueMs, takenMs }) => [id, dueMs, takenMs ?? null]),
          ...{ heads: [...lane.heads], refused: lane.refused, processCpuMs: (user + system) / 1_000 },
        }),
      );
      return writeFile(order.file, JSON.stringify(records));
    }
  }
}

process.on('message', (order: CometOrder) => {
  carryOut(order).then(
    () => process.connected && process.send!({ type: 'done' } satisfies Answer),
    (error: Error) =>
      process.send!({ type: 'failed', message: error.stack ?? error.message } satisfies Answer),
  );
});
process.once('disconnect', () => process.exit());
