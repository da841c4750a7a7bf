/**
 * From the outbox to the ledger and back `[LC-3]`: signs what waits, sends it in chain order to two nodes, asks for
 * proofs at each new header, and calls final only what it has checked down to a certified one.
 */

import type { Code } from '../../consensus/codec/codes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import type { Clock, Random } from '../../node/ports.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { OutboxVertex } from '../outbox/vertices.ts';
import type { CertifiedHeader } from '../proof/anchor.ts';
import type { Alarms } from './alarms.ts';
import { checkVertexAnswer, type FinalVertex } from './answers.ts';
import type { ChainGuard } from './chain-guard.ts';
import type { Follower } from './follower.ts';
import type { Ledger } from './ledger.ts';
import type { Payments } from './payments.ts';

export interface DispatcherParts {
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly follower: Follower;
  readonly guard: ChainGuard;
  readonly alarms: Alarms;
  readonly payments: Payments;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  readonly framesMax: number;
  readonly intervalMs: number;
  readonly onFinal: (vertex: OutboxVertex, final: FinalVertex) => void;
  /** The outbox failed: the gateway must stop. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Vertices signed and not final, at most. Beyond the first of these only full batches are signed: a ledger that is
 * slow gets fewer and larger vertices, and a long queue is caught up with fast.
 */
const IN_FLIGHT_MAX = 8;
const FULL_IN_FLIGHT_MAX = 32;
const IN_FLIGHT_BYTES_MAX = 2 << 20;
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 15_000;
/** A refusal that cannot be mended is tried again at this pace: the node may have erred. */
const REJECTED_RETRY_MS = 60_000;
/** A vertex that was taken and is not final by then is sent again: the node may have lost it. */
const RESEND_MS = 15_000;

/** The node may take it later. Anything else is a verdict on the vertex itself. */
export const passing: ReadonlySet<string> = new Set<Code>([
  'E_PARKED',
  'E_ALLOWANCE',
  'E_FULL',
  'E_DISK',
  'E_KEY_UNKNOWN',
  'E_UNKNOWN',
]);

/** Verdicts on the gateway's own key: whatever the vertex carried was not looked at. */
const ofTheKey: ReadonlySet<Code> = new Set<Code>(['E_FORK', 'E_KEY_SUSPENDED', 'E_KEY_REVOKED']);

/** What one node has said to one vertex. */
interface Submission {
  state: 'asked' | 'taken' | 'later' | 'rejected';
  untilMs: number;
  tries: number;
}

export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** By node, by sequence. */
  readonly #submissions = new Map<string, Map<number, Submission>>();
  #running: Promise<void> | undefined;
  #again = false;
  #proving = false;
  /** The vertex that no node takes. */
  #rejected: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Something may have become possible. */
  poke(): void {
    this.#again = true;
    this.#running ??= this.#run();
  }

  onUp(node: string): void {
    this.#submissions.delete(node);
    this.poke();
  }

  onDown(node: string): void {
    this.#submissions.delete(node);
  }

  /** A node has a new head: what it confirms may be proved now. */
  onHead(node: string): void {
    if (node === this.#parts.ledger.primary) void this.#prove(node);
  }

  /** Ends; what is under way is finished. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { onFailure } = this.#parts;
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        await this.#sign();
        this.#submit();
      }
    } catch (error) {
      onFailure(error as Error);
    } finally {
      this.#running = undefined;
    }
    this.#setTimer();
  }

  /** Readings and payments in turn: neither holds up the other. */
  async #sign(): Promise<void> {
    for (let goesOn = true; goesOn && !this.#closed; ) {
      goesOn = await this.#signReadings();
      goesOn = (await this.#signPayment()) || goesOn;
    }
  }

  async #signReadings(): Promise<boolean> {
    const { outbox, follower, clock, random, signer, framesMax } = this.#parts;
    if (clock.now() < this.#signAtMs()) return false;
    const checkpoint = follower.head!;
    const terms = { signer, checkpoint, framesMax, nowMs: clock.now(), salt: random.bytes(32) };
    const signed = await outbox.signNext(terms);
    if (signed !== undefined) this.#submit();
    return signed !== undefined;
  }

  async #signPayment(): Promise<boolean> {
    const { follower, clock, signer, payments } = this.#parts;
    if (!payments.isDue || !this.#maySign()) return false;
    await payments.signNext({ signer, checkpoint: follower.head!, nowMs: clock.now() });
    this.#submit();
    return true;
  }

  /** Only what is about to be sent is signed: a queue that waits keeps its frames unsigned, and cites a fresh header. */
  #maySign(): boolean {
    const { ledger, guard, follower } = this.#parts;
    const isKnown =
      guard.standing.state === 'clear' && follower.conflict === undefined && follower.head !== undefined;
    return isKnown && ledger.primary !== undefined && this.#hasRoom();
  }

  #hasRoom(): boolean {
    const { outbox, framesMax } = this.#parts;
    const isFull = outbox.queuedFrames >= framesMax;
    const bytes = outbox.inFlight.reduce((sum, { envelope }) => sum + envelope.length, 0);
    return (
      outbox.inFlight.length < (isFull ? FULL_IN_FLIGHT_MAX : IN_FLIGHT_MAX) && bytes < IN_FLIGHT_BYTES_MAX
    );
  }

  /** When the frames that wait make a batch that may be signed: full, or old enough. */
  #signAtMs(): number {
    const { outbox, payments, framesMax, intervalMs, clock } = this.#parts;
    const sinceMs = outbox.waitingSinceMs;
    if (sinceMs === undefined || payments.isFull || !this.#maySign()) return Number.POSITIVE_INFINITY;
    // A clock that was set back must not make frames wait for it to come round again.
    return outbox.queuedFrames >= framesMax || sinceMs > clock.now() ? 0 : sinceMs + intervalMs;
  }

  #submit(): void {
    const { ledger, outbox, follower, clock } = this.#parts;
    if (follower.conflict !== undefined) return;
    for (const node of ledger.chosen) {
      const submissions = this.#submissionsTo(node);
      for (const signed of outbox.inFlight) {
        const known = submissions.get(signed.vertex.sequence);
        if (known !== undefined && (known.state === 'asked' || clock.now() < known.untilMs)) {
          // Sent out of order it would only be parked.
          if (known.state === 'later' || known.state === 'rejected') break;
          continue;
        }
        void this.#send(node, signed, known);
      }
    }
  }

  async #send(
    node: string,
    { vertex, envelope }: OutboxVertex,
    before: Submission | undefined,
  ): Promise<void> {
    const { ledger, clock } = this.#parts;
    const submission: Submission = { state: 'asked', untilMs: 0, tries: (before?.tries ?? 0) + 1 };
    this.#submissionsTo(node).set(vertex.sequence, submission);
    const answer = await ledger.ask(node, { type: 'submit', envelope }).catch(() => undefined);
    const code = answer?.type === 'submitted' ? answer.code : 'E_UNKNOWN';
    const retryMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(submission.tries - 1, 10));
    if (code === 'OK') {
      Object.assign(submission, { state: 'taken', untilMs: clock.now() + RESEND_MS, tries: 0 });
      this.#onAccepted(vertex.sequence);
    } else if (passing.has(code)) {
      Object.assign(submission, { state: 'later', untilMs: clock.now() + retryMs });
    } else {
      Object.assign(submission, { state: 'rejected', untilMs: clock.now() + REJECTED_RETRY_MS });
      const detail = answer?.type === 'submitted' ? answer.detail : '';
      this.#onRejected(vertex.sequence, code as Code, detail);
    }
    this.#setTimer();
  }

  /** One node's word is not enough for an alarm while another takes the vertex. */
  #onRejected(sequence: number, code: Code, detail: string): void {
    const { ledger, alarms } = this.#parts;
    const taken = ledger.chosen.some((node) => this.#submissions.get(node)?.get(sequence)?.state === 'taken');
    if (taken) return;
    this.#rejected = sequence;
    alarms.raise('vertex', code, `vertex ${sequence} is refused and stays in the outbox: ${detail || code}`);
  }

  #onAccepted(sequence: number): void {
    if (this.#rejected !== sequence) return;
    this.#rejected = undefined;
    this.#parts.alarms.clear('vertex');
  }

  /** Asks for the proof of every vertex in flight, and settles those that are final, in chain order. */
  async #prove(node: string): Promise<void> {
    const { ledger, outbox, onFailure } = this.#parts;
    if (this.#proving || this.#closed || outbox.inFlight.length === 0) return;
    this.#proving = true;
    let held: CertifiedHeader | undefined;
    try {
      do {
        held = ledger.headOf(node);
        if (held === undefined) return;
        await this.#proveAll(node, held);
      } while (
        ledger.headOf(node) !== held &&
        outbox.inFlight.length > 0 &&
        ledger.primary === node &&
        !this.#closed
      );
    } catch (error) {
      onFailure(error as Error);
    } finally {
      this.#proving = false;
    }
    this.poke();
  }

  async #proveAll(node: string, held: CertifiedHeader): Promise<void> {
    const { ledger, outbox, follower } = this.#parts;
    const under = held.header.height;
    const asked = outbox.inFlight.map(async (signed) => {
      const question = { type: 'proveVertex', id: signed.vertex.id, under } as const;
      return { signed, answer: await ledger.ask(node, question).catch(() => undefined) };
    });
    for (const { signed, answer } of await Promise.all(asked)) {
      if (answer === undefined || this.#closed || follower.conflict !== undefined) return;
      const checked = checkVertexAnswer(answer, { vertex: signed.vertex, held }, ledger.judging(node));
      if (!checked.ok)
        return ledger.distrust(
          node,
          `its proof of vertex ${signed.vertex.sequence}: ${describeRefusal(checked)}`,
        );
      if (checked.value === undefined) return;
      await this.#settle(signed, checked.value);
    }
  }

  async #settle(signed: OutboxVertex, final: FinalVertex): Promise<void> {
    const { outbox, guard, payments, clock, onFinal } = this.#parts;
    const { sequence, kind } = signed.vertex;
    const beside = await payments.onOutcome(signed, final);
    await outbox.settleFirst(final.proof, final.anchor, clock.now(), beside);
    for (const submissions of this.#submissions.values()) submissions.delete(sequence);
    this.#onAccepted(sequence);
    if (final.code !== 'OK' && (kind === 'readings' || ofTheKey.has(final.code)))
      guard.block(
        final.code,
        `vertex ${sequence} was confirmed at height ${final.proof.header.height} without effect: ${final.code}`,
      );
    onFinal(signed, final);
  }

  #submissionsTo(node: string): Map<number, Submission> {
    const known = this.#submissions.get(node) ?? new Map<number, Submission>();
    this.#submissions.set(node, known);
    return known;
  }

  /** Wakes for the next batch that is old enough, and for the next try. */
  #setTimer(): void {
    if (this.#closed || this.#running !== undefined) return;
    clearTimeout(this.#timer);
    let atMs = this.#signAtMs();
    for (const node of this.#parts.ledger.chosen) {
      for (const { state, untilMs } of this.#submissionsTo(node).values())
        if (state !== 'asked') atMs = Math.min(atMs, untilMs);
    }
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => this.poke(),
      Math.max(1, Math.min(atMs - this.#parts.clock.now(), RESEND_MS)),
    );
  }
}
