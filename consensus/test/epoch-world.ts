/**
 * A ledger over epochs in one object: real genesis, execution and headers, certificates by the committee of each
 * height. Parties sign calls by name; whatever is queued is executed at the next height.
 */

import { type Certificate, makeQuorum, phaseDomain, voteBytes } from '../checkpoint/certificate.ts';
import { type CommitteeChange, endsEpoch } from '../checkpoint/change.ts';
import type { Committee } from '../checkpoint/committee.ts';
import { execute } from '../checkpoint/execute.ts';
import { checkGenesis, defaultPace, type Genesis } from '../checkpoint/genesis.ts';
import { type Header, headerId } from '../checkpoint/header.ts';
import { outcomeCode, outcomesRoot } from '../checkpoint/outcome.ts';
import { committeeIn } from '../checkpoint/succession.ts';
import { toHex, uint32Bytes } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import { invariant } from '../codec/result.ts';
import { epochId, epochObject } from '../contracts/objects/epoch.ts';
import { defaultPolicy } from '../contracts/policy.ts';
import { labelKey } from '../contracts/registry.ts';
import { type CommitteeRules, defaultCommitteeRules } from '../contracts/seats/rules.ts';
import type { LedgerState } from '../contracts/state.ts';
import type { Transition } from '../contracts/transition.ts';
import { enrolKey } from '../contracts/transitions/enrol.ts';
import { type Signer, SUITE, signDigest } from '../crypto/ed25519.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import { callPayloadHash, composeCall, signCall, signedCall } from '../vertex/call.ts';
import { makeOffence, type Offence, offence, offencePayloadHash } from '../vertex/offence.ts';
import { type Saying, sayingDomain } from '../vertex/sayings.ts';
import { signVertex, type Vertex, type VertexKind } from '../vertex/vertex.ts';
import { hashOf, signerOf } from './arbitraries.ts';
import { makeLei } from './contract-world.ts';

export const DAY_MS = 86_400_000;
const CHECKPOINT_MS = 1_000;
const signers = Array.from({ length: 24 }, (_, i) => signerOf(i + 1));

export interface EpochWorldOptions extends Partial<CommitteeRules> {
  readonly parties: number;
  readonly seats: number;
  /** What party i has bonded at the start. */
  readonly bonds?: readonly number[];
}

export class EpochWorld {
  readonly genesis: Genesis;
  readonly state: LedgerState;
  readonly headers: Header[];
  /** Committee of each height that was decided, and of the next. */
  readonly committees: Committee[];
  readonly codes = new Map<string, Code>();
  /** Types of the objects that each height wrote. */
  readonly written: string[][] = [[]];
  timeMs: number;
  readonly #chains = new Map<string, { sequence: number; id: Uint8Array }>();
  /** The last party carries everybody's calls to the ledger. */
  readonly #scribe: Signer;
  #queue: Vertex[] = [];
  #nonces = 0;

  constructor({ parties, seats, bonds = [], ...rules }: EpochWorldOptions) {
    this.#scribe = signers[parties - 1]!;
    const lei = (number: number) => makeLei(`TALLY${number}`);
    const stakes = bonds.map((amount, i) => ({ lei: lei(i), amount, key: signers[i]!.publicKey }));
    const checked = checkGenesis({
      ...{ suite: SUITE, name: 'epochs', time: 1_767_571_200_000, policy: defaultPolicy, pace: defaultPace },
      seats: signers.slice(0, seats).map(({ publicKey }) => publicKey),
      committee: { ...defaultCommitteeRules, ...rules, stakes },
      parties: signers.slice(0, parties).map(({ publicKey }, i) => ({
        ...{ lei: lei(i), name: `Party ${i}`, address: '', roles: ['bank' as const], keys: [publicKey] },
      })),
    });
    invariant(checked.ok, JSON.stringify(checked));
    this.genesis = checked.value;
    this.state = this.genesis.makeState();
    this.headers = [this.genesis.header];
    this.committees = [this.genesis.committee, this.genesis.committee];
    this.timeMs = this.genesis.record.time;
  }

  get height(): number {
    return this.headers.length - 1;
  }

  /** The committee of the next height. */
  get committee(): Committee {
    return this.committees.at(-1)!;
  }

  get epoch() {
    return this.epochAt(this.committee.epoch);
  }

  epochAt(number: number) {
    return this.state.get(epochObject, epochId(number))!;
  }

  signer(party: number): Signer {
    return signers[party]!;
  }

  party(number: number): Uint8Array {
    return labelKey(this.genesis.network, 'lei', this.genesis.record.parties[number]!.lei);
  }

  /** Numbers of the parties whose first key has a seat; −1 for another key. */
  seatNumbers(committee = this.committee): number[] {
    return committee.seats.map((seat) =>
      signers.findIndex(({ publicKey }) => toHex(publicKey) === toHex(seat)),
    );
  }

  /** Queues a call signed by these parties' first keys, or by whole signers; the vertex's id. */
  call<A>(declared: Transition<A>, args: A, by: readonly (number | Signer)[]): string {
    const hands = by.map((one) => (typeof one === 'number' ? this.signer(one) : one));
    const composed = composeCall({
      ...{ network: this.genesis.network, transition: declared.name, salts: [zero32, zero32] as const },
      values: declared.args.encodeParts(args),
      nonce: hash('salt', uint32Bytes(this.#nonces++)).slice(0, 16),
      deadline: this.timeMs + DAY_MS,
    });
    const signatures = hands
      .map((hand) => signCall(composed, hand))
      .sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1));
    const call = { ...composed, signatures };
    return this.#write(this.#scribe, 'transaction', signedCall.encode(call), callPayloadHash(call));
  }

  /** Queues so many vertices by a party's first key that carry no call; the last one's id. */
  write(party: number, kind: 'readings' | 'witness', count = 1): string {
    const payloadHash = kind === 'witness' ? zero32 : hashOf(party);
    let id = '';
    for (let i = 0; i < count; i++)
      id = this.#write(this.signer(party), kind, new Uint8Array(0), payloadHash);
    return id;
  }

  /** A new key for a party; its signer. */
  enrol(party: number, signer: Signer, replaces?: Signer): Signer {
    const args = {
      party: this.party(party),
      key: signer.publicKey,
      kind: 'party' as const,
      monitor: undefined,
    };
    this.call(enrolKey, { ...args, replaces: replaces?.publicKey }, [party, signer]);
    return signer;
  }

  /** Queues a proof that a party's first key committed to two values, or to one outside its committee's heights. */
  accuse(party: number, height: number, committee = this.committees[height]!, values = 2): string {
    const payload = offence.encode(this.offence(party, height, committee, values));
    return this.#write(this.#scribe, 'evidence', payload, offencePayloadHash(payload));
  }

  offence(party: number, height: number, committee: Committee, values = 2): Offence {
    const says = Array.from({ length: values }, (_, i): Saying => {
      const said = { view: 0, headerId: hashOf(700 + i), newView: zero32 };
      const { network } = this.genesis;
      const body = voteBytes({ network, committeeHash: committee.hash, height, ...said });
      const signature = signDigest(this.signer(party), sayingDomain.commit, network, body);
      return { type: 'vote', phase: 'commit', ...said, signature };
    });
    const subject = { key: this.signer(party).publicKey, committee: committee.hash, height };
    return makeOffence(subject, ...(says as [Saying, Saying]));
  }

  /** Two vertices of one number by a party's key: its chain is suspended. */
  fork(party: number): void {
    for (const salt of [1, 2])
      this.#sign(this.signer(party), 'readings', new Uint8Array(0), hashOf(salt), 1, zero32);
  }

  code(id: string): Code | undefined {
    return this.codes.get(id);
  }

  /** Decides the next height over what is queued. */
  step(anchor = hashOf(this.height)): Header {
    const { network, record, seatRules } = this.genesis;
    const before = this.headers.at(-1)!;
    const committee = this.committee;
    const previousTime = this.timeMs;
    this.timeMs += CHECKPOINT_MS;
    const context = {
      network,
      policy: record.policy,
      height: this.height + 1,
      time: this.timeMs,
      previousTime,
    };
    const execution = execute(this.#queue, this.state, {
      ...{ ...context, seating: committee, seatRules, recentHeaders: new Map<string, number>() },
    });
    for (const outcome of execution.outcomes) this.codes.set(toHex(outcome.id), outcomeCode(outcome));
    this.#queue = [];
    this.state.commit(execution.changes, execution.map);
    this.written.push(execution.changes.map(({ object }) => object?.type ?? '').sort());
    const header: Header = {
      ...{
        suite: SUITE,
        network,
        epoch: committee.epoch,
        height: this.height + 1,
        previous: headerId(before),
      },
      ...{ time: this.timeMs, anchor, outcomesRoot: outcomesRoot(execution.outcomes) },
      ...{ outcomesCount: execution.outcomes.length, stateRoot: this.state.map.root, historyRoot: zero32 },
      ...{ committeeHash: committee.hash, nextCommitteeHash: execution.nextCommittee.hash },
    };
    this.headers.push(header);
    this.committees.push(execution.nextCommittee);
    return header;
  }

  stepTo(height: number): void {
    while (this.height < height) this.step();
  }

  /** Runs to the end of the present epoch; the committee that comes then. */
  endEpoch(): Committee {
    const { epoch } = this.committee;
    while (this.committee.epoch === epoch) this.step();
    return this.committee;
  }

  /** Commits of the seats named, or of all. */
  certify(header: Header, committee = this.committees[header.height]!, by?: readonly number[]): Certificate {
    const { network } = this.genesis;
    const { height } = header;
    const subject = { network, committeeHash: committee.hash, height, view: 0, headerId: headerId(header) };
    const body = voteBytes({ ...subject, newView: zero32 });
    const votes = (by ?? committee.seats.map((_, seat) => seat)).map((seat) => {
      const signer = signers.find(({ publicKey }) => toHex(publicKey) === toHex(committee.seats[seat]!))!;
      return [seat, signDigest(signer, phaseDomain.commit, network, body)] as const;
    });
    return { height, view: 0, quorum: makeQuorum(new Map(votes), committee) };
  }

  /** What a light client needs to come from the genesis to the newest committee. */
  changes(): CommitteeChange[] {
    return this.headers.filter(endsEpoch).map((header) => {
      const committee = committeeIn(this.state, header.nextCommitteeHash)!;
      return { header, certificate: this.certify(header), committee: committee.record };
    });
  }

  #write(author: Signer, kind: VertexKind, payload: Uint8Array, payloadHash: Uint8Array): string {
    const end = this.#chains.get(toHex(author.publicKey)) ?? { sequence: 0, id: zero32 };
    const vertex = this.#sign(author, kind, payload, payloadHash, end.sequence + 1, end.id);
    this.#chains.set(toHex(author.publicKey), { sequence: vertex.sequence, id: vertex.id });
    return vertex.key;
  }

  #sign(
    author: Signer,
    kind: VertexKind,
    payload: Uint8Array,
    payloadHash: Uint8Array,
    sequence: number,
    previous: Uint8Array,
  ): Vertex {
    const { network } = this.genesis;
    const place = { sequence, previous, checkpoint: zero32, parents: [], time: this.timeMs };
    const vertex = signVertex({ network, ...place, kind, payloadHash }, payload, author);
    this.#queue.push(vertex);
    return vertex;
  }
}
