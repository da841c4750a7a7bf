/**
 * May this gateway sign `[VTX-2]`? Asks the ledger for its own key and its own chain, with proofs, before the first
 * signature of each life. A second vertex of one number would suspend the key for ever, so in doubt it does not sign.
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import type { ObjectType } from '../../consensus/contracts/object.ts';
import { chain, key } from '../../consensus/contracts/registry.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { checkObjectAnswer } from './answers.ts';
import type { Ledger } from './ledger.ts';

export type Standing =
  /** Not asked yet, or not enrolled yet: it may change by itself. */
  | { readonly state: 'waiting'; readonly code: Code; readonly reason: string }
  | { readonly state: 'clear' }
  /** Somebody must do something. */
  | { readonly state: 'blocked'; readonly code: Code; readonly reason: string };

interface ChainEnd {
  readonly sequence: number;
  readonly id: Uint8Array;
}

/** A chain that is to be taken over must have rested for this long by the ledger's clock: nothing of it is under way. */
const RESUME_REST_MS = 15_000;
/** What somebody must mend is looked at again after this many checkpoints. */
const BLOCKED_HEIGHTS = 20;

export class ChainGuard {
  readonly #outbox: Outbox;
  readonly author: Uint8Array;
  readonly #resume: boolean;
  readonly #onStanding: (standing: Standing) => void;
  #standing: Standing = { state: 'waiting', code: 'E_UNKNOWN', reason: 'the ledger was not asked yet' };
  #resting: { readonly end: ChainEnd; readonly sinceMs: number } | undefined;
  #asking = false;
  #askedHeight = 0;

  constructor(parts: {
    readonly outbox: Outbox;
    readonly author: Uint8Array;
    /** Go on from the ledger's chain when the outbox was lost. */
    readonly resume: boolean;
    readonly onStanding: (standing: Standing) => void;
  }) {
    this.#outbox = parts.outbox;
    this.author = parts.author;
    this.#resume = parts.resume;
    this.#onStanding = parts.onStanding;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** The ledger refused a vertex of ours: nothing more is signed. */
  block(code: Code, reason: string): void {
    this.#become({ state: 'blocked', code, reason });
  }

  /** Asks the primary, unless it is known already. Never rejects. */
  async check(ledger: Ledger): Promise<void> {
    const node = ledger.primary;
    if (node === undefined || this.#asking || this.#standing.state === 'clear') return;
    const height = ledger.heightOf(node);
    if (this.#standing.state === 'blocked' && height < this.#askedHeight + BLOCKED_HEIGHTS) return;
    this.#askedHeight = height;
    this.#asking = true;
    try {
      const standing = await this.#ask(ledger, node);
      if (standing !== undefined) this.#become(standing);
    } catch {
      // No answer: the next head brings the next try.
    } finally {
      this.#asking = false;
    }
  }

  async #ask(ledger: Ledger, node: string): Promise<Standing | undefined> {
    const height = ledger.heightOf(node);
    if (height === 0) return undefined;
    const ask = async <T>(type: ObjectType<T>) => {
      const answer = await ledger.ask(node, { type: 'proveObject', objectType: type.name, id: this.author });
      const checked = checkObjectAnswer(answer, { type, id: this.author, height }, ledger.judging(node));
      if (!checked.ok) {
        // A node that shows a conflict has said the truth about somebody else.
        if (ledger.judging(node).follower.conflict === undefined)
          ledger.distrust(node, `its proof of our ${type.name}: ${describeRefusal(checked)}`);
        throw new Error('no proof');
      }
      return checked.value;
    };
    const [ownKey, ownChain] = await Promise.all([ask(key), ask(chain)]);
    if (ownKey.value === undefined)
      return {
        state: 'waiting',
        code: 'E_KEY_UNKNOWN',
        reason: `key ${toHex(this.author)} is not enrolled yet`,
      };
    if (ownKey.value.state === 'REVOKED')
      return { state: 'blocked', code: 'E_KEY_REVOKED', reason: 'the gateway’s key was revoked' };
    const { lastSequence = 0, lastId = zero32, suspended = false } = ownChain.value ?? {};
    if (suspended)
      return {
        state: 'blocked',
        code: 'E_KEY_SUSPENDED',
        reason: 'the gateway’s key is suspended: two vertices of one number were signed',
      };
    return this.#judge({ sequence: lastSequence, id: lastId }, ownChain.proof.header.time);
  }

  async #judge(ledgers: ChainEnd, timeMs: number): Promise<Standing | undefined> {
    const own = this.#outbox.end;
    if (ledgers.sequence > own.sequence) return this.#judgeLost(ledgers, timeMs);
    this.#resting = undefined;
    const known = this.#outbox.idOf(ledgers.sequence);
    // Settled here long ago: proofs came from a newer state than the one shown now.
    if (known === undefined) return undefined;
    if (equalBytes(known, ledgers.id)) return { state: 'clear' };
    const reason = `the ledger has another vertex ${ledgers.sequence} of this key than this outbox: somebody else signs with it`;
    return { state: 'blocked', code: 'E_FORK', reason };
  }

  async #judgeLost(ledgers: ChainEnd, timeMs: number): Promise<Standing> {
    const ahead = `the ledger has ${ledgers.sequence} vertices of this key, this outbox knows ${this.#outbox.end.sequence}`;
    if (!this.#resume) {
      const reason = `${ahead}: it was lost, or is an old copy. To go on from the ledger’s, set resume_chain = true`;
      return { state: 'blocked', code: 'E_CHAIN', reason };
    }
    if (this.#outbox.inFlight.length > 0) {
      return {
        state: 'blocked',
        code: 'E_CHAIN',
        reason: `${ahead}, and holds signed vertices that are not the ledger’s: it is an old copy`,
      };
    }
    const { end, sinceMs } = this.#resting ?? { end: undefined, sinceMs: timeMs };
    const rests = end !== undefined && end.sequence === ledgers.sequence && equalBytes(end.id, ledgers.id);
    if (!rests) this.#resting = { end: ledgers, sinceMs: timeMs };
    if (!rests || timeMs - sinceMs < RESUME_REST_MS) {
      return {
        state: 'waiting',
        code: 'E_CHAIN',
        reason: `${ahead}: it goes on from there once that has rested for ${RESUME_REST_MS / 1000} s`,
      };
    }
    await this.#outbox.adoptChain(ledgers.sequence, ledgers.id);
    return { state: 'clear' };
  }

  #become(standing: Standing): void {
    const before = this.#standing;
    this.#standing = standing;
    const same =
      before.state === standing.state &&
      (before.state === 'clear' || standing.state === 'clear' || before.reason === standing.reason);
    if (!same) this.#onStanding(standing);
  }
}
