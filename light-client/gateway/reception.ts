/**
 * What happens to one MQTT message: held back while the outbox is full, judged by the intake, written with the replay
 * guard in one batch, and only then acknowledged. A message of a device that nobody can be asked about is held.
 */

import type { Code } from '../../consensus/codec/codes.ts';
import { describeRefusal, type Refusal, type Result } from '../../consensus/codec/result.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { Clock } from '../../node/ports.ts';
import { framesOf } from '../intake/frames.ts';
import { Intake } from '../intake/intake.ts';
import type { MessageFacts } from '../mqtt/intake-connection.ts';
import type { Operation } from '../outbox/database.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Spool } from '../outbox/spool.ts';
import { framesByDevice } from '../outbox/tallies.ts';
import { decodePack } from '../senml/pack.ts';
import { Admission } from './admission.ts';
import type { Devices } from './devices.ts';
import type { Log } from './log.ts';

export interface ReceptionParts {
  readonly network: Uint8Array;
  readonly outbox: Outbox;
  readonly spool: Spool;
  readonly devices: Devices;
  readonly clock: Clock;
  readonly log: Log;
  /** Frames wait now that did not; they are durable. */
  readonly onQueued: (frames: readonly Frame[]) => void;
}

/** Kept waiting longer than this the message is given up: the broker sends it again on a new connection. */
const ROOM_WAIT_MS = 20_000;
const TELL_EVERY_MS = 60_000;

interface Message {
  readonly payload: Uint8Array;
  readonly contentType: string | undefined;
  readonly receivedMs: number;
}

export class Reception {
  readonly #parts: ReceptionParts;
  readonly #intake: Intake;
  readonly #admission: Admission;
  /** Refusals by code: of frames under E_REPLAY, of messages under the others. */
  readonly #refused = new Map<Code, number>();
  /** When a refusal of this code was last told in the log. */
  readonly #toldMs = new Map<Code, number>();
  /** Devices that the intake asked for and that nobody was asked about yet. */
  readonly #missed = new Set<string>();
  #messages = 0;
  #bytes = 0;
  #accepted = 0;
  /** The held message that is being judged: its own device no longer stands behind it. */
  #draining = false;
  #drained: Promise<void> | undefined;

  private constructor(parts: ReceptionParts) {
    this.#parts = parts;
    this.#intake = new Intake({ network: parts.network, deviceOf: (name) => this.#deviceOf(name) });
    this.#admission = new Admission({
      isFull: () => parts.outbox.isFull,
      onWait: () => this.#count('E_FULL', 1),
    });
  }

  static async open(parts: ReceptionParts): Promise<Reception> {
    const reception = new Reception(parts);
    reception.#intake.restore(await parts.outbox.guardEntries());
    return reception;
  }

  get refused(): ReadonlyMap<Code, number> {
    return this.#refused;
  }

  /** Since the start of this process. */
  get counts(): {
    readonly messages: number;
    readonly bytes: number;
    readonly accepted: number;
    readonly sessions: number;
  } {
    return {
      messages: this.#messages,
      bytes: this.#bytes,
      accepted: this.#accepted,
      sessions: this.#intake.sessions,
    };
  }

  /** Resolves when the message may be acknowledged; rejects when it must come again. */
  async take(payload: Uint8Array, { contentType }: MessageFacts): Promise<void> {
    const message = { payload, contentType, receivedMs: this.#parts.clock.now() };
    this.#messages += 1;
    this.#bytes += payload.length;
    if (await this.#admit(message)) return;
    await this.#takeUnresolved(message);
  }

  /** Takes up held messages whose devices the ledger knows by now. Never rejects. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain()
      .catch((error: Error) => {
        if (this.#admission.closed) return;
        this.#parts.log('error', 'held messages stay held', { error: error.message });
      })
      .finally(() => {
        this.#drained = undefined;
      });
    return this.#drained;
  }

  /** Nobody waits for room any longer: what waited comes again in the next life. */
  async close(): Promise<void> {
    this.#admission.close();
    await this.#drained;
  }

  #deviceOf(name: string) {
    const { devices, spool } = this.#parts;
    // What came before must be taken before.
    const behind = !this.#draining && spool.holds(name);
    if (!behind && devices.isResolved(name)) return devices.find(name);
    this.#missed.add(name);
    return undefined;
  }

  /** The intake's verdict; `undefined` when it depends on a device that nobody was asked about yet. */
  #judge({ payload, contentType, receivedMs }: Message): Result<readonly Frame[]> | undefined {
    this.#missed.clear();
    const verdict = this.#intake.accept(payload, contentType, receivedMs);
    return !verdict.ok && verdict.code === 'E_DEVICE_UNKNOWN' && this.#missed.size > 0 ? undefined : verdict;
  }

  /** Judges the message and writes what comes of it, once there is room; false when that depends on a device still. */
  #admit(message: Message): Promise<boolean> {
    return this.#admission.enter(async () => {
      const verdict = this.#judge(message);
      if (verdict === undefined) return false;
      await this.#finish(message, verdict);
      return true;
    }, ROOM_WAIT_MS);
  }

  async #takeUnresolved(message: Message): Promise<void> {
    const { devices, spool } = this.#parts;
    const names = this.#devicesOf(message);
    // In the order of arrival: whoever waits for the same device asked before us.
    if (await devices.resolve(names)) {
      if (await this.#admit(message)) return;
      await this.drain();
      if (await this.#admit(message)) return;
    }
    if (spool.isFull) {
      this.#count('E_FULL', 1);
      this.#parts.log(
        'warn',
        'a message of a device that nobody can be asked about is dropped: too many are held',
        { device: names[0] },
      );
      return;
    }
    await spool.hold({
      receivedMs: message.receivedMs,
      payload: message.payload,
      contentType: message.contentType?.split(';', 1)[0]?.trim(),
      devices: names,
    });
  }

  async #finish(
    message: Message,
    verdict: Result<readonly Frame[]>,
    beside: readonly Operation[] = [],
  ): Promise<void> {
    const { outbox, onQueued } = this.#parts;
    const frames = verdict.ok ? verdict.value : [];
    const duplicates = this.#duplicates(message, frames);
    this.#accepted += frames.length;
    if (!verdict.ok && verdict.code !== 'E_REPLAY') {
      this.#count(verdict.code, 1);
      this.#tellRefused(message, verdict);
    }
    if (frames.length === 0 && duplicates === undefined && beside.length === 0) return outbox.flushed();
    await outbox.append({
      frames,
      receivedMs: message.receivedMs,
      guard: this.#intake.changes(),
      beside,
      ...(duplicates && { duplicates }),
    });
    if (frames.length > 0) onQueued(frames);
  }

  /** Whose message, and why. Every refusal is counted; of each code one a minute is told to people. */
  #tellRefused(message: Message, refusal: Refusal): void {
    const now = this.#parts.clock.now();
    const often = now - (this.#toldMs.get(refusal.code) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS;
    if (!often) this.#toldMs.set(refusal.code, now);
    this.#parts.log(often ? 'debug' : 'warn', 'message refused', {
      refusal: describeRefusal(refusal),
      device: this.#devicesOf(message)[0],
    });
  }

  /** Frames that came again, by device: those of the payload that the intake left out. */
  #duplicates(message: Message, accepted: readonly Frame[]): Map<string, number> | undefined {
    const repeated = this.#intake.refused.get('E_REPLAY') ?? 0;
    const before = this.#refused.get('E_REPLAY') ?? 0;
    if (repeated === before) return undefined;
    this.#refused.set('E_REPLAY', repeated);
    const counts = framesByDevice(this.#framesIn(message));
    for (const [device, count] of framesByDevice(accepted)) counts.set(device, counts.get(device)! - count);
    return counts;
  }

  #devicesOf(message: Message): string[] {
    return [...framesByDevice(this.#framesIn(message)).keys()];
  }

  /** All frames of a payload that the intake could read. */
  #framesIn({ payload, contentType, receivedMs }: Message): readonly Frame[] {
    const records = decodePack(payload, contentType, receivedMs);
    const frames: Result<readonly Frame[]> = records.ok ? framesOf(records.value) : (records as Refusal);
    return frames.ok ? frames.value : [];
  }

  async #drain(): Promise<void> {
    const { spool, devices } = this.#parts;
    if (spool.size === 0) return;
    await devices.resolve(spool.devices);
    for (;;) {
      const ready = await spool.firstReady((name) => devices.isResolved(name));
      if (ready === undefined) return;
      const taken = await this.#admission.enter(async () => {
        this.#draining = true;
        const verdict = this.#judge(ready.message);
        this.#draining = false;
        if (verdict === undefined) return false;
        await this.#finish(ready.message, verdict, [spool.release(ready.number)]);
        return true;
      });
      // Forgotten meanwhile: it is asked for again with the next head.
      if (!taken) return;
    }
  }

  #count(code: Code, by: number): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + by);
  }
}
