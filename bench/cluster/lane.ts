/**
 * One lane of load: a gateway's link to its validator, and vertices of its own authors, signed ahead and sent on
 * schedule, in order. docs/spec/bench.md, `tally bench cluster`.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { passing } from '../../light-client/gateway/dispatcher.ts';
import {
  type LightRequest,
  lightRequest,
  lightResponse,
  SUBMITTED_TOGETHER_MAX,
} from '../../light-client/protocol/messages.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import { connectLight, type LightLink } from '../../node/libp2p/light-link.ts';
import { authorSecret } from '../workload/network.ts';
import { type Presigned, Presigner } from '../workload/presign.ts';
import type { Payload } from '../workload/readings.ts';
import { AUTHORS_PER_LANE, laneKeyNumber } from './home.ts';
import { onSchedule, REQUESTS_MAX, scheduledCount, until } from './schedule.ts';

const ANSWER_MS = 15_000;
/** What a node is too full for is sent again after this, then ever later: a real gateway begins with 250 ms and is sooner tired. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 400;
/** After a link fell, what was taken so long before may not have reached anybody else. */
const RESENT_MS = 3_000;

const nothing = new Uint8Array(0);

export interface LaneOptions {
  readonly lane: number;
  readonly network: Uint8Array;
  /** Id of the genesis header, which all vertices cite. */
  readonly checkpoint: Uint8Array;
  /** Validators, the lane's own first. */
  readonly nodes: readonly { readonly key: string; readonly multiaddr: string }[];
}

export interface SentVertex {
  readonly id: Uint8Array;
  /** Empty once it is final: nobody asks for it again. */
  envelope: Uint8Array;
  readonly author: number;
  /** In its author's chain. */
  readonly sequence: number;
  /** When it was to be sent, ms since 1970. */
  dueMs: number;
  takenMs: number | undefined;
}

export class Lane {
  readonly #options: LaneOptions;
  readonly #link: LightLink;
  readonly #authors: readonly Signer[];
  readonly #presigner: Presigner;
  /** What this lane has sent, in order. */
  readonly sent: SentVertex[] = [];
  /** First moment at which a height was shown to this lane, by height from 1. */
  readonly heads = new Map<number, number>();
  /** Refusals by code, those included that passed. */
  readonly refused: Record<string, number> = {};
  #ready: { vertex: Presigned; author: number }[] = [];
  #waiting: SentVertex[] = [];
  #requests = 0;
  #underWay = 0;
  #pausedUntilMs = 0;
  #retryMs = RETRY_MIN_MS;
  #primary = 0;
  #payloads: readonly Payload[] | undefined;

  private constructor(options: LaneOptions, link: LightLink) {
    this.#options = options;
    this.#link = link;
    const { lane, network, checkpoint } = options;
    this.#authors = Array.from({ length: AUTHORS_PER_LANE }, (_, i) =>
      nativeSigner(authorSecret(laneKeyNumber(lane) + 1 + i)),
    );
    const authors = this.#authors;
    this.#presigner = new Presigner({
      ...{ network, checkpoint, authors, startMs: Date.now(), seed: lane + 1 },
      payloadOf: (number) => this.#payloads?.[number % this.#payloads.length],
    });
    link.onPush((node, frame) => {
      if (node !== this.#node) return;
      const response = lightResponse.decode(frame);
      if (!response.ok || response.value.body.type !== 'head') return;
      const height = response.value.body.certified?.header.height;
      if (height !== undefined && !this.heads.has(height)) this.heads.set(height, Date.now());
    });
    link.onChange((node, up) => {
      if (!up && node === this.#node) this.#moveOn();
    });
  }

  static async open(options: LaneOptions): Promise<Lane> {
    const secret = authorSecret(laneKeyNumber(options.lane));
    const link = await connectLight({ secret, network: toHex(options.network), nodes: options.nodes });
    const lane = new Lane(options, link);
    await until(() => link.nodes.every(({ up }) => up), 60_000, 'its links are up');
    return lane;
  }

  /** Signs so many more, with these payloads in turn. */
  sign(count: number, payloads: readonly Payload[]): void {
    this.#payloads = payloads;
    for (let i = 0; i < count; i++) {
      const author = this.#presigner.nextAuthor;
      this.#ready.push({ vertex: this.#presigner.next(), author });
    }
  }

  /** Sends at this rate for so long; resolves when all of it was answered. */
  async run(verticesPerS: number, durationMs: number): Promise<void> {
    const total = scheduledCount(verticesPerS, durationMs);
    if (total > this.#ready.length)
      throw new RangeError(`"sign" expected ${total} vertices, got ${this.#ready.length}`);
    await onSchedule(verticesPerS, total, {
      due: (number, dueMs) => {
        const { vertex, author } = this.#ready[number]!;
        const vertexSent: SentVertex = { ...vertex, author, dueMs, takenMs: undefined };
        this.sent.push(vertexSent);
        this.#waiting.push(vertexSent);
      },
      pump: () => this.#pump(),
      isBusy: () => this.#waiting.length > 0 || this.#underWay > 0,
    });
    this.#ready = this.#ready.slice(total);
  }

  /** Resolves once the chain of each author is final up to its last vertex that was taken. */
  async drain(withinMs: number): Promise<void> {
    const last = new Map<number, SentVertex>();
    for (const vertex of this.sent) if (vertex.takenMs !== undefined) last.set(vertex.author, vertex);
    const isFinal = async ([author, { sequence }]: [number, SentVertex]): Promise<boolean> => {
      const key = this.#authors[author]!.publicKey;
      const answer = await this.#ask({ type: 'chain', key }).catch(() => undefined);
      if (answer?.type !== 'chain' || answer.sequence < sequence) return false;
      last.delete(author);
      return true;
    };
    await until(
      async () => {
        // One after the other, up to the first that is not: a network that is behind is not asked much.
        for (const entry of [...last]) if (!(await isFinal(entry))) return false;
        return true;
      },
      withinMs,
      'all that was sent is final',
    );
    for (const vertex of this.sent) vertex.envelope = nothing;
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  get #node(): string {
    return this.#options.nodes[this.#primary]!.key;
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#underWay < REQUESTS_MAX && Date.now() >= this.#pausedUntilMs) {
      // A part of a frame goes at once only if nothing is under way: else more will have come by its turn.
      if (this.#waiting.length < SUBMITTED_TOGETHER_MAX && this.#underWay > 0) return;
      void this.#send(this.#waiting.splice(0, SUBMITTED_TOGETHER_MAX));
    }
  }

  async #send(vertices: readonly SentVertex[]): Promise<void> {
    this.#underWay += 1;
    const node = this.#node;
    const envelopes = vertices.map(({ envelope }) => envelope);
    const answer = await this.#ask({ type: 'submitMany', envelopes }).catch(() => undefined);
    this.#underWay -= 1;
    const verdicts = answer?.type === 'submittedMany' ? answer.verdicts : [];
    const again: SentVertex[] = [];
    for (const [i, vertex] of vertices.entries()) {
      const code = verdicts[i]?.code ?? 'E_UNKNOWN';
      if (code === 'OK') {
        vertex.takenMs ??= Date.now();
        continue;
      }
      this.refused[code] = (this.refused[code] ?? 0) + 1;
      if (passing.has(code)) again.push(vertex);
    }
    if (again.length === 0) {
      this.#retryMs = RETRY_MIN_MS;
      return;
    }
    // In the order of the chains, before all that came later; to a node that was left no more of it.
    this.#waiting = [...again, ...this.#waiting].sort((a, b) => a.dueMs - b.dueMs);
    if (node !== this.#node || Date.now() < this.#pausedUntilMs) return;
    this.#pausedUntilMs = Date.now() + this.#retryMs;
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MAX_MS);
  }

  /** The node is gone: the next one gets what it may not have passed on. */
  #moveOn(): void {
    const { nodes } = this.#options;
    for (let i = 0; i < nodes.length; i++) {
      this.#primary = (this.#primary + 1) % nodes.length;
      if (this.#link.nodes[this.#primary]!.up) break;
    }
    const sinceMs = Date.now() - RESENT_MS;
    const lost = this.sent.filter(({ takenMs }) => takenMs !== undefined && takenMs >= sinceMs);
    this.#waiting = [...lost, ...this.#waiting].sort((a, b) => a.dueMs - b.dueMs);
  }

  async #ask(body: LightRequest) {
    this.#requests += 1;
    const frame = lightRequest.encode({ id: this.#requests, body });
    const answer = lightResponse.decode(await this.#link.request(this.#node, frame, ANSWER_MS));
    return answer.ok ? answer.value.body : undefined;
  }
}
