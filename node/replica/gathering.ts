/**
 * Gathers the signatures of calls off-ledger: what this node proposed, and what it is asked to sign. Takes what may be
 * taken, tells who is to be told, submits what is complete, and sees to the end. docs/spec/gathering.md.
 */

import type { Outcome } from '../../consensus/checkpoint/outcome.ts';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { type Facts, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { callRecord } from '../../consensus/contracts/registry.ts';
import type { Change } from '../../consensus/contracts/state.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import {
  type CallSignature,
  callId,
  callPayloadHash,
  type SignedCall,
  signCall,
  signedCall,
} from '../../consensus/vertex/call.ts';
import { type CallDecline, signDecline } from '../../consensus/vertex/decline.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import { Allowance } from './allowance.ts';
import { CallRules, holdsKey, partiesOf } from './call-rules.ts';
import { checkCall } from './call-signers.ts';
import { CallTalk } from './call-talk.ts';
import type { Effect, PendingAct, Reply } from './events.ts';
import type { Ledger } from './ledger.ts';
import { decodePending, isClosed, type PendingCall } from './pending-call.ts';
import { type Kept, Shelf } from './shelf.ts';

type Offer = Extract<PeerMessage, { type: 'callOffer' }>;
type News = Extract<PeerMessage, { type: 'callNews' }>;

/** What messages cost of their sender's allowance, in vertices; each signature in them costs one more. */
const OFFER_COST = 20;
const NEWS_COST = 1;
/** How often it is looked for what nobody has heard yet; and how often each call is looked over, since keys change too. */
const LOOK_MS = 2_000;
const REVIEW_MS = 30_000;

export interface GatheringHooks {
  effect(wanted: Effect): void;
  refuse(code: Code, facts: Facts, peer: PeerKey): void;
  /** Writes the vertex that carries a complete call. */
  say(payload: Uint8Array, payloadHash: Uint8Array, nowMs: number): Result<Vertex>;
  readonly peers: ReadonlySet<PeerKey>;
}

export class Gathering {
  readonly rules: CallRules;
  readonly #signer: Signer;
  readonly #own: PeerKey;
  readonly #ledger: Ledger;
  readonly #hooks: GatheringHooks;
  readonly #shelf: Shelf;
  readonly #talk = new CallTalk();
  readonly #allowance = new Allowance();
  #lookAt = 0;

  constructor(signer: Signer, ledger: Ledger, hooks: GatheringHooks, stored: readonly Uint8Array[]) {
    this.rules = new CallRules(ledger);
    this.#signer = signer;
    this.#own = toHex(signer.publicKey);
    this.#ledger = ledger;
    this.#hooks = hooks;
    this.#shelf = new Shelf(hooks.effect, (id) => this.#talk.forgetCall(id));
    const pending = stored.map(decodePending).sort((a, b) => a.since - b.since);
    for (const each of pending) this.#shelf.restore(each);
  }

  get wakeAt(): number {
    return this.#shelf.size === 0 ? Number.POSITIVE_INFINITY : this.#lookAt;
  }

  /** All pending calls, in the order in which they came. */
  list(): readonly PendingCall[] {
    return [...this.#shelf.all()].map(({ pending }) => pending);
  }

  find(id: string): PendingCall | undefined {
    return this.#shelf.get(id)?.pending;
  }

  /** Has a node of this party, connected now, shown that it has the call? */
  isReached({ id }: PendingCall, party: string): boolean {
    return [...this.#hooks.peers].some(
      (peer) => this.rules.partyOf(peer) === party && this.#talk.hasCall(peer, id),
    );
  }

  /** What this node's own stakeholder does. */
  act(act: PendingAct, nowMs: number): Reply {
    const done = this.#act(act, nowMs);
    if (!done.ok) return { type: 'refused', refusal: done };
    this.#hooks.effect({ type: 'sync' });
    this.#review(done.value, nowMs);
    return { type: 'pending', call: done.value };
  }

  onMessage(peer: PeerKey, message: Offer | News, nowMs: number): void {
    const author = this.rules.partyOf(peer);
    if (author === undefined)
      return this.#hooks.refuse('E_ROLE', { reason: 'no party’s key', message: message.type }, peer);
    const taken =
      message.type === 'callOffer'
        ? this.#onOffer(peer, author, message, nowMs)
        : this.#onNews(peer, author, message, nowMs);
    if (!taken.ok) return this.#hooks.refuse(taken.code, taken.facts, peer);
    this.#review(taken.value, nowMs, message.type === 'callOffer' || message.asks ? peer : undefined);
  }

  onConnected(nowMs: number): void {
    this.#lookAt = nowMs;
    this.look(nowMs);
  }

  onDisconnected(peer: PeerKey): void {
    this.#talk.forgetPeer(peer);
  }

  /** Tells again what was not heard, and looks each call over now and then. */
  look(nowMs: number): void {
    if (nowMs < this.wakeAt) return;
    this.#lookAt = nowMs + LOOK_MS;
    for (const kept of [...this.#shelf.all()]) {
      const { pending, reviewedAt } = kept;
      if (pending.ending !== undefined) continue;
      const isDue = this.#audience(kept).some((peer) =>
        this.#talk.isDue(peer, pending.id, this.rules.knowledge(pending), nowMs),
      );
      if (isDue || nowMs >= reviewedAt + REVIEW_MS) this.#review(pending.id, nowMs);
    }
  }

  /** A checkpoint is certified: some calls took effect or were refused, some deadlines passed. */
  onAdvanced(
    changes: readonly Change[],
    vertices: readonly Vertex[],
    outcomes: readonly Outcome[],
    nowMs: number,
  ): void {
    if (this.#shelf.size === 0) return;
    const { height } = this.#ledger;
    for (const { object } of changes)
      if (object?.type === callRecord.name) this.#end(toHex(object.id), 0, height);
    const byPayload = new Map([...this.#shelf.all()].map(({ pending, payload }) => [payload, pending.id]));
    byPayload.delete(undefined);
    for (const [index, { kind, payloadHash, authorKey }] of vertices.entries()) {
      const { code } = outcomes[index]!;
      if (kind !== 'transaction' || code === 0 || byPayload.size === 0) continue;
      const id = byPayload.get(toHex(payloadHash));
      // Whoever has all signatures may say it too, by a key that may not act: that is no verdict on the call.
      if (id !== undefined && this.find(id)?.holder === authorKey) this.#end(id, code, height);
    }
    for (const id of this.#shelf.expire(this.rules.timeMs)) this.#tellState(id);
    // One that could not be submitted, because this node was behind or silent, may be now.
    for (const { pending, payload } of [...this.#shelf.all()])
      if (payload !== undefined && pending.holder === this.#own && !isClosed(pending, this.rules.timeMs))
        this.#review(pending.id, nowMs);
  }

  #act(act: PendingAct, nowMs: number): Result<string> {
    const own = this.#ownParty();
    if (!own.ok) return own;
    if (act.act === 'propose') return this.#propose(act.call, own.value, nowMs);
    const pending = this.find(act.call);
    if (pending === undefined) return refuse('E_NOT_FOUND', { type: 'pending call', id: act.call });
    const closed = this.rules.closedWhy(pending);
    if (closed !== undefined) return closed;
    return act.act === 'sign'
      ? this.#sign(pending, own.value)
      : this.#decline(pending, act.reason, own.value);
  }

  #propose(offered: SignedCall, own: string, nowMs: number): Result<string> {
    const checked = checkCall(offered, this.#ledger.genesis.network);
    if (!checked.ok) return checked;
    const call = checked.value;
    const known = this.find(toHex(callId(call.header)));
    if (known !== undefined) return this.#addByHand(known, call.signatures);
    const revoked = call.signatures.find((entry) => this.rules.isRevoked(entry.key));
    if (revoked !== undefined) return refuse('E_KEY_REVOKED', { key: toHex(revoked.key) });
    return this.#keep(this.#own, own, call, nowMs);
  }

  /** Signatures that were brought as a file: all of them, or none. */
  #addByHand(pending: PendingCall, signatures: readonly CallSignature[]): Result<string> {
    const closed = this.rules.closedWhy(pending);
    if (closed !== undefined) return closed;
    let next = pending;
    for (const entry of signatures) {
      const added = this.rules.addSignature(next, entry);
      if (!added.ok) return added;
      next = added.value;
    }
    return this.#put(pending, next);
  }

  #sign(pending: PendingCall, own: string): Result<string> {
    if (!this.rules.asked(pending.call).has(own)) return notAsked(pending.id);
    const added = this.rules.addSignature(pending, signCall(pending.call, this.#signer));
    return added.ok ? this.#put(pending, added.value) : added;
  }

  #decline(pending: PendingCall, reason: string, own: string): Result<string> {
    const { id } = pending;
    if (pending.holder !== this.#own) {
      if (!this.rules.asked(pending.call).has(own)) return notAsked(id);
      if (this.rules.hasSigned(pending, own))
        return refuse('E_STATE', { reason: 'signed already; a signature cannot be called back', id });
    }
    const made = signDecline(fromHex(id)!, reason, this.#ledger.genesis.network, this.#signer);
    const added = this.rules.addDecline(pending, made);
    return added.ok ? this.#put(pending, added.value) : added;
  }

  #onOffer(peer: PeerKey, author: string, offer: Offer, nowMs: number): Result<string> {
    const { declines } = offer;
    const decoded = signedCall.decode(offer.call, limits.callBytesMax);
    if (!decoded.ok) return decoded;
    const { signatures } = decoded.value;
    if (!this.#allowance.take(author, OFFER_COST + signatures.length + declines.length, nowMs))
      return refuse('E_ALLOWANCE', { message: 'callOffer' });
    const id = toHex(callId(decoded.value.header));
    if (this.find(id) === undefined) {
      const kept = this.#keepOffered(peer, author, decoded.value, nowMs);
      if (!kept.ok) return kept;
    }
    return this.#merge(peer, author, id, signatures, declines);
  }

  #keepOffered(peer: PeerKey, author: string, offered: SignedCall, nowMs: number): Result<string> {
    // Keys that prove themselves are nobody's yet, and come with the call; parties' signatures are taken one by one.
    const proofs = offered.signatures.filter((entry) => !this.rules.isEnrolled(entry.key));
    const checked = checkCall({ ...offered, signatures: proofs }, this.#ledger.genesis.network);
    if (!checked.ok) return checked;
    const own = this.#ownParty();
    if (!own.ok) return own;
    if (!this.rules.asked(checked.value).has(own.value)) return notAsked(toHex(callId(offered.header)));
    return this.#keep(peer, author, checked.value, nowMs);
  }

  #onNews(peer: PeerKey, author: string, news: News, nowMs: number): Result<string> {
    const { signatures, declines } = news;
    if (!this.#allowance.take(author, NEWS_COST + signatures.length + declines.length, nowMs))
      return refuse('E_ALLOWANCE', { message: 'callNews' });
    return this.#merge(peer, author, toHex(news.call), signatures, declines);
  }

  /** Adds what a peer knows of a call that is here; what is wrong with it is refused, what is right is taken. */
  #merge(
    peer: PeerKey,
    author: string,
    id: string,
    signatures: readonly CallSignature[],
    declines: readonly CallDecline[],
  ): Result<string> {
    const pending = this.find(id);
    if (pending === undefined) return refuse('E_NOT_FOUND', { type: 'pending call', id });
    const { holder, call } = pending;
    if (peer !== holder && !this.rules.asked(call).has(author)) return notAsked(id);
    this.#talk.hear(peer, id, this.rules.knowledge({ holder, declines, call: { signatures } }));
    let next = pending;
    const take = (added: Result<PendingCall>): void => {
      if (added.ok) next = added.value;
      else this.#hooks.refuse(added.code, { ...added.facts, id }, peer);
    };
    for (const entry of signatures) {
      const isStranger = !this.rules.isEnrolled(entry.key) && !holdsKey(call, entry.key);
      take(
        isStranger
          ? refuse('E_KEY_UNKNOWN', { key: toHex(entry.key) })
          : this.rules.addSignature(next, entry),
      );
    }
    for (const entry of declines) take(this.rules.addDecline(next, entry));
    return this.#put(pending, next);
  }

  #keep(holder: PeerKey, author: string, call: SignedCall, nowMs: number): Result<string> {
    const wanted = this.rules.mayBeAsked(call);
    if (!wanted.ok) return wanted;
    const id = toHex(callId(call.header));
    const pending: PendingCall = {
      ...{ id, holder, author, since: nowMs, call, declines: [] },
      ...{ vertex: undefined, ending: undefined },
    };
    const kept = this.#shelf.add(pending, wanted.value.length, this.rules.timeMs, holder === this.#own);
    if (!kept.ok) return kept;
    this.#lookAt = Math.min(this.#lookAt, nowMs + LOOK_MS);
    this.#tellState(id);
    return ok(id);
  }

  /** Stores what changed, and says so when the call has come to another state. */
  #put(before: PendingCall, after: PendingCall): Result<string> {
    if (before !== after) {
      const was = this.rules.stateOf(before);
      this.#shelf.put(after);
      if (this.rules.stateOf(after) !== was) this.#tellState(after.id);
    }
    return ok(after.id);
  }

  /** Looks a call over: submits it when it is complete, and tells those who lack something; `asker` in any case. */
  #review(id: string, nowMs: number, asker?: PeerKey): void {
    const kept = this.#shelf.get(id);
    if (kept === undefined) return;
    const wanted = this.rules.wanted(kept.pending.call);
    kept.asked = partiesOf(wanted);
    kept.reviewedAt = nowMs;
    const isComplete = kept.pending.ending === undefined && (wanted?.every(({ signed }) => signed) ?? false);
    kept.payload = isComplete ? toHex(callPayloadHash(this.rules.submittable(kept.pending.call))) : undefined;
    if (isComplete && kept.pending.holder === this.#own && !isClosed(kept.pending, this.rules.timeMs))
      this.#submit(kept.pending, nowMs);
    const { pending } = kept;
    const knowledge = this.rules.knowledge(pending);
    for (const peer of new Set([...this.#audience(kept), ...(asker === undefined ? [] : [asker])])) {
      const isDue = pending.ending === undefined && this.#talk.isDue(peer, id, knowledge, nowMs);
      if (isDue || peer === asker) this.#tell(peer, pending, knowledge, isDue, nowMs);
    }
  }

  #tell(peer: PeerKey, pending: PendingCall, knowledge: string, asks: boolean, nowMs: number): void {
    const { call, declines, holder, id } = pending;
    const offers = holder === this.#own && !this.#talk.hasCall(peer, id);
    const message: PeerMessage = offers
      ? { type: 'callOffer', call: signedCall.encode(call), declines }
      : { type: 'callNews', call: fromHex(id)!, signatures: call.signatures, declines, asks };
    this.#hooks.effect({ type: 'send', peer, message });
    if (offers || asks) this.#talk.tell(peer, id, knowledge, nowMs);
  }

  /** Writes the vertex; while this node may not speak, each checkpoint and each look tries again. */
  #submit(pending: PendingCall, nowMs: number): void {
    if (!this.#ownParty().ok) return;
    const call = this.rules.submittable(pending.call);
    const said = this.#hooks.say(signedCall.encode(call), callPayloadHash(call), nowMs);
    if (said.ok) this.#put(pending, { ...pending, call, vertex: said.value.id });
  }

  #end(id: string, code: number, height: number): void {
    const pending = this.find(id);
    // What was refused to its holder may still take effect by another's vertex.
    if (pending !== undefined && (pending.ending === undefined || (code === 0 && pending.ending.code !== 0)))
      this.#put(pending, { ...pending, ending: { code, height } });
  }

  /** The connected nodes that are told of it: a party tells the holder, the holder tells all. */
  #audience({ pending, asked }: Kept): PeerKey[] {
    const { peers } = this.#hooks;
    if (this.rules.timeMs > pending.call.header.deadline) return [];
    if (pending.holder !== this.#own) return peers.has(pending.holder) ? [pending.holder] : [];
    return [...peers].filter((peer) => asked.has(this.rules.partyOf(peer) ?? ''));
  }

  #tellState(id: string): void {
    const pending = this.find(id)!;
    const { transition, deadline } = pending.call.header;
    const state = this.rules.stateOf(pending);
    this.#hooks.effect({
      type: 'notice',
      notice: { type: 'pending', call: id, transition, deadline, state },
    });
  }

  #ownParty(): Result<string> {
    const party = this.rules.partyOf(this.#own);
    if (party !== undefined) return ok(party);
    const code = this.rules.isEnrolled(this.#signer.publicKey) ? 'E_KEY_REVOKED' : 'E_KEY_UNKNOWN';
    return refuse(code, { key: this.#own });
  }
}

function notAsked(id: string): Result<never> {
  return refuse('E_ROLE', { reason: 'the party is not asked to sign it', id });
}
