/** Frames by device: accepted, sent twice, final. Written in the batch that brings the frames, so they are exact. */

import { type Database, keyOf, type Operation, put } from './database.ts';
import { type DeviceTally, decodeOwn, deviceTally } from './records.ts';

export type Tally = keyof DeviceTally;

const none: DeviceTally = { accepted: 0, duplicates: 0, final: 0 };

export class Tallies {
  readonly #tallies = new Map<string, DeviceTally>();

  static async open(database: Database): Promise<Tallies> {
    const tallies = new Tallies();
    for await (const [rest, value] of database.entries('tally')) {
      const device = new TextDecoder().decode(rest);
      tallies.#tallies.set(device, decodeOwn(deviceTally, value, `the tally of ${device}`));
    }
    return tallies;
  }

  /** Counts, and gives the operations that make it durable. */
  count(tally: Tally, frames: ReadonlyMap<string, number>): Operation[] {
    return Array.from(frames, ([device, count]) => {
      const before = this.#tallies.get(device) ?? none;
      const after = { ...before, [tally]: before[tally] + count };
      this.#tallies.set(device, after);
      return put(keyOf('tally', new TextEncoder().encode(device)), deviceTally.encode(after));
    });
  }

  get devices(): ReadonlyMap<string, DeviceTally> {
    return this.#tallies;
  }

  total(tally: Tally): number {
    let sum = 0;
    for (const counts of this.#tallies.values()) sum += counts[tally];
    return sum;
  }
}

/** How many of the frames each device said. */
export function framesByDevice(frames: Iterable<{ readonly device: string }>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { device } of frames) counts.set(device, (counts.get(device) ?? 0) + 1);
  return counts;
}
