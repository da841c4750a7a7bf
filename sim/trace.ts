/**
 * The trace of a run: one canonical line an event, hashed; the last of them kept to be read. What a line says of bytes is
 * their kind and the beginning of their hash, so that two runs with one hash did the same. docs/spec/simulator.md.
 */

import { createHash } from 'node:crypto';
import type { TraceLine } from './run-result.ts';
import type { VirtualTime } from './virtual-time.ts';

const KEPT = 400;
const LINES_PER_UPDATE = 256;

interface Kept {
  readonly event: number;
  readonly atMs: number;
  readonly where: string;
  readonly what: string;
  /** Says for people what the bytes hold; worked out only when somebody reads it. */
  readonly tell: ((bytes: Uint8Array) => string) | undefined;
  readonly bytes: Uint8Array;
}

const noBytes = new Uint8Array(0);

export class Trace {
  readonly #time: VirtualTime;
  readonly #hash = createHash('sha256');
  readonly #kept: Kept[] = [];
  #next = 0;
  #lines: string[] = [];

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** `what` goes into the hash; what `tell` makes of `bytes` comes before people's eyes instead. */
  note(where: string, what: string, tell?: Kept['tell'], bytes: Uint8Array = noBytes): void {
    const { events: event, elapsedSteps, elapsedMs: atMs } = this.#time;
    this.#lines.push(`${event} ${elapsedSteps} ${where} ${what}\n`);
    if (this.#lines.length === LINES_PER_UPDATE) this.#flush();
    this.#kept[this.#next] = { event, atMs, where, what, tell, bytes };
    this.#next = (this.#next + 1) % KEPT;
  }

  /** Over all lines so far, hex. */
  digest(): string {
    this.#flush();
    return this.#hash.copy().digest('hex');
  }

  /** The last lines, oldest first. */
  lines(): TraceLine[] {
    const kept = [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)];
    return kept.map(({ event, atMs, where, what, tell, bytes }) => ({
      ...{ event, atMs, where },
      what: tell?.(bytes) ?? what,
    }));
  }

  #flush(): void {
    this.#hash.update(this.#lines.join(''));
    this.#lines = [];
  }
}
