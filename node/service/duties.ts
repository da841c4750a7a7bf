/**
 * What falls due on the ledger by itself: calls that nobody has to sign (row "P" of semantics §5), submitted by the seats'
 * nodes without anybody's hand (R046). docs/spec/duties.md.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { StoredObject } from '../../consensus/contracts/object.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { callId } from '../../consensus/vertex/call.ts';
import type { Clock } from '../ports.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { JsonObject } from './call-args.ts';
import type { Calls } from './calls.ts';
import { dutiesOf } from './duty-table.ts';
import type { Submissions } from './submissions.ts';

/** One look is over after so many objects, or so many calls tried: the next goes on from there. */
const OBJECTS_PER_LOOK = 4_096;
const TRIES_PER_LOOK = 128;
const SUBMITTED_PER_LOOK = 16;
/** From one look to the next, at least. */
const LOOK_EVERY_MS = 1_000;
/** The seat whose turn it is submits at once, each of the others so much later than the one before it. */
const TURN_MS = 10_000;
/** What is due and waits for a turn; more is found again. */
const WAITING_MAX = 4_096;

export interface DutyPorts {
  readonly ledger: Ledger;
  readonly calls: Pick<Calls, 'compose' | 'check'>;
  readonly submissions: Pick<Submissions, 'submit'>;
  readonly clock: Clock;
  /** This node's seat; `undefined` when it has none, and no duties. */
  readonly seat: () => number | undefined;
}

/** A call that took effect, or was on its way, when the look was over. */
export interface Done {
  readonly transition: string;
  readonly callId: string;
}

export class Duties {
  readonly #ports: DutyPorts;
  /** Goes through the state bit by bit; what comes and goes meanwhile is met in the next round. */
  #objects: Iterator<StoredObject> | undefined;
  /** When each was first found due, by transition and arguments. */
  readonly #dueSince = new Map<string, number>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking = false;

  constructor(ports: DutyPorts) {
    this.#ports = ports;
  }

  /** Looks at the next part of the state, and submits what is due and has its turn. To be called after each checkpoint. */
  async look(): Promise<readonly Done[]> {
    const { clock, seat } = this.#ports;
    const nowMs = clock.now();
    if (this.#looking || seat() === undefined || Math.abs(nowMs - this.#lookedMs) < LOOK_EVERY_MS) return [];
    this.#looking = true;
    this.#lookedMs = nowMs;
    try {
      return await this.#lookOn(nowMs);
    } finally {
      this.#looking = false;
    }
  }

  async #lookOn(nowMs: number): Promise<readonly Done[]> {
    const done: Done[] = [];
    let tries = 0;
    for (let seen = 0; seen < OBJECTS_PER_LOOK; seen++) {
      const stored = this.#next();
      if (stored === undefined) break;
      for (const { transition, args } of dutiesOf(stored, this.#ports.ledger.header.time)) {
        tries += 1;
        const ended = await this.#try(transition, args, nowMs);
        if (ended !== undefined) done.push(ended);
      }
      if (tries >= TRIES_PER_LOOK || done.length >= SUBMITTED_PER_LOOK) break;
    }
    return done;
  }

  /** `undefined` once all were seen: the next look begins anew. */
  #next(): StoredObject | undefined {
    this.#objects ??= this.#ports.ledger.state.objects();
    const { value, done } = this.#objects.next();
    if (done !== true) return value;
    this.#objects = undefined;
    return undefined;
  }

  async #try(transition: string, args: JsonObject, nowMs: number): Promise<Done | undefined> {
    const { calls, submissions } = this.#ports;
    const name = `${transition} ${JSON.stringify(args)}`;
    const composed = await calls.compose(transition, args);
    if (!composed.ok || calls.check(composed.value).refusal !== undefined) {
      this.#dueSince.delete(name);
      return undefined;
    }
    const since = this.#dueSince.get(name) ?? nowMs;
    if (this.#dueSince.size < WAITING_MAX) this.#dueSince.set(name, since);
    if (nowMs < since + this.#turnOf(name) * TURN_MS) return undefined;
    const submitted = await submissions.submit(composed.value);
    if (!submitted.ok) return undefined;
    // Should it not take effect, the next turn comes as late as the others'.
    this.#dueSince.set(name, nowMs + TURN_MS);
    return { transition, callId: toHex(callId(composed.value.header)) };
  }

  /** Each due call has another order of seats, so that no node does all the work. */
  #turnOf(name: string): number {
    const { ledger, seat } = this.#ports;
    const seats = ledger.committee.size;
    const first = hash('salt', new TextEncoder().encode(name))[0]!;
    return ((seat() ?? 0) + first) % seats;
  }
}
