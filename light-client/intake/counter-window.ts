/**
 * Which counters of one session were seen: the highest, and a bitmap of the 1,024 up to it. A late frame passes
 * once; one below the window is refused, since nobody remembers whether it came.
 */

const WINDOW = 1024;
const WORDS = WINDOW / 32;
const BYTES = 8 + WINDOW / 8;

export type Sight = 'new' | 'seen' | 'old';

/** What a replay guard keeps for one session. */
export interface Window {
  judge(counter: number): Sight;
  mark(counter: number): void;
  readonly highest: number;
  encode(): Uint8Array;
}

export class CounterWindow implements Window {
  #highest = -1;
  /** Bit `c mod 1024` stands for counter `c`. */
  readonly #bits = new Uint32Array(WORDS);

  get highest(): number {
    return this.#highest;
  }

  judge(counter: number): Sight {
    if (counter > this.#highest) return 'new';
    if (this.#highest - counter >= WINDOW) return 'old';
    return (this.#bits[(counter % WINDOW) >>> 5]! >>> (counter & 31)) & 1 ? 'seen' : 'new';
  }

  mark(counter: number): void {
    const advance = counter - this.#highest;
    if (advance >= WINDOW) this.#bits.fill(0);
    // Counters that were skipped share their bit with those that now leave the window.
    else for (let skipped = this.#highest + 1; skipped < counter; skipped++) this.#clear(skipped);
    if (advance > 0) this.#highest = counter;
    this.#bits[(counter % WINDOW) >>> 5]! |= 1 << (counter & 31);
  }

  #clear(counter: number): void {
    this.#bits[(counter % WINDOW) >>> 5]! &= ~(1 << (counter & 31));
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(BYTES);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(this.#highest + 1));
    for (const [index, word] of this.#bits.entries()) view.setUint32(8 + 4 * index, word);
    return bytes;
  }

  /** What `encode` wrote, or `undefined` when it cannot have. */
  static decode(bytes: Uint8Array): CounterWindow | undefined {
    if (bytes.length !== BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const window = new CounterWindow();
    window.#highest = Number(view.getBigUint64(0)) - 1;
    for (let index = 0; index < WORDS; index++) window.#bits[index] = view.getUint32(8 + 4 * index);
    return window;
  }
}
