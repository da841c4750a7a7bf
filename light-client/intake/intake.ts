/**
 * Decides on one MQTT payload: frames that may enter the outbox, or a refusal with its code. Pure: no I/O, no
 * clock, no log.
 *
 * How to stay exact through kill -9: write the frames and `changes()` in one atomic batch, and acknowledge a
 * message, *a refused one too*, only once every batch before it is durable. A message that is sent again while the
 * first copy is still being written comes back as E_REPLAY; acknowledged at once it could be lost with that
 * write. When a write fails, `restore` from the store before accepting more.
 */

import type { Code } from '../../consensus/codec/codes.ts';
import { type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import { type Frame, verifyFrame } from '../../consensus/vertex/frame.ts';
import { decodePack } from '../senml/pack.ts';
import { framesOf } from './frames.ts';
import { type GuardEntry, type GuardLimits, guardLimits, ReplayGuard } from './replay-guard.ts';

/** What the gateway knows of an enrolled device. */
export interface Device {
  /** Ed25519 key of a device that signs; `undefined` where the gateway vouches for it. */
  readonly publicKey: Uint8Array | undefined;
  /** False once revoked or suspended. */
  readonly active: boolean;
}

export interface IntakeOptions {
  /** Network id that sensors sign for. */
  readonly network: Uint8Array;
  readonly deviceOf: (device: string) => Device | undefined;
  readonly guard?: GuardLimits;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #guard: ReplayGuard;
  readonly #refused = new Map<Code, number>();
  #accepted = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#guard = new ReplayGuard(options.guard ?? guardLimits);
  }

  /**
   * All frames of the payload or none, except that frames seen before are left out: a sensor may repeat old
   * readings beside new ones. When all were seen before, E_REPLAY.
   */
  accept(payload: Uint8Array, contentType: string | undefined, nowMs: number): Result<readonly Frame[]> {
    const verdict = this.#judge(payload, contentType, nowMs);
    if (verdict.ok) this.#accepted += verdict.value.length;
    else if (verdict.code !== 'E_REPLAY') this.#count(verdict.code, 1);
    return verdict;
  }

  /** State of the replay guard that changed since the last call, to be written with the frames accepted since. */
  changes(): GuardEntry[] {
    return this.#guard.changes();
  }

  /** Forgets the guard's state and takes the store's. Throws TypeError on an entry that `changes` never made. */
  restore(entries: Iterable<GuardEntry>): void {
    this.#guard.restore(entries);
  }

  /** Frames accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Refusals by code since the start: under E_REPLAY of frames, under the others of payloads. */
  get refused(): ReadonlyMap<Code, number> {
    return this.#refused;
  }

  /** (device, session) pairs that the replay guard holds. */
  get sessions(): number {
    return this.#guard.sessions;
  }

  #judge(payload: Uint8Array, contentType: string | undefined, nowMs: number): Result<readonly Frame[]> {
    const records = decodePack(payload, contentType, nowMs);
    if (!records.ok) return records;
    const frames = framesOf(records.value);
    if (!frames.ok) return frames;
    for (const frame of frames.value) {
      const refusal = this.#checkSource(frame);
      if (refusal !== undefined) return refusal;
    }
    const fresh = this.#guard.admit(frames.value);
    const passed = fresh.ok ? fresh.value.length : 0;
    const repeated = fresh.ok || fresh.code === 'E_REPLAY' ? frames.value.length - passed : 0;
    if (repeated > 0) this.#count('E_REPLAY', repeated);
    return fresh;
  }

  #checkSource(frame: Frame): Refusal | undefined {
    const { device, counter } = frame;
    const known = this.#options.deviceOf(device);
    if (known === undefined) return refuse('E_DEVICE_UNKNOWN', { device });
    if (!known.active) return refuse('E_KEY_REVOKED', { device });
    if (known.publicKey === undefined) return undefined;
    if (frame.signature.length === 0) return refuse('E_SIG', { reason: 'not signed', device, counter });
    return verifyFrame(frame, this.#options.network, known.publicKey)
      ? undefined
      : refuse('E_SIG', { reason: 'signature does not verify', device, counter });
  }

  #count(code: Code, by: number): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + by);
  }
}
