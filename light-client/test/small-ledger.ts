/**
 * A ledger in one object, made of the real execution, state, history and proofs, for tests that need a ledger to
 * misbehave on cue: it advances when told, and its nodes can be down, silent, slow or lying.
 */

import type { CommitteeChange } from '../../consensus/checkpoint/change.ts';
import { execute } from '../../consensus/checkpoint/execute.ts';
import { type Header, headerId, historyLeaf } from '../../consensus/checkpoint/header.ts';
import { type Outcome, outcomesRoot, proveOutcome } from '../../consensus/checkpoint/outcome.ts';
import { beginEpoch } from '../../consensus/checkpoint/succession.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { type ObjectType, objectPath, type VisibilityClass } from '../../consensus/contracts/object.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { chain, device, key, labelKey } from '../../consensus/contracts/registry.ts';
import { defaultCommitteeRules, seatRulesOf } from '../../consensus/contracts/seats/rules.ts';
import { Draft, LedgerState } from '../../consensus/contracts/state.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { History, historyPath } from '../../consensus/merkle/history.ts';
import { checkVertex, decodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { LightLink } from '../../node/libp2p/light-link.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { CertifiedHeader } from '../proof/anchor.ts';
import { abridgeProof, type InclusionProof } from '../proof/inclusion.ts';
import { makeStateProof } from '../proof/state-proof.ts';
import {
  CHANGES_PER_ANSWER_MAX,
  type LightRequest,
  type LightResponse,
  lightRequest,
  lightResponse,
} from '../protocol/messages.ts';
import { benchOf, certify, firstBench, headerAt, root } from './certifying.ts';

const salts = [zero32, zero32] as const;

export class SmallLedger {
  readonly #state: LedgerState;
  /** Classes that whoever asks may see. */
  shown: readonly VisibilityClass[] = [0];
  readonly #vertices = new Map<string, Vertex>();
  readonly #settled = new Map<string, { readonly height: number; readonly index: number }>();
  readonly #checkpoints: { readonly certified: CertifiedHeader; readonly outcomes: readonly Outcome[] }[] =
    [];
  readonly #historyNodes = new Map<string, Uint8Array>();
  #history = History.empty.append(historyLeaf(zero32)).history;
  #open: Vertex[] = [];
  #bench = firstBench;
  /** Changes of committee so far. */
  readonly changes: CommitteeChange[] = [];

  constructor() {
    const draft = new Draft(LedgerState.of([]));
    beginEpoch(draft, root.committee, false);
    this.#state = LedgerState.of(draft.changes().map(({ object }) => object!));
    this.#historyNodes.set('0/0', historyLeaf(zero32));
  }

  get head(): CertifiedHeader | undefined {
    return this.#checkpoints.at(-1)?.certified;
  }

  /** Vertices that are here, confirmed or not. */
  get vertices(): readonly Vertex[] {
    return [...this.#vertices.values()];
  }

  put<T>(type: ObjectType<T>, id: Uint8Array, value: T): void {
    const draft = new Draft(this.#state);
    draft.put(type, id, value, salts);
    const changes = draft.changes();
    this.#state.commit(changes, this.#state.rootAfter(changes));
  }

  enrolGateway(publicKey: Uint8Array, state: 'ACTIVE' | 'REVOKED' = 'ACTIVE'): void {
    this.put(key, publicKey, { party: zero32, kind: 'gateway', state, since: 0 });
  }

  enrolDevice(
    identifier: string,
    publicKey = new Uint8Array(0),
    state: 'ACTIVE' | 'REVOKED' = 'ACTIVE',
    validUntil?: number,
  ): void {
    const id = labelKey(root.network, 'device', identifier);
    this.put(device, id, {
      ...{ owner: zero32, state, key: publicKey, identifier, functions: ['climate'] as const },
      ...{ validUntil, call: zero32, height: 0 },
    });
  }

  setChain(publicKey: Uint8Array, lastSequence: number, lastId: Uint8Array, suspended = false): void {
    this.put(chain, publicKey, { lastSequence, lastId, topSequence: lastSequence, suspended });
  }

  /** The next checkpoint, over everything that is open. */
  advance(changes: Partial<Header> = {}): CertifiedHeader {
    const previous = this.head?.header;
    const header = headerAt(
      (previous?.height ?? 0) + 1,
      previous === undefined ? zero32 : headerId(previous),
    );
    const context = {
      network: root.network,
      policy: defaultPolicy,
      height: header.height,
      time: header.time,
      previousTime: previous?.time ?? header.time,
      recentHeaders: new Map(),
      ...{ seating: root.committee, seatRules: seatRulesOf(defaultCommitteeRules, 86_400_000) },
    };
    const { outcomes, changes: written, map } = execute(this.#open, this.#state, context);
    this.#state.commit(written, map);
    for (const [index, vertex] of this.#open.entries()) {
      this.#settled.set(vertex.key, { height: header.height, index });
    }
    this.#open = [];
    const roots = {
      outcomesRoot: outcomesRoot(outcomes),
      outcomesCount: outcomes.length,
      stateRoot: this.#state.map.root,
      historyRoot: this.#history.root,
    };
    const { committee } = this.#bench;
    const office = { committeeHash: committee.hash, nextCommitteeHash: committee.hash };
    const whole = { ...header, epoch: committee.epoch, ...office, ...roots, ...changes };
    const certified = certify(whole, [0, 1, 2], this.#bench);
    this.#checkpoints.push({ certified, outcomes });
    const { history, completed } = this.#history.append(historyLeaf(headerId(certified.header)));
    this.#history = history;
    for (const node of completed) this.#historyNodes.set(`${node.level}/${node.index}`, node.hash);
    return certified;
  }

  /** The next checkpoint ends the epoch; these seats come after it. */
  changeCommittee(...names: readonly string[]): CommitteeChange {
    const height = (this.head?.header.height ?? 0) + 1;
    const next = benchOf(this.#bench.committee.epoch + 1, height + 1, names);
    const { header, certificate } = this.advance({ nextCommitteeHash: next.committee.hash });
    const change = { header, certificate, committee: next.committee.record };
    this.changes.push(change);
    this.#bench = next;
    return change;
  }

  submit(envelope: Uint8Array): string {
    const decoded = decodeVertex(envelope);
    if (!decoded.ok) return describeRefusal(decoded);
    const vertex = decoded.value;
    const checked = checkVertex(vertex, root.network);
    if (!checked.ok) return checked.code;
    const previous = this.#vertices.get(toHex(vertex.previous));
    if (vertex.sequence > 1 && previous === undefined && !equalBytes(vertex.previous, this.#chainEnd(vertex)))
      return 'E_PARKED';
    if (!this.#vertices.has(vertex.key)) this.#open.push(vertex);
    this.#vertices.set(vertex.key, vertex);
    return 'OK';
  }

  answer(request: LightRequest): LightResponse {
    const newest = this.#checkpoints.at(-1);
    switch (request.type) {
      case 'head':
        return { type: 'head', certified: newest?.certified };
      case 'submit':
        return { type: 'submitted', code: this.submit(request.envelope), detail: '' };
      case 'submitMany': {
        const verdicts = request.envelopes.map((envelope) => ({ code: this.submit(envelope), detail: '' }));
        return { type: 'submittedMany', verdicts };
      }
      case 'proveVertex':
        return { type: 'vertex', proof: this.#prove(toHex(request.id), request.under) };
      case 'proveObject': {
        if (newest === undefined) return { type: 'refused', code: 'E_UNKNOWN', detail: '' };
        const path = objectPath(request.objectType, request.id);
        const subject = { type: request.objectType, id: request.id };
        // The state may have been changed since by hand: then it is proved with the next checkpoint.
        const proof = makeStateProof(
          subject,
          this.#state.find(toHex(path)),
          this.#state.map.prove(path),
          newest.certified.header,
          this.shown,
        );
        return { type: 'object', proof, anchor: { certified: newest.certified, path: [] } };
      }
      case 'changes':
        return {
          type: 'changes',
          changes: this.changes.slice(request.epoch, request.epoch + CHANGES_PER_ANSWER_MAX),
        };
      case 'chain':
        return { type: 'refused', code: 'E_UNKNOWN', detail: '' };
    }
  }

  #chainEnd({ author }: Vertex): Uint8Array {
    return this.#state.get(chain, author)?.lastId ?? zero32;
  }

  #prove(vertexKey: string, under: number): InclusionProof | undefined {
    const position = this.#settled.get(vertexKey);
    if (position === undefined || position.height > under || under > this.#checkpoints.length)
      return undefined;
    const { certified, outcomes } = this.#checkpoints[position.height - 1]!;
    const nodeAt = (level: number, index: number) => this.#historyNodes.get(`${level}/${index}`)!;
    const history = position.height === under ? [] : historyPath(position.height, under, nodeAt);
    return abridgeProof(proveOutcome(outcomes, position.index, certified.header), under, history);
  }
}

export interface ScriptedNode {
  readonly key: PeerKey;
  readonly ledger: SmallLedger;
  up: boolean;
  /** Takes requests and never answers. */
  silent: boolean;
  /** What it says instead of the truth. */
  twist: (answer: LightResponse, request: LightRequest) => LightResponse;
  /** Answers to submissions, in place of the ledger. */
  take: ((envelope: Uint8Array) => string) | undefined;
  readonly asked: LightRequest[];
}

/** Links to scripted nodes, as `connectLight` gives them. */
export class ScriptedLink implements LightLink {
  readonly scripted: readonly ScriptedNode[];
  readonly #pushed: ((node: PeerKey, frame: Uint8Array) => void)[] = [];
  readonly #changed: ((node: PeerKey, up: boolean) => void)[] = [];
  answerMs = 0;

  constructor(keys: readonly PeerKey[], ledger: SmallLedger) {
    this.scripted = keys.map((nodeKey) => ({
      key: nodeKey,
      ledger,
      up: true,
      silent: false,
      twist: (answer) => answer,
      take: undefined,
      asked: [],
    }));
  }

  get nodes() {
    return this.scripted.map(({ key: nodeKey, up }) => ({ key: nodeKey, multiaddr: '', up }));
  }

  /** Tells whoever follows a node what its head is now. */
  push(...which: readonly number[]): void {
    for (const [index, node] of this.scripted.entries()) {
      if (which.length > 0 && !which.includes(index)) continue;
      if (!node.up || node.silent) continue;
      const frame = lightResponse.encode({
        id: 0,
        body: node.twist(node.ledger.answer({ type: 'head' }), { type: 'head' }),
      });
      for (const listener of this.#pushed) listener(node.key, frame);
    }
  }

  set(index: number, up: boolean): void {
    const node = this.scripted[index]!;
    node.up = up;
    for (const listener of this.#changed) listener(node.key, up);
  }

  async request(node: number | PeerKey, frame: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const found = this.scripted.find(({ key: nodeKey }, index) => nodeKey === node || index === node)!;
    const decoded = lightRequest.decode(frame, limits.frameBytesMax);
    if (!decoded.ok) throw new Error('the gateway sent no request');
    const { id, body } = decoded.value;
    found.asked.push(body);
    await new Promise((resolve) =>
      setTimeout(resolve, found.silent ? Math.min(timeoutMs, 300) : this.answerMs),
    );
    if (found.silent) throw Object.assign(new Error('no answer'), { code: 'timeout' });
    if (!found.up) throw Object.assign(new Error('down'), { code: 'down' });
    if (body.type === 'submit' && found.take !== undefined) {
      return lightResponse.encode({
        id,
        body: { type: 'submitted', code: found.take(body.envelope), detail: 'as told' },
      });
    }
    return lightResponse.encode({ id, body: found.twist(found.ledger.answer(body), body) });
  }

  onPush(listener: (node: PeerKey, frame: Uint8Array) => void): void {
    this.#pushed.push(listener);
  }

  onChange(listener: (node: PeerKey, up: boolean) => void): void {
    this.#changed.push(listener);
  }

  stats() {
    return { bytesIn: 0, bytesOut: 0 } as ReturnType<LightLink['stats']>;
  }

  async close(): Promise<void> {}
}
