/**
 * Frames of a long-lived stream, read no faster than they are handled. libp2p's own iteration over a stream takes in
 * whatever arrives; here the stream is paused while bytes wait, so that the sender's window closes and no slow reader
 * takes more memory than that window.
 */

import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface';
import { decode } from 'it-length-prefixed';
import { pipe } from 'it-pipe';

type Chunk = StreamMessageEvent['data'];
type Frame = Pick<Uint8Array, 'byteLength' | 'slice'>;

/** Bytes that may wait before the stream is paused. */
const PAUSE_BYTES = 256 << 10;
/** A reader gives the event loop to others after this much. */
const TURN_FRAMES = 64;
const TURN_BYTES = 128 << 10;

/** A peer sent what is no frame, or one above the limit. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code: 'E_LIMIT_BYTES' | 'E_ENC';

  constructor(code: 'E_LIMIT_BYTES' | 'E_ENC', cause: unknown) {
    super(code, { cause });
    this.code = code;
  }
}

/**
 * Hands each frame to `handle`, one after the other; a promise from it is awaited before the next. Ends when the
 * stream ends; throws `FrameError` on bytes that are no frames, and whatever else the stream ends with.
 */
export async function readFrames(
  stream: Stream,
  frameBytesMax: number,
  handle: (frame: Uint8Array) => void | Promise<void>,
): Promise<void> {
  let frames = 0;
  let bytes = 0;
  await pipe(
    readChunks(stream),
    (chunks) => decodeFrames(chunks, frameBytesMax),
    async (source) => {
      for await (const frame of source) {
        if (frame.byteLength === 0) throw new FrameError('E_ENC', new Error('an empty frame'));
        // A copy: a part of the chunk would keep all of it alive for as long as anyone keeps the frame.
        const waiting = handle(frame.slice());
        if (waiting !== undefined) await waiting;
        frames += 1;
        bytes += frame.byteLength;
        if (frames < TURN_FRAMES && bytes < TURN_BYTES) continue;
        frames = 0;
        bytes = 0;
        await new Promise(setImmediate);
      }
    },
  );
}

async function* decodeFrames(chunks: AsyncIterable<Chunk>, maxDataLength: number): AsyncGenerator<Frame> {
  try {
    yield* decode(chunks, { maxDataLength, maxLengthLength: 4 });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ERR_MSG_DATA_TOO_LONG') throw new FrameError('E_LIMIT_BYTES', error);
    if (code?.startsWith('ERR_MSG_') || code === 'ERR_INVALID_MSG_LENGTH')
      throw new FrameError('E_ENC', error);
    throw error;
  }
}

async function* readChunks(stream: Stream): AsyncGenerator<Chunk> {
  let queue: Chunk[] = [];
  let queuedBytes = 0;
  let failure: Error | undefined;
  let closed = false;
  let wake = (): void => {};

  const onMessage = ({ data }: StreamMessageEvent): void => {
    queue.push(data);
    queuedBytes += data.byteLength;
    // Not in this turn: `resume` hands out what waited, and a pause inside it would leave the window open.
    if (queuedBytes >= PAUSE_BYTES) queueMicrotask(pause);
    wake();
  };
  const onEnd = (): void => {
    closed = true;
    wake();
  };
  const onClose = ({ error }: StreamCloseEvent): void => {
    failure = error;
    onEnd();
  };
  const pause = (): void => {
    if (queuedBytes >= PAUSE_BYTES && stream.readStatus === 'readable') stream.pause();
  };
  const resume = (): void => {
    if (stream.readStatus === 'paused') stream.resume();
  };

  stream.addEventListener('message', onMessage);
  stream.addEventListener('remoteCloseWrite', onEnd);
  stream.addEventListener('close', onClose);
  try {
    for (;;) {
      const chunks = queue;
      queue = [];
      queuedBytes = 0;
      for (const chunk of chunks) yield chunk;
      if (queue.length > 0) continue;
      resume();
      if (queue.length > 0) continue;
      if (failure !== undefined) throw failure;
      if (closed || stream.status !== 'open') return;
      await new Promise<void>((done) => {
        wake = done;
      });
    }
  } finally {
    stream.removeEventListener('message', onMessage);
    stream.removeEventListener('remoteCloseWrite', onEnd);
    stream.removeEventListener('close', onClose);
  }
}
