/** A subscription to the peer's new headers, over its WebSocket. */

import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { clientFrame, FrameReader, OPCODE } from './frames.ts';

const QUERY = "tm.event='NewBlockHeader'";

/** Resolves once it stands, to what ends it. `onLost`: it ended by itself. */
export function followHeaders(
  port: number,
  onHeader: (height: number) => void,
  onLost: (why: string) => void,
): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
      'sec-websocket-key': randomBytes(16).toString('base64'),
    };
    const opening = request({ host: '127.0.0.1', port, path: '/websocket', headers });
    opening.once('error', reject);
    opening.once('response', ({ statusCode }) => reject(new Error(`no WebSocket: HTTP ${statusCode}`)));
    opening.once('upgrade', (_, socket: Duplex, head: Buffer) => {
      const reader = new FrameReader();
      let isOver = false;
      const lose = (why: string): void => {
        if (isOver) return;
        isOver = true;
        reject(new Error(why));
        onLost(why);
      };
      const take = (chunk: Buffer): void => {
        for (const { opcode, payload } of reader.push(chunk)) {
          if (opcode === OPCODE.ping) socket.write(clientFrame(OPCODE.pong, payload));
          else if (opcode === OPCODE.close) lose('the peer closed the subscription');
          else if (opcode === OPCODE.text) {
            const told = readEvent(payload.toString());
            if (typeof told === 'number') onHeader(told);
            else if (told === 'subscribed')
              resolve(() => {
                isOver = true;
                socket.destroy();
              });
            else lose(told);
          }
        }
      };
      socket.on('data', take);
      socket.once('error', ({ message }) => lose(message));
      socket.once('close', () => lose('the subscription ended'));
      const subscribe = { jsonrpc: '2.0', id: 0, method: 'subscribe', params: { query: QUERY } };
      socket.write(clientFrame(OPCODE.text, Buffer.from(JSON.stringify(subscribe))));
      if (head.length > 0) take(head);
    });
    opening.end();
  });
}

/** The height of a new header; `subscribed` for the first, empty answer; else what is wrong. */
export function readEvent(text: string): number | string {
  const { result, error } = JSON.parse(text) as {
    result?: { data?: { value?: { header?: { height?: string } } } };
    error?: { message: string; data?: string };
  };
  if (error !== undefined) return `${error.message} ${error.data ?? ''}`.trim();
  if (result !== undefined && result.data === undefined) return 'subscribed';
  const height = Number(result?.data?.value?.header?.height);
  return Number.isSafeInteger(height) && height > 0 ? height : `no header in ${text.slice(0, 200)}`;
}
