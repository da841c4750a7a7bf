/**
 * Noise, with fewer and larger packets. Yamux sends each of its frames by itself, a window update after every read
 * among them; Noise encrypts each by itself and writes its length apart, and each write is a system call and a segment
 * of TCP at both ends. Here all that one turn of the event loop sends on a connection leaves as one encrypted piece in
 * one write. The bytes on the wire are those of Noise and Yamux; who does without this understands them.
 */

import { type NoiseComponents, noise } from '@chainsafe/libp2p-noise';
import type { ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface';

/** So much leaves at once: it fills a packet of Noise by itself. */
const FULL_BYTES = 64 << 10;

export function gatheredNoise(): (components: NoiseComponents) => ConnectionEncrypter {
  const makeNoise = noise();
  return (components) => {
    const encrypter = makeNoise(components);
    const secured = async (
      raw: MessageStream,
      securing: Promise<SecuredConnection>,
    ): Promise<SecuredConnection> => {
      const result = await securing;
      const flush = gatherSends(result.connection);
      // Whoever closes a connection closes what lies below.
      beforeClose(raw, flush);
      beforeClose(result.connection, flush);
      return result;
    };
    return {
      protocol: encrypter.protocol,
      secureInbound: (raw, options) => secured(raw, encrypter.secureInbound(inOnePiece(raw), options)),
      secureOutbound: (raw, options) => secured(raw, encrypter.secureOutbound(inOnePiece(raw), options)),
    };
  };
}

function beforeClose(stream: MessageStream, prepare: () => void): void {
  const close = stream.close.bind(stream);
  stream.close = (options) => {
    prepare();
    return close(options);
  };
}

type Sent = Parameters<MessageStream['send']>[0];

/** A list of pieces would be written piece by piece. */
function inOnePiece(stream: MessageStream): MessageStream {
  const send = stream.send.bind(stream);
  stream.send = (data) => send(joined(data));
  return stream;
}

function joined(data: Sent): Uint8Array {
  return data instanceof Uint8Array ? data : data.subarray();
}

/** Holds back what is sent until the end of the turn, when it leaves together; returns what makes it leave at once. */
function gatherSends(stream: MessageStream): () => void {
  const send = stream.send.bind(stream);
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let timer: NodeJS.Immediate | undefined;

  function flush(): boolean {
    clearImmediate(timer);
    timer = undefined;
    if (waitingBytes === 0) return !stream.writableNeedsDrain;
    const data = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting, waitingBytes);
    waiting = [];
    waitingBytes = 0;
    return send(data);
  }

  /** Nobody is there to be told that it failed; but then what lies below has ended, and so does this stream. */
  function flushLate(): void {
    if (stream.status !== 'open') return;
    try {
      flush();
    } catch (error) {
      stream.log.error('what was held back is lost - %e', error);
    }
  }

  stream.send = (data) => {
    // It throws, as it would have without us.
    if (stream.status !== 'open') return send(data);
    waiting.push(joined(data));
    waitingBytes += data.byteLength;
    if (waitingBytes >= FULL_BYTES) return flush();
    timer ??= setImmediate(flushLate);
    return !stream.writableNeedsDrain;
  };
  return flushLate;
}
