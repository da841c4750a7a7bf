/**
 * One replica on the desk: the test plays everybody else. It holds all keys, so it can certify whatever the replica's
 * own rules build, and it sees every effect. Writes go to a store in memory, from which the replica can be restarted.
 */

import {
  type Certificate,
  makeQuorum,
  phaseDomain,
  voteBytes,
} from '../../consensus/checkpoint/certificate.ts';
import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
  type Pace,
} from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { compareBytes, toHex } from '../../consensus/codec/bytes.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { type Signer, SUITE, signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import type { SeatMessage } from '../../consensus/pbft/outputs.ts';
import { makeLei } from '../../consensus/test/contract-world.ts';
import { encodeVertex, signVertex, type Vertex, type VertexHeader } from '../../consensus/vertex/vertex.ts';
import { bundle, type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import { installNativePrimitives, nativeSigner } from '../crypto/native.ts';
import { memoryStore } from '../memory-store.ts';
import type { PeerKey, Store } from '../ports.ts';
import type { Effect, Event, Notice, Reply } from '../replica/events.ts';
import { buildCheckpoint } from '../replica/proposal.ts';
import { Replica } from '../replica/replica.ts';
import { restore } from '../restore.ts';

const START_MS = Date.UTC(2026, 0, 5);
const noPayload = new Uint8Array(0);

export interface DeskOptions {
  readonly seats?: number;
  readonly others?: number;
  /** Whose replica it is: seats first. */
  readonly own?: number;
  readonly pace?: Partial<Pace>;
  /** Its key is not enrolled. */
  readonly stranger?: boolean;
  /** Heights of an epoch; one epoch for ever when left out. */
  readonly epochHeights?: number;
  /** Numbers of the parties whose batches it takes beside its own; everybody's when left out. */
  readonly batchesOf?: readonly number[];
}

function makeSigners(count: number): Signer[] {
  return Array.from({ length: count }, (_, i) => nativeSigner(hash('salt', Uint8Array.of(i))));
}

const leiOf = (number: number): string => makeLei(`DESK${number}X`);

function makeGenesis(
  signers: readonly Signer[],
  seats: number,
  pace: Partial<Pace>,
  epochHeights: number,
): Genesis {
  const parties = signers.map((signer, i) => ({
    ...{ lei: leiOf(i), name: `Party ${i}`, address: '' },
    ...{ roles: ['bank' as const], keys: [signer.publicKey] },
  }));
  const seatKeys = signers.slice(0, seats).map((signer) => signer.publicKey);
  const record = {
    suite: SUITE,
    name: 'desk',
    time: START_MS,
    seats: seatKeys,
    committee: { ...defaultCommitteeRules, epochHeights },
    parties,
    policy: defaultPolicy,
    pace: { ...defaultPace, ...pace },
  };
  const genesis = checkGenesis(record);
  if (!genesis.ok) throw new Error(genesis.code);
  return genesis.value;
}

export class Desk {
  readonly genesis: Genesis;
  readonly signers: readonly Signer[];
  readonly keys: readonly PeerKey[];
  readonly store: Store = memoryStore();
  readonly own: Signer;
  readonly #batchesOf: readonly number[] | undefined;
  nowMs = START_MS + 1_000;
  replica!: Replica;
  /** Effects of the last step. */
  effects: readonly Effect[] = [];
  reply: Reply = { type: 'none' };
  /** Everything said to all seats or peers so far, but for tips and headers. */
  readonly broadcast: SeatMessage[] = [];
  /** Every `getVertices` sent so far. */
  readonly asked: { readonly peer: PeerKey; readonly ids: readonly Uint8Array[] }[] = [];
  /** Answers `recall` effects from the store, as the runner does. */
  recalls = true;
  readonly #ends = new Map<string, { sequence: number; id: Uint8Array }>();

  private constructor({
    seats = 4,
    others = 3,
    own = seats,
    pace = {},
    stranger = false,
    epochHeights = 0,
    batchesOf,
  }: DeskOptions) {
    this.#batchesOf = batchesOf;
    installNativePrimitives();
    this.signers = makeSigners(seats + others);
    this.genesis = makeGenesis(this.signers, seats, pace, epochHeights);
    this.keys = this.signers.map((signer) => toHex(signer.publicKey));
    this.own = stranger ? nativeSigner(hash('salt', Uint8Array.of(255))) : this.signers[own]!;
  }

  static async open(options: DeskOptions = {}): Promise<Desk> {
    const desk = new Desk(options);
    await desk.restart();
    return desk;
  }

  /** A new life of the replica, on what is stored. */
  async restart(): Promise<void> {
    const batchesOf = this.#batchesOf?.map((number) => labelKey(this.genesis.network, 'lei', leiOf(number)));
    const options = batchesOf === undefined ? {} : { batchesOf };
    this.replica = new Replica(await restore(this.genesis, this.own, this.store, 1), options);
    await this.step({ type: 'tick' });
    for (const greeting of this.greetings(this.replica)) await this.step(greeting);
  }

  /** The other seats are there, at the replica's own height: a seat acts only among others. */
  greetings({ seat: own, ledger }: Replica): Event[] {
    if (own === undefined) return [];
    const { header, certificate } = ledger;
    const shown = {
      type: 'certified',
      speaks: true,
      header,
      certificate: certificate === undefined ? [] : [certificate],
    };
    const frame = peerMessage.encode(shown as PeerMessage);
    const others = this.keys.slice(0, this.genesis.committee.size).filter((_, seat) => seat !== own);
    return others.map((peer) => ({ type: 'message', peer, frame }));
  }

  async step(event: Event): Promise<Reply> {
    const { effects, reply } = this.replica.step(event, this.nowMs);
    this.effects = effects;
    this.reply = reply;
    for (const effect of effects)
      if (effect.type === 'broadcast' && 'seat' in effect.message) this.broadcast.push(effect.message);
    for (const { peer, message } of this.sent())
      if (message.type === 'getVertices') this.asked.push({ peer, ids: message.ids });
    await this.store.write(
      effects.filter((effect) => effect.type === 'store').map((effect) => effect.write),
      true,
    );
    if (!this.recalls) return reply;
    for (const effect of effects) {
      if (effect.type === 'recall') await this.answerRecall(effect.ids);
      if (effect.type === 'recallHeader') await this.answerHeader(effect.id);
    }
    this.effects = this.effects === effects ? effects : [...effects, ...this.effects];
    return reply;
  }

  async answerRecall(ids: readonly Uint8Array[]): Promise<void> {
    const { recallFrom } = await import('../recall.ts');
    await this.step({ type: 'recalled', ...(await recallFrom(this.store, this.replica.ledger, ids)) });
  }

  async answerHeader(id: Uint8Array): Promise<void> {
    const height = await this.store.headerHeight(toHex(id));
    if (height !== undefined) await this.step({ type: 'recalledHeader', id, height });
  }

  hear(from: number, message: PeerMessage): Promise<Reply> {
    return this.step({ type: 'message', peer: this.keys[from]!, frame: peerMessage.encode(message) });
  }

  gossip(from: number, ...vertices: readonly Vertex[]): Promise<Reply> {
    return this.step({
      type: 'gossip',
      peer: this.keys[from]!,
      // Of a publisher that is no peer here: the replica passes on what it takes.
      data: bundle.encode({ publisher: zero32, vertices: vertices.map(encodeVertex) }),
    });
  }

  /** The next vertex of a party's chain, citing the newest checkpoint, unless told otherwise. */
  vertex(author: number, fields: Partial<VertexHeader> = {}): Vertex {
    const signer = this.signers[author]!;
    const end = this.#ends.get(this.keys[author]!) ?? { sequence: 0, id: zero32 };
    const header = {
      ...{
        network: this.genesis.network,
        sequence: end.sequence + 1,
        previous: end.id,
        checkpoint: this.replica.ledger.headerId,
      },
      ...{
        parents: [] as readonly Uint8Array[],
        time: this.nowMs,
        kind: 'readings' as const,
        payloadHash: zero32,
      },
      ...fields,
    };
    const vertex = signVertex(
      { ...header, parents: header.parents.slice().sort(compareBytes) },
      noPayload,
      signer,
    );
    this.#ends.set(this.keys[author]!, { sequence: vertex.sequence, id: vertex.id });
    return vertex;
  }

  /** Certifies the checkpoint that confirms these open vertices next, and lets a seat show it to the replica. */
  async certify(
    vertices: readonly Vertex[],
  ): Promise<{ readonly header: Header; readonly certificate: Certificate }> {
    const { ledger } = this.replica;
    this.nowMs += 300;
    const { header, execution } = buildCheckpoint(
      zero32,
      vertices,
      Math.max(this.nowMs, ledger.header.time + 1),
      ledger,
    );
    const certificate = this.certificateOf(header);
    await this.hear(0, { type: 'certified', speaks: true, header, certificate: [certificate] });
    await this.hear(0, { type: 'checkpoint', header, certificate, outcomes: execution.outcomes });
    return { header, certificate };
  }

  /** Signed by the first others: what this seat signed, only it says. */
  certificateOf(header: Header): Certificate {
    const { network } = this.genesis;
    const committee = this.replica.ledger.committeeOf(header.committeeHash) ?? this.genesis.committee;
    const body = voteBytes({
      network,
      committeeHash: committee.hash,
      height: header.height,
      view: 0,
      headerId: headerId(header),
      newView: zero32,
    });
    const signatures = new Map<number, Uint8Array>();
    for (let seat = 0; signatures.size < committee.quorum; seat++) {
      const signer = this.signers[seat]!;
      if (signer !== this.own) signatures.set(seat, signDigest(signer, phaseDomain.commit, network, body));
    }
    return { height: header.height, view: 0, quorum: makeQuorum(signatures, committee) };
  }

  async elapse(durationMs: number): Promise<void> {
    const untilMs = this.nowMs + durationMs;
    for (
      let dueMs = this.replica.wakeAt;
      dueMs < untilMs;
      dueMs = Math.max(this.replica.wakeAt, this.nowMs + 1)
    ) {
      this.nowMs = Math.max(this.nowMs, dueMs);
      await this.step({ type: 'tick' });
    }
    this.nowMs = untilMs;
  }

  sent(): { readonly peer: PeerKey; readonly message: PeerMessage }[] {
    return this.effects.filter((effect) => effect.type === 'send');
  }

  notices(): Notice[] {
    return this.effects.filter((effect) => effect.type === 'notice').map((effect) => effect.notice);
  }

  get halted(): boolean {
    return this.effects.some((effect) => effect.type === 'halt');
  }
}
