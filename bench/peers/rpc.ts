/** The peer's JSON-RPC over connections that stay open. */

import { Agent, request } from 'node:http';

const ANSWER_MS = 30_000;

export interface RpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly data?: string };
}

export class Rpc {
  readonly port: number;
  readonly #agent: Agent;

  constructor(port: number, connections: number) {
    this.port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Throws when the answer is an error, or none. */
  async ask<T>(method: string, params: object = {}): Promise<T> {
    const [answer] = await this.batch([{ method, params }]);
    return resultOf<T>(answer);
  }

  /** Answers in the order of the calls. */
  async batch(calls: readonly { method: string; params: object }[]): Promise<(RpcAnswer | undefined)[]> {
    const body = JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call })));
    return inOrder(JSON.parse(await this.#post(body)), calls.length);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const options = { host: '127.0.0.1', port: this.port, method: 'POST', path: '/', headers };
      const sent = request({ ...options, agent: this.#agent, timeout: ANSWER_MS }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => resolve(Buffer.concat(chunks).toString()));
      });
      sent.once('timeout', () => sent.destroy(new Error(`no answer within ${ANSWER_MS / 1_000} s`)));
      sent.once('error', reject);
      sent.end(body);
    });
  }
}

export function resultOf<T>(answer: RpcAnswer | undefined): T {
  if (answer?.result !== undefined) return answer.result as T;
  const { message = 'no answer', data = '' } = answer?.error ?? {};
  throw new Error(`the peer's RPC: ${message} ${data}`.trim());
}

/** A batch of one may be answered without a list; answers of more may come in any order. */
export function inOrder(answered: unknown, count: number): (RpcAnswer | undefined)[] {
  const list = (Array.isArray(answered) ? answered : [answered]) as (RpcAnswer & { readonly id?: unknown })[];
  const answers = new Array<RpcAnswer | undefined>(count).fill(undefined);
  for (const answer of list)
    if (typeof answer.id === 'number' && answer.id in answers) answers[answer.id] = answer;
  return answers;
}
