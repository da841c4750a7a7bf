/**
 * Frames that wait for one stream, bounded in number and bytes. They leave in chunks, since each chunk is encrypted
 * on its own, and only while the stream takes them: what libp2p buffers below stays within a chunk or one frame.
 */

import type { Stream } from '@libp2p/interface';
import { encode } from 'it-length-prefixed';

const CHUNK_BYTES = 64 << 10;
const CHUNK_FRAMES = 512;

export interface QueueLimits {
  readonly framesMax: number;
  readonly bytesMax: number;
  readonly frameBytesMax: number;
}

export class SendQueue {
  readonly #limits: QueueLimits;
  readonly #onSent: (frames: number, bytes: number) => void;
  #frames: Uint8Array[] = [];
  /** Frames before this one have left; they are dropped from the array now and then. */
  #next = 0;
  #bytes = 0;
  #stream: Stream | undefined;
  #pumping = false;
  #dropped = false;
  /** Called when something left the queue. */
  #waiting: (() => void)[] = [];

  constructor(limits: QueueLimits, onSent: (frames: number, bytes: number) => void) {
    this.#limits = limits;
    this.#onSent = onSent;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False when the queue is full: then the frame is not taken. The caller must not change the frame afterwards. */
  push(frame: Uint8Array): boolean {
    const { framesMax, bytesMax, frameBytesMax } = this.#limits;
    if (frame.length === 0 || frame.length > frameBytesMax) {
      throw new RangeError(`"frame" expected 1 to ${frameBytesMax} bytes, got ${frame.length}`);
    }
    const full = this.#frames.length - this.#next >= framesMax || this.#bytes + frame.length > bytesMax;
    if (full || this.#dropped) return false;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    this.#schedule();
    return true;
  }

  /** Begins to send through `stream`. */
  attach(stream: Stream): void {
    this.#stream = stream;
    // `onDrain()` resolves once and never again; the event comes each time.
    stream.addEventListener('drain', () => this.#schedule());
    this.#schedule();
  }

  /** Takes the frame as soon as there is room; never, once the queue was dropped. */
  async pushWaiting(frame: Uint8Array): Promise<void> {
    while (!this.push(frame) && !this.#dropped) await new Promise<void>((done) => this.#waiting.push(done));
  }

  /** Resolves when no more than `bytes` wait, or the queue was dropped. */
  async below(bytes: number): Promise<void> {
    while (this.#bytes > bytes) await new Promise<void>((done) => this.#waiting.push(done));
  }

  /** Forgets what waits, and takes nothing more. */
  drop(): void {
    this.#dropped = true;
    this.#stream = undefined;
    this.#frames = [];
    this.#next = 0;
    this.#bytes = 0;
    this.#wake();
  }

  /** Sends what waits, should an event have been missed. */
  nudge(): void {
    if (this.#bytes > 0) this.#schedule();
  }

  /** At the end of this turn, so that frames of one step share a chunk. */
  #schedule(): void {
    if (this.#pumping || this.#stream === undefined) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    try {
      while (this.#bytes > 0 && stream.writeStatus === 'writable' && !stream.writableNeedsDrain) {
        const frames = this.#take();
        const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
        stream.send(Buffer.concat([...encode(frames, { maxDataLength: this.#limits.frameBytesMax })]));
        this.#bytes -= bytes;
        this.#onSent(frames.length, bytes);
      }
    } catch {
      // The stream is gone; its close event says so to whom it concerns.
      this.drop();
    }
    this.#wake();
  }

  #take(): Uint8Array[] {
    const from = this.#next;
    let bytes = 0;
    while (this.#next < this.#frames.length && this.#next - from < CHUNK_FRAMES) {
      bytes += this.#frames[this.#next]!.length;
      if (bytes > CHUNK_BYTES && this.#next > from) break;
      this.#next += 1;
    }
    const taken = this.#frames.slice(from, this.#next);
    if (this.#next === this.#frames.length || this.#next > 1_024) {
      this.#frames = this.#frames.slice(this.#next);
      this.#next = 0;
    }
    return taken;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}
