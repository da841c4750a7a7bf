/** As much of WebSocket (RFC 6455) as one subscription needs: text out in one frame, messages in, pings answered. */

import { randomBytes } from 'node:crypto';

export const OPCODE = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;

/** A client's frames are masked. */
export function clientFrame(opcode: number, payload: Buffer, mask: Buffer = randomBytes(4)): Buffer {
  const { length } = payload;
  if (length > 0xffff) throw new RangeError(`a frame expected at most 65535 bytes, got ${length}`);
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 0xff]);
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ mask[at % 4]!)]);
}

export interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Puts a server's bytes together to messages, however they are cut. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #opcode = 0;

  push(chunk: Buffer): Message[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: Message[] = [];
    for (;;) {
      const frame = this.#take();
      if (frame === undefined) return messages;
      const { isLast, opcode, payload } = frame;
      if (opcode >= OPCODE.close) {
        messages.push({ opcode, payload });
        continue;
      }
      if (opcode !== OPCODE.continuation) this.#opcode = opcode;
      this.#parts.push(payload);
      if (!isLast) continue;
      messages.push({ opcode: this.#opcode, payload: Buffer.concat(this.#parts) });
      this.#parts = [];
    }
  }

  #take(): { isLast: boolean; opcode: number; payload: Buffer } | undefined {
    const bytes = this.#rest;
    if (bytes.length < 2) return undefined;
    let [length, start] = [bytes[1]! & 0x7f, 2];
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      [length, start] = [bytes.readUInt16BE(2), 4];
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      [length, start] = [Number(bytes.readBigUInt64BE(2)), 10];
    }
    if (bytes.length < start + length) return undefined;
    this.#rest = bytes.subarray(start + length);
    return {
      isLast: (bytes[0]! & 0x80) !== 0,
      opcode: bytes[0]! & 0x0f,
      payload: bytes.subarray(start, start + length),
    };
  }
}
