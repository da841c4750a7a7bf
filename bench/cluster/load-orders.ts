/** What every load generator does alike, whichever system it loads: drives its lanes, tells what they sent, answers. */

import { writeFile } from 'node:fs/promises';

/** What the steps of a run ask of a generator, whichever system it loads. */
export type StepOrder =
  /** So many for each lane, with so many readings each; with 0 a vertex commits to a batch that goes nowhere. */
  | { readonly type: 'sign'; readonly count: number; readonly readings: number }
  /** Of each lane. */
  | { readonly type: 'run'; readonly verticesPerS: number; readonly durationMs: number }
  | { readonly type: 'drain'; readonly withinMs: number };

/** Writes what was sent, as `LaneRecord`s in JSON. */
export interface DumpOrder {
  readonly type: 'dump';
  readonly file: string;
}

/** What is done alike for every system. */
export type LoadOrder = Exclude<StepOrder, { readonly type: 'sign' }> | DumpOrder;

/** `result`: what the order came to, where it asks for something. */
export type Answer =
  | { readonly type: 'done'; readonly result?: unknown }
  | { readonly type: 'failed'; readonly message: string };

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

/** A lane as the orders need it. */
export interface LoadLane<Id> {
  readonly sent: readonly { readonly id: Id; readonly dueMs: number; readonly takenMs: number | undefined }[];
  readonly heads: ReadonlyMap<number, number>;
  readonly refused: { readonly [code: string]: number };
  run(verticesPerS: number, durationMs: number): Promise<void>;
  drain(withinMs: number): Promise<void>;
}

export interface NumberedLane<L> {
  readonly number: number;
  readonly lane: L;
}

/** `nameOf`: an id as the records have it. */
export async function carryOutLoad<Id>(
  order: LoadOrder,
  lanes: readonly NumberedLane<LoadLane<Id>>[],
  nameOf: (id: Id) => string,
): Promise<void> {
  switch (order.type) {
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
          vertices: lane.sent.map(({ id, dueMs, takenMs }) => [nameOf(id), dueMs, takenMs ?? null]),
          ...{ heads: [...lane.heads], refused: lane.refused, processCpuMs: (user + system) / 1_000 },
        }),
      );
      return writeFile(order.file, JSON.stringify(records));
    }
  }
}

/** Obeys the bench's orders over this process's channel, one answer each. */
export function obey<O>(carryOut: (order: O) => Promise<unknown>): void {
  process.on('message', (order: O) => {
    carryOut(order).then(
      (result) => process.connected && process.send!({ type: 'done', result } satisfies Answer),
      (error: Error) =>
        process.send!({ type: 'failed', message: error.stack ?? error.message } satisfies Answer),
    );
  });
  // The bench is gone: nobody wants the load any more.
  process.once('disconnect', () => process.exit());
}
