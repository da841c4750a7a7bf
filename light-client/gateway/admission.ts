/**
 * Who may put something into the outbox, and when: at once while it has room, else in the order of arrival. Looking
 * for room and taking it are one turn of the event loop, or a burst of messages would all find the same last place.
 */

export interface AdmissionParts {
  readonly isFull: () => boolean;
  /** Somebody has to wait. */
  readonly onWait: () => void;
}

interface Waiting {
  readonly go: () => void;
  readonly giveUp: (error: Error) => void;
  readonly untilMs: number;
}

/** How often those who wait look for room. */
const LOOK_EVERY_MS = 20;

export class Admission {
  readonly #parts: AdmissionParts;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /**
   * Calls `fill` once there is room and nobody waits who came before; what it puts in it must have put in when it
   * returns, not when its promise resolves. Rejects when there was no room for `withinMs`, and after `close`.
   */
  enter<T>(fill: () => Promise<T>, withinMs = Number.POSITIVE_INFINITY): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the gateway is stopping'));
    if (this.#waiting.length === 0 && !this.#parts.isFull()) return fill();
    this.#parts.onWait();
    return new Promise((resolve, reject) => {
      const go = () => void fill().then(resolve, reject);
      this.#waiting.push({ go, giveUp: reject, untilMs: performance.now() + withinMs });
      this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS);
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#closed = true;
    for (const { giveUp } of this.#waiting.splice(0)) giveUp(new Error('the gateway is stopping'));
    this.#rest();
  }

  #look(): void {
    while (this.#waiting.length > 0 && !this.#parts.isFull()) this.#waiting.shift()!.go();
    const nowMs = performance.now();
    const late = this.#waiting.filter(({ untilMs }) => untilMs < nowMs);
    if (late.length > 0) this.#waiting = this.#waiting.filter(({ untilMs }) => untilMs >= nowMs);
    for (const { giveUp } of late) giveUp(new Error('the outbox is full'));
    this.#rest();
  }

  #rest(): void {
    if (this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
