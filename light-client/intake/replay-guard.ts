/**
 * Lets each (device, session, counter) pass once. Bounded; its state is what `changes` returned since the start,
 * so that a store which writes it together with the frames agrees with it after any crash.
 */

import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import { CounterWindow, type Window } from './counter-window.ts';
import { TimeWindow } from './time-window.ts';

export interface GuardLimits {
  readonly sessionsMax: number;
  /** So that one device cannot fill the guard for all. */
  readonly sessionsPerDeviceMax: number;
}

export const guardLimits: GuardLimits = { sessionsMax: 65_536, sessionsPerDeviceMax: 1024 };

/** Key and state of one session, to be written durably. */
export type GuardEntry = readonly [key: string, state: Uint8Array];

const kinds = { counter: CounterWindow, time: TimeWindow } as const;

export class ReplayGuard {
  readonly #limits: GuardLimits;
  readonly #windows = new Map<string, Window>();
  readonly #sessionsOf = new Map<string, number>();
  readonly #changed = new Set<string>();

  constructor(limits: GuardLimits = guardLimits) {
    this.#limits = limits;
  }

  get sessions(): number {
    return this.#windows.size;
  }

  /**
   * The frames of one pack that were not seen before, now marked as seen. E_REPLAY when that is none of them;
   * E_FULL, with nothing marked, when a session more would be too many.
   */
  admit(frames: readonly Frame[]): Result<readonly Frame[]> {
    const fresh: Frame[] = [];
    let refused: { readonly frame: Frame; readonly sight: 'seen' | 'old' } | undefined;
    for (const frame of frames) {
      const sight = this.#windows.get(keyOf(frame))?.judge(frame.counter) ?? 'new';
      if (sight === 'new') fresh.push(frame);
      else refused = { frame, sight };
    }
    if (refused !== undefined && fresh.length === 0) {
      const { device, session, counter } = refused.frame;
      const highest = this.#windows.get(keyOf(refused.frame))!.highest;
      const reason =
        refused.sight === 'seen' ? 'counter used before' : 'counter below the window of those remembered';
      return refuse('E_REPLAY', { reason, device, session, counter, highest, frames: frames.length });
    }
    const room = this.#checkRoom(fresh);
    if (!room.ok) return room;
    for (const frame of fresh) this.#mark(frame);
    return ok(fresh);
  }

  /** Entries that changed since the last call. */
  changes(): GuardEntry[] {
    const entries = Array.from(this.#changed, (key) => [key, this.#windows.get(key)!.encode()] as const);
    this.#changed.clear();
    return entries;
  }

  /** Forgets everything and takes what the store holds. Throws TypeError on an entry that is not ours. */
  restore(entries: Iterable<GuardEntry>): void {
    this.#windows.clear();
    this.#sessionsOf.clear();
    this.#changed.clear();
    for (const [key, state] of entries) {
      const [kind, device, session] = key.split('\n');
      const window = kind === 'counter' || kind === 'time' ? kinds[kind].decode(state) : undefined;
      if (window === undefined || device === undefined || session === undefined) {
        throw new TypeError(
          `"entries" expected replay guard entries, got ${JSON.stringify(key)} with ${state.length} bytes`,
        );
      }
      this.#add(key, device, window);
    }
  }

  #checkRoom(frames: readonly Frame[]): Result<void> {
    const added = new Map<string, string>();
    for (const frame of frames) if (!this.#windows.has(keyOf(frame))) added.set(keyOf(frame), frame.device);
    if (this.#windows.size + added.size > this.#limits.sessionsMax) {
      return refuse('E_FULL', {
        reason: 'too many sessions',
        sessions: this.#windows.size,
        limit: this.#limits.sessionsMax,
      });
    }
    for (const device of added.values()) {
      const sessions = this.#sessionsOf.get(device) ?? 0;
      if (sessions >= this.#limits.sessionsPerDeviceMax) {
        return refuse('E_FULL', { reason: 'too many sessions of one device', device, sessions });
      }
    }
    return ok(undefined);
  }

  #mark(frame: Frame): void {
    const key = keyOf(frame);
    const window = this.#windows.get(key) ?? this.#add(key, frame.device, new kinds[kindOf(frame)]());
    window.mark(frame.counter);
    this.#changed.add(key);
  }

  #add(key: string, device: string, window: Window): Window {
    this.#windows.set(key, window);
    this.#sessionsOf.set(device, (this.#sessionsOf.get(device) ?? 0) + 1);
    return window;
  }
}

/** A frame from a pack without a counter has its time in that place (frames.ts). */
const kindOf = ({ session, counter, time }: Frame): keyof typeof kinds =>
  session === '' && counter === time ? 'time' : 'counter';

/** Device and session are printable ASCII, so a line break separates them. */
const keyOf = (frame: Frame): string => `${kindOf(frame)}\n${frame.device}\n${frame.session}`;
