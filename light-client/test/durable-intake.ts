/**
 * The smallest durable gateway: MQTT in, intake, one level database. What node/gateway code does with its outbox,
 * these few lines do for the tests: frames and guard in one batch, and no acknowledgement before it.
 */

import { Level } from 'level';
import { toHex } from '../../consensus/codec/bytes.ts';
import { type Frame, frame } from '../../consensus/vertex/frame.ts';
import { type Device, Intake } from '../intake/intake.ts';
import type { GuardEntry } from '../intake/replay-guard.ts';
import type { OnMessage } from '../mqtt/intake-connection.ts';

type Put = { readonly type: 'put'; readonly key: string; readonly value: string };

export class DurableIntake {
  readonly intake: Intake;
  readonly #level: Level<string, string>;
  #waiting: Put[] = [];
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  writes = 0;

  private constructor(intake: Intake, level: Level<string, string>) {
    this.intake = intake;
    this.#level = level;
  }

  static async open(
    folder: string,
    network: Uint8Array,
    deviceOf: (device: string) => Device | undefined,
  ): Promise<DurableIntake> {
    const level = new Level<string, string>(folder);
    const intake = new Intake({ network, deviceOf });
    const entries: GuardEntry[] = [];
    for await (const [key, value] of level.iterator({ gte: 'guard:', lt: 'guard;' }))
      entries.push([key.slice(6), Buffer.from(value, 'hex')]);
    intake.restore(entries);
    return new DurableIntake(intake, level);
  }

  readonly onMessage: OnMessage = (payload, { contentType }) => {
    const verdict = this.intake.accept(payload, contentType, Date.now());
    if (verdict.ok) {
      for (const accepted of verdict.value)
        this.#waiting.push({ type: 'put', key: frameKey(accepted), value: toHex(frame.encode(accepted)) });
      for (const [key, state] of this.intake.changes())
        this.#waiting.push({ type: 'put', key: `guard:${key}`, value: toHex(state) });
    }
    return this.#flush();
  };

  /** Resolves once everything put so far is durable; writes that wait for one another go together. */
  #flush(): Promise<void> {
    this.#next ??= this.#writing.then(() => {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#next = undefined;
      if (batch.length > 0) this.writes++;
      this.#writing = this.#level.batch(batch, { sync: true });
      return this.#writing;
    });
    return this.#next;
  }

  /** Resolves once everything accepted so far is durable. */
  settle(): Promise<void> {
    return this.#flush();
  }

  async frames(): Promise<Frame[]> {
    const frames: Frame[] = [];
    for await (const value of this.#level.values({ gte: 'frame:', lt: 'frame;' })) {
      const decoded = frame.decode(Buffer.from(value, 'hex'));
      if (!decoded.ok) throw new Error('a stored frame does not decode');
      frames.push(decoded.value);
    }
    return frames;
  }

  async close(): Promise<void> {
    await this.settle();
    await this.#level.close();
  }
}

/** Distinct for every acceptance, so that one frame taken twice would show as two. */
let acceptances = 0;
function frameKey({ device, session, counter }: Frame): string {
  return `frame:${device} ${session} ${counter} ${process.pid} ${acceptances++}`;
}
