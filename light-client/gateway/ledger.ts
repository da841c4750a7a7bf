/**
 * The gateway's conversation with its nodes `[LC-2]`: two of different organisations where there are two, a primary
 * that answers and a second that contradicts it if it lies; a dead, frozen or lying primary is replaced.
 */

import type { CommitteeChange } from '../../consensus/checkpoint/change.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import type { LightLink } from '../../node/libp2p/light-link.ts';
import type { Clock } from '../../node/ports.ts';
import type { CertifiedHeader } from '../proof/anchor.ts';
import {
  CHANGES_PER_ANSWER_MAX,
  type LightRequest,
  type LightResponse,
  lightRequest,
  lightResponse,
} from '../protocol/messages.ts';
import type { Judging } from './answers.ts';
import type { Follower } from './follower.ts';

/** A full node to follow. */
export interface LedgerNode {
  /** Public key in hexadecimal. */
  readonly key: string;
  /** The party that runs it, as the genesis knows it: nodes of one party are one opinion. */
  readonly organisation: string;
}

export interface LedgerEvents {
  /** A link came up and its node has shown its head. */
  onUp(node: string): void;
  /** A node has shown a header that it had not shown before. */
  onHead(node: string, certified: CertifiedHeader): void;
  onConflict(): void;
  /** The committee changed, and the change was verified: it must be kept. */
  onChange(change: CommitteeChange): void;
  /** A node showed or answered what cannot be true; it is not asked for a while. */
  onLie(node: string, reason: string): void;
  onPrimary(node: string | undefined, before: string | undefined): void;
}

export interface NodeView extends LedgerNode {
  readonly up: boolean;
  readonly height: number;
  readonly role: 'primary' | 'second' | 'spare';
}

interface NodeState extends LedgerNode {
  up: boolean;
  /** The newest that it has shown, verified. */
  head: CertifiedHeader | undefined;
  /** Not asked before this time: it lied, or did not answer. */
  shunnedUntilMs: number;
}

const ANSWER_MS = 10_000;
const LIE_SHUN_MS = 60_000;
const SILENCE_SHUN_MS = 5_000;
/** Another node shows newer headers for this long: the primary hangs. */
const BEHIND_MS = 2_000;
const WATCH_MS = 500;

export class Ledger {
  readonly #link: LightLink;
  readonly #follower: Follower;
  readonly #clock: Clock;
  readonly #events: LedgerEvents;
  readonly #nodes: readonly NodeState[];
  readonly #watch: NodeJS.Timeout;
  /** Questions for changes of committee that are under way, by node. */
  readonly #learning = new Map<string, Promise<void>>();
  #primary: NodeState | undefined;
  #behindSinceMs: number | undefined;
  #requests = 0;
  #closed = false;

  constructor(parts: {
    readonly link: LightLink;
    readonly nodes: readonly LedgerNode[];
    readonly follower: Follower;
    readonly clock: Clock;
    readonly events: LedgerEvents;
  }) {
    this.#link = parts.link;
    this.#follower = parts.follower;
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.#nodes = parts.nodes.map((node) => ({ ...node, up: false, head: undefined, shunnedUntilMs: 0 }));
    this.#link.onPush((key, frame) => this.#onPush(key, frame));
    this.#link.onChange((key, up) => void this.#onChange(key, up));
    for (const { key, up } of this.#link.nodes) if (up) void this.#onChange(key, true);
    this.#watch = setInterval(() => this.#choose(), WATCH_MS);
  }

  /** The node to ask; `undefined` while none can be. */
  get primary(): string | undefined {
    return this.#primary?.key;
  }

  /** Primary and second: where vertices go, so that their payload has two holders. */
  get chosen(): readonly string[] {
    const second = this.#second();
    return [this.#primary, second].flatMap((node) => (node === undefined ? [] : [node.key]));
  }

  get nodes(): readonly NodeView[] {
    const second = this.#second();
    return this.#nodes.map((node) => {
      const role = node === this.#primary ? 'primary' : node === second ? 'second' : 'spare';
      return { key: node.key, organisation: node.organisation, up: node.up, height: heightOf(node), role };
    });
  }

  get bytes(): { readonly sent: number; readonly received: number } {
    const { bytesOut, bytesIn } = this.#link.stats();
    return { sent: bytesOut, received: bytesIn };
  }

  /** The height that a node has shown last; 0 before the first. */
  heightOf(key: string): number {
    return heightOf(this.#nodeOf(key));
  }

  /** The newest certified header that a node has shown. */
  headOf(key: string): CertifiedHeader | undefined {
    return this.#nodeOf(key).head;
  }

  judging(key: string): Judging {
    return { follower: this.#follower, source: key, nowMs: this.#clock.now() };
  }

  /** Asks one node. Rejects when there is no answer; a node that is silent, or talks nonsense, is not asked for a while. */
  async ask(key: string, request: LightRequest): Promise<LightResponse> {
    const node = this.#nodeOf(key);
    this.#requests = (this.#requests % 0xffffffff) + 1;
    const frame = lightRequest.encode({ id: this.#requests, body: request });
    let answer: Uint8Array;
    try {
      answer = await this.#link.request(key, frame, ANSWER_MS);
    } catch (error) {
      if ((error as { code?: string }).code === 'timeout') this.#shun(node, SILENCE_SHUN_MS);
      throw error;
    }
    const decoded = lightResponse.decode(answer, limits.frameBytesMax);
    if (decoded.ok) {
      const shown = certifiedOf(decoded.value.body);
      // What rests on a later committee can be judged only once that is known.
      if (shown !== undefined && this.#follower.isAhead(shown.header)) await this.#learn(node);
      return decoded.value.body;
    }
    this.distrust(key, describeRefusal(decoded));
    throw new Error(`${key} answered what is no answer: ${describeRefusal(decoded)}`);
  }

  /** Whatever this node says is not believed for a while. */
  distrust(key: string, reason: string): void {
    const node = this.#nodeOf(key);
    // It may go on lying four times a second.
    if (this.#clock.now() >= node.shunnedUntilMs) this.#events.onLie(key, reason);
    this.#shun(node, LIE_SHUN_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    await this.#link.close();
  }

  async #onChange(key: string, up: boolean): Promise<void> {
    const node = this.#nodeOf(key);
    node.up = up;
    if (!up) return this.#choose();
    try {
      const answer = await this.ask(key, { type: 'head' });
      if (answer.type !== 'head')
        return this.distrust(key, `answered "${answer.type}" when asked for its head`);
      if (answer.certified !== undefined) this.#observe(node, answer.certified);
    } catch {
      return;
    }
    this.#choose();
    if (node.up && !this.#closed) this.#events.onUp(key);
  }

  #onPush(key: string, frame: Uint8Array): void {
    const decoded = lightResponse.decode(frame, limits.frameBytesMax);
    if (!decoded.ok) return this.distrust(key, describeRefusal(decoded));
    const { body } = decoded.value;
    if (body.type === 'head' && body.certified !== undefined)
      this.#observe(this.#nodeOf(key), body.certified);
    // A node that could not read a request of ours says so unasked.
    else if (body.type === 'refused') this.#events.onLie(key, `${body.code} ${body.detail}`);
  }

  /** Asks a node for the changes of committee that lead on from the one known here. Rejects when it has none. */
  #learn(node: NodeState): Promise<void> {
    const running = this.#learning.get(node.key);
    if (running !== undefined) return running;
    const learning = this.#askChanges(node).finally(() => this.#learning.delete(node.key));
    this.#learning.set(node.key, learning);
    return learning;
  }

  async #askChanges(node: NodeState): Promise<void> {
    for (;;) {
      const { epoch } = this.#follower;
      const answer = await this.ask(node.key, { type: 'changes', epoch });
      const changes = answer.type === 'changes' ? answer.changes : [];
      for (const change of changes) {
        if (this.#closed) return;
        const sight = this.#follower.change(change, node.key, this.#clock.now());
        if (sight.type === 'conflict') return this.#events.onConflict();
        if (sight.type === 'changed') this.#events.onChange(change);
        else if (sight.type !== 'known') {
          const why = sight.type === 'refused' ? describeRefusal(sight.refusal) : 'it leaves one out';
          if (!this.#follower.isUnanchored(this.#clock.now()))
            this.distrust(node.key, `its change of committee: ${why}`);
          throw new Error(`${node.key} showed a change of committee that does not hold`);
        }
      }
      if (this.#follower.epoch === epoch) throw new Error(`${node.key} knows no change after epoch ${epoch}`);
      if (changes.length < CHANGES_PER_ANSWER_MAX) return;
    }
  }

  #observe(node: NodeState, certified: CertifiedHeader): void {
    if (this.#closed) return;
    if (this.#follower.isAhead(certified.header)) {
      void this.#learn(node).then(
        () => {
          // Shown by a node that has led no further than before, it would be asked about for ever.
          if (!this.#follower.isAhead(certified.header)) this.#observe(node, certified);
        },
        // No answer: the next head brings the next try.
        () => undefined,
      );
      return;
    }
    const sight = this.#follower.observe(certified, node.key, this.#clock.now());
    // Not the node's fault: with so old a trust root nobody can be believed.
    if (sight.type === 'refused' && this.#follower.isUnanchored(this.#clock.now())) return;
    if (sight.type === 'refused') return this.distrust(node.key, describeRefusal(sight.refusal));
    if (sight.type === 'conflict') return this.#events.onConflict();
    if (sight.type === 'ahead') return;
    if (certified.header.height <= heightOf(node)) return;
    node.head = certified;
    this.#choose();
    this.#events.onHead(node.key, certified);
  }

  #shun(node: NodeState, forMs: number): void {
    node.shunnedUntilMs = Math.max(node.shunnedUntilMs, this.#clock.now() + forMs);
    this.#choose();
  }

  /** Keeps the primary while it serves; else the first node, in the operator's order, that does. */
  #choose(): void {
    if (this.#closed) return;
    const nowMs = this.#clock.now();
    const before = this.#primary;
    if (before !== undefined && (!this.#serves(before, nowMs) || this.#hangs(before, nowMs))) {
      this.#primary = undefined;
      this.#behindSinceMs = undefined;
    }
    this.#primary ??=
      this.#nodes.find((node) => node !== before && this.#serves(node, nowMs)) ??
      this.#nodes.find((node) => this.#serves(node, nowMs));
    if (this.#primary !== before) this.#events.onPrimary(this.#primary?.key, before?.key);
  }

  #serves(node: NodeState, nowMs: number): boolean {
    return node.up && nowMs >= node.shunnedUntilMs;
  }

  #hangs(primary: NodeState, nowMs: number): boolean {
    const behind = this.#nodes.some(
      (node) => heightOf(node) > heightOf(primary) && this.#serves(node, nowMs),
    );
    if (!behind) this.#behindSinceMs = undefined;
    else this.#behindSinceMs ??= nowMs;
    return this.#behindSinceMs !== undefined && nowMs - this.#behindSinceMs > BEHIND_MS;
  }

  #second(): NodeState | undefined {
    const nowMs = this.#clock.now();
    const others = this.#nodes.filter((node) => node !== this.#primary && this.#serves(node, nowMs));
    return others.find(({ organisation }) => organisation !== this.#primary?.organisation) ?? others[0];
  }

  #nodeOf(key: string): NodeState {
    const node = this.#nodes.find((candidate) => candidate.key === key);
    if (node === undefined) throw new RangeError(`"key" expected one of the nodes followed, got ${key}`);
    return node;
  }
}

const heightOf = ({ head }: NodeState): number => head?.header.height ?? 0;

/** The certified header that an answer rests on, if it does on one. */
function certifiedOf(body: LightResponse): CertifiedHeader | undefined {
  if (body.type === 'head') return body.certified;
  return body.type === 'object' ? body.anchor.certified : undefined;
}
