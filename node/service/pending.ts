/**
 * Pending calls as this node's stakeholder sees and handles them: what each asks for, who has signed, who is missing, by
 * when. The gathering itself is the replica's. docs/spec/gathering.md, docs/guides/api.md.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { type Code, codeOf, codes } from '../../consensus/codec/codes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { party } from '../../consensus/contracts/registry.ts';
import { type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { reasonMax } from '../../consensus/vertex/decline.ts';
import type { PendingAct } from '../replica/events.ts';
import { declinesByParty, type PendingCall, type PendingState, withdrawal } from '../replica/pending-call.ts';
import type { Runner } from '../runner.ts';
import type { Access } from './access.ts';
import type { Calls } from './calls.ts';

export interface AskedParty {
  /** Id of the party, hex. */
  readonly party: string;
  /** Shown where this node may see it: its own. */
  readonly name: string | null;
  readonly roles: readonly string[];
  readonly own: boolean;
  readonly signed: boolean;
  /** Why it declined, if it did. */
  readonly declined: string | null;
  /** A node of the party, connected now, has the call; null where this node is not the holder, who alone knows. */
  readonly reached: boolean | null;
}

export interface PendingSummary {
  readonly callId: string;
  readonly transition: string;
  readonly summary: string;
  readonly state: PendingState;
  /** Checkpoint time, ms. */
  readonly deadline: number;
  /** When it came here, ms. */
  readonly since: number;
  /** This node asks and submits. */
  readonly holder: boolean;
  /** Party of the holder, hex. */
  readonly proposedBy: string;
  /** This node's party has to sign and has not. */
  readonly waitsForYou: boolean;
  readonly signedCount: number;
  readonly askedCount: number;
}

export interface PendingView extends PendingSummary {
  readonly call: string;
  readonly args: { readonly [field: string]: Json };
  /** Null when the present state does not tell who must sign. */
  readonly signers: readonly AskedParty[] | null;
  readonly withdrawn: string | null;
  readonly vertex: string | null;
  /** What the ledger said, once it has. */
  readonly ending: { readonly code: Code; readonly meaning: string; readonly height: number } | null;
}

export class PendingCalls {
  readonly #runner: Runner;
  readonly #access: Access;
  readonly #calls: Calls;

  constructor(runner: Runner, access: Access, calls: Calls) {
    this.#runner = runner;
    this.#access = access;
    this.#calls = calls;
  }

  /** All, newest first. */
  list(): readonly PendingSummary[] {
    return this.#gathering
      .list()
      .map((pending) => this.#summary(pending, this.#asked(pending)))
      .reverse();
  }

  view(id: string): Result<PendingView> {
    const pending = this.#gathering.find(id);
    if (pending === undefined) return refuse('E_NOT_FOUND', { type: 'pending call', id });
    const { call, vertex, ending } = pending;
    const signers = this.#asked(pending);
    const code = ending && codeOf(ending.code)!;
    return ok({
      ...this.#summary(pending, signers),
      call: toHex(signedCall.encode(call)),
      // Whoever is asked to sign sees all of it.
      args: this.#calls.describe(call, [0, 1, 2])['args'] as { readonly [field: string]: Json },
      signers,
      withdrawn: withdrawal(pending) ?? null,
      vertex: vertex === undefined ? null : toHex(vertex),
      ending: code === undefined ? null : { code, meaning: codes[code], height: ending!.height },
    });
  }

  /** Has a call's signatures gathered; of one that is here, adds the signatures it brings. */
  propose(call: SignedCall): Promise<Result<PendingView>> {
    return this.#act({ act: 'propose', call });
  }

  sign(id: string): Promise<Result<PendingView>> {
    return this.#act({ act: 'sign', call: id });
  }

  /** `reason`: why not, for the others to read. The holder withdraws the call by it. */
  async decline(id: string, reason: string): Promise<Result<PendingView>> {
    if (reason.length > reasonMax || !/^[\x20-\x7e]*$/.test(reason))
      return refuse('E_SCHEMA', {
        field: 'reason',
        reason: `expected printable ASCII of at most ${reasonMax} characters`,
      });
    return this.#act({ act: 'decline', call: id, reason });
  }

  /** Answers once what was done is durable here. */
  async #act(act: PendingAct): Promise<Result<PendingView>> {
    const reply = await this.#runner.dispatchDurable({ type: 'pending', act });
    if (reply.type === 'refused') return reply.refusal;
    return reply.type === 'pending'
      ? this.view(reply.call)
      : refuse('E_FULL', { reason: 'the node is stopping' });
  }

  #asked(pending: PendingCall): readonly AskedParty[] | null {
    const { ledger, gathering } = this.#runner.replica;
    const declines = declinesByParty(pending, ledger.state);
    const own = this.#access.party && toHex(this.#access.party);
    const isHolder = this.#isHolder(pending);
    const wanted = gathering.rules.wanted(pending.call);
    if (wanted === undefined) return null;
    return wanted.map(({ party: name, roles, signed }) => ({
      party: name,
      name: name === own ? (ledger.state.get(party, fromHex(name)!)?.name ?? null) : null,
      roles,
      own: name === own,
      signed,
      declined: signed ? null : (declines.get(name) ?? null),
      reached: isHolder ? name === own || gathering.isReached(pending, name) : null,
    }));
  }

  #summary(pending: PendingCall, signers: readonly AskedParty[] | null): PendingSummary {
    const { header } = pending.call;
    const state = this.#gathering.rules.stateOf(pending);
    const isOpen = state === 'gathering' || state === 'declined';
    return {
      callId: pending.id,
      transition: header.transition,
      summary: transitions.get(header.transition)?.summary ?? '',
      state,
      deadline: header.deadline,
      since: pending.since,
      holder: this.#isHolder(pending),
      proposedBy: pending.author,
      waitsForYou: isOpen && (signers?.some(({ own, signed }) => own && !signed) ?? false),
      signedCount: signers?.filter(({ signed }) => signed).length ?? pending.call.signatures.length,
      askedCount: signers?.length ?? 0,
    };
  }

  #isHolder({ holder }: PendingCall): boolean {
    return this.#access.isOwnKey(holder);
  }

  get #gathering() {
    return this.#runner.replica.gathering;
  }
}
