/** One lane of load at the peer: records signed ahead and sent to its validator on schedule, as `Lane` does with vertices. */

import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { SUBMITTED_TOGETHER_MAX } from '../../light-client/protocol/messages.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import { AUTHORS_PER_LANE, laneKeyNumber } from '../cluster/home.ts';
import { onSchedule, pause, REQUESTS_MAX, scheduledCount, until } from '../cluster/schedule.ts';
import { authorSecret } from '../workload/network.ts';
import { followHeaders } from './headers.ts';
import { makeRecord, recordId } from './record.ts';
import { Rpc, type RpcAnswer } from './rpc.ts';

const RETRY_MS = 50;
/** After the last record left the mempool, until its header was shown. */
const SHOWN_MS = 500;

interface SentRecord {
  readonly id: string;
  /** Base64; empty once it was taken. */
  transaction: string;
  readonly dueMs: number;
  takenMs: number | undefined;
}

export interface CometLaneOptions {
  readonly lane: number;
  readonly rpcPort: number;
}

export class CometLane {
  readonly sent: SentRecord[] = [];
  readonly heads = new Map<number, number>();
  readonly refused: Record<string, number> = {};
  readonly #lane: number;
  readonly #rpc: Rpc;
  readonly #authors: readonly Signer[];
  #unfollow: () => void = () => {};
  #ready: string[] = [];
  #signed = 0;
  #waiting: SentRecord[] = [];
  #underWay = 0;
  #pausedUntilMs = 0;

  private constructor({ lane, rpcPort }: CometLaneOptions) {
    this.#lane = lane;
    this.#rpc = new Rpc(rpcPort, REQUESTS_MAX);
    this.#authors = Array.from({ length: AUTHORS_PER_LANE }, (_, i) =>
      nativeSigner(authorSecret(laneKeyNumber(lane) + 1 + i)),
    );
  }

  static async open(options: CometLaneOptions): Promise<CometLane> {
    const lane = new CometLane(options);
    lane.#unfollow = await followHeaders(
      options.rpcPort,
      (height) => {
        if (!lane.heads.has(height)) lane.heads.set(height, Date.now());
      },
      (why) => {
        throw new Error(`lane ${options.lane}: ${why}`);
      },
    );
    return lane;
  }

  sign(count: number): void {
    for (let i = 0; i < count; i++) {
      const number = this.#signed++;
      const author = this.#authors[number % this.#authors.length]!;
      this.#ready.push(makeRecord(this.#lane, number, author).toString('base64'));
    }
  }

  async run(recordsPerS: number, durationMs: number): Promise<void> {
    const total = scheduledCount(recordsPerS, durationMs);
    if (total > this.#ready.length)
      throw new RangeError(`"sign" expected ${total} records, got ${this.#ready.length}`);
    const first = this.#signed - this.#ready.length;
    await onSchedule(recordsPerS, total, {
      due: (number, dueMs) => {
        const id = recordId(this.#lane, first + number);
        const record: SentRecord = { id, transaction: this.#ready[number]!, dueMs, takenMs: undefined };
        this.sent.push(record);
        this.#waiting.push(record);
      },
      pump: () => this.#pump(),
      isBusy: () => this.#waiting.length > 0 || this.#underWay > 0,
    });
    this.#ready = this.#ready.slice(total);
  }

  /** Resolves once its validator holds no record that is not in a block. */
  async drain(withinMs: number): Promise<void> {
    await until(
      async () => (await this.#rpc.ask<{ total: string }>('num_unconfirmed_txs')).total === '0',
      withinMs,
      'all that was sent is final',
    );
    await pause(SHOWN_MS);
  }

  close(): void {
    this.#unfollow();
    this.#rpc.close();
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#underWay < REQUESTS_MAX && Date.now() >= this.#pausedUntilMs) {
      // As in `Lane`.
      if (this.#waiting.length < SUBMITTED_TOGETHER_MAX && this.#underWay > 0) return;
      void this.#send(this.#waiting.splice(0, SUBMITTED_TOGETHER_MAX));
    }
  }

  async #send(records: readonly SentRecord[]): Promise<void> {
    this.#underWay += 1;
    const calls = records.map(({ transaction: tx }) => ({ method: 'broadcast_tx_async', params: { tx } }));
    const answers = await this.#rpc.batch(calls).catch((): (RpcAnswer | undefined)[] => []);
    this.#underWay -= 1;
    const again: SentRecord[] = [];
    for (const [i, record] of records.entries()) {
      const why = refusalOf(answers[i]);
      if (why === undefined) {
        record.takenMs ??= Date.now();
        record.transaction = '';
        continue;
      }
      this.refused[why] = (this.refused[why] ?? 0) + 1;
      again.push(record);
    }
    if (again.length === 0) return;
    this.#waiting = [...again, ...this.#waiting].sort((a, b) => a.dueMs - b.dueMs);
    this.#pausedUntilMs = Date.now() + RETRY_MS;
  }
}

/** Why a record has to be sent again. One that is in the cache was taken before, and only the answer was lost. */
export function refusalOf(answer: RpcAnswer | undefined): string | undefined {
  if (answer?.result !== undefined) return undefined;
  if (answer?.error === undefined) return 'no answer';
  const { message, data = '' } = answer.error;
  if (data.includes('already exists in cache')) return undefined;
  return data.includes('mempool is full') ? 'mempool is full' : `${message} ${data}`.trim();
}
