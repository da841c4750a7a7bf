/** A load generator: a process that drives some lanes, as the bench tells it over its channel. */

import '../../node/polyfill.ts';
import { writeFile } from 'node:fs/promises';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import { makePayloads } from '../workload/readings.ts';
import { Lane, type LaneOptions } from './lane.ts';

/** Different batches that a lane takes in turns. */
const PAYLOADS = 64;

export interface OpenOrder {
  readonly type: 'open';
  /** Hex. */
  readonly network: string;
  readonly checkpoint: string;
  readonly lanes: readonly Pick<LaneOptions, 'lane' | 'nodes'>[];
}

/** What the steps of a run ask of a generator, whichever system it loads. */
export type StepOrder =
  /** So many for each lane, with so many readings each; with 0 a vertex commits to a batch that goes nowhere. */
  | { readonly type: 'sign'; readonly count: number; readonly readings: number }
  /** Of each lane. */
  | { readonly type: 'run'; readonly verticesPerS: number; readonly durationMs: number }
  | { readonly type: 'drain'; readonly withinMs: number };

export type Order =
  | OpenOrder
  | StepOrder
  /** Writes what was sent, as `LaneRecord`s in JSON. */
  | { readonly type: 'dump'; readonly file: string }
  | { readonly type: 'close' };

export type Answer = { readonly type: 'done' } | { readonly type: 'failed'; readonly message: string };

/** What a lane sent, and when it was shown each height. */
export interface LaneRecord {
  readonly lane: number;
  /** Id (hex), due and taken, ms since 1970; null when no node took it. */
  readonly vertices: readonly (readonly [id: string, dueMs: number, takenMs: number | null])[];
  readonly heads: readonly (readonly [height: number, atMs: number])[];
  readonly refused: { readonly [code: string]: number };
  /** Of this lane's whole process, ms of CPU since it was opened. */
  readonly processCpuMs: number;
}

let lanes: { readonly number: number; readonly lane: Lane }[] = [];
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
          vertices: lane.sent.map(({ id, dueMs, takenMs }) => [toHex(id), dueMs, takenMs ?? null]),
          ...{ heads: [...lane.heads], refused: lane.refused, processCpuMs: (user + system) / 1_000 },
        }),
      );
      return writeFile(order.file, JSON.stringify(records));
    }
    case 'close':
      await Promise.all(lanes.map(({ lane }) => lane.close()));
      process.disconnect();
  }
}

process.on('message', (order: Order) => {
  carryOut(order).then(
    () => process.connected && process.send!({ type: 'done' } satisfies Answer),
    (error: Error) =>
      process.send!({ type: 'failed', message: error.stack ?? error.message } satisfies Answer),
  );
});
// The bench is gone: nobody wants the load any more.
process.once('disconnect', () => process.exit());
