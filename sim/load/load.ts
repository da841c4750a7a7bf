/**
 * The load of a run: ordinary vertices from the authors in turn, and pledge races. What a node acknowledged as durable is
 * accepted, and must become final; what it did not is said again elsewhere, as its stakeholder would.
 */

import { encodeReadingProof } from '../../consensus/checkpoint/evidence.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { callRecord, key } from '../../consensus/contracts/registry.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { batch, batchHash, makeBatch } from '../../consensus/vertex/batch.ts';
import { callId, callPayloadHash, type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { encodeVertex, signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { Event } from '../../node/replica/events.ts';
import { DurableHead } from '../../node/service/durable-head.ts';
import { Prover } from '../../node/service/proofs.ts';
import { Random } from '../random.ts';
import type { LoadSettings } from '../settings.ts';
import { calm } from '../virtual-time.ts';
import type { SimulatedNode, World } from '../world.ts';
import type { Desk } from './desk.ts';
import { PledgeRace } from './race.ts';

/** How a call ended in the ledger, as the checker saw it first. */
export interface CallOutcome {
  readonly code: Code;
  /** Hex. */
  readonly conflict: string;
  /** Key of the vertex that carried it, and the height at which that was confirmed. */
  readonly vertex: string;
  readonly height: number;
}

export interface LoadHooks {
  onAuthored(atMs: number): void;
  /** The node of this number acknowledged a vertex as durable; `authoredMs` is when its author signed it. */
  onAccepted(vertexKey: string, authoredMs: number, by: number): void;
  /** Every outcome of a call (hex id) so far, in order. */
  outcomesOf(callKey: string): readonly CallOutcome[];
  isFinal(vertexKey: string): boolean;
}

const POLL_MS = 150;
/** What has come to nothing after this long is said again. */
const RETRY_MS = 4_000;
const FIRST_RACE_MS = 1_000;
const ordinary: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };

type Stage = 'readings' | 'file' | 'pledges' | 'perfection' | 'done';

interface Running {
  readonly race: PledgeRace;
  readonly startsMs: number;
  stage: Stage;
  readings: Vertex | undefined;
}

export class Load {
  readonly races: Running[];
  readonly #world: World;
  readonly #desk: Desk;
  readonly #authors: readonly SimulatedNode[];
  readonly #hooks: LoadHooks;
  readonly #random: Random;
  /** When something was last submitted, by call id or vertex key. */
  readonly #submittedAt = new Map<string, number>();
  #enrolments: readonly SignedCall[] | undefined;
  #gatewayEnd: Vertex | undefined;
  #endMs = 0;
  #turn = 0;

  constructor(world: World, desk: Desk, authors: readonly SimulatedNode[], hooks: LoadHooks) {
    this.#world = world;
    this.#desk = desk;
    this.#authors = authors;
    this.#hooks = hooks;
    this.#random = new Random(world.seed, 'load');
    this.races = [];
  }

  /** Plans the load of the next `durationMs`. */
  begin({ verticesPerS, pledgeRacesPerMin }: LoadSettings, durationMs: number): void {
    const { time } = this.#world;
    this.#endMs = time.now() + durationMs;
    if (verticesPerS > 0) this.#sayLater(1_000 / verticesPerS);
    const count = Math.round((pledgeRacesPerMin * durationMs) / 60_000);
    for (let i = 0; i < count; i++) {
      const startsMs = time.now() + FIRST_RACE_MS + (i * durationMs) / count;
      this.races.push({
        race: new PledgeRace(this.#desk, i + 1),
        startsMs,
        stage: 'readings',
        readings: undefined,
      });
    }
    if (count > 0) this.#pollLater();
  }

  #sayLater(everyMs: number): void {
    this.#world.time.after(everyMs * this.#random.between(0.5, 1.5), () => {
      if (this.#world.time.now() >= this.#endMs) return calm;
      this.#sayLater(everyMs);
      const author = this.#authors[this.#turn++ % this.#authors.length]!;
      if (author.runner === undefined) return calm;
      this.#world.trace.note(author.name, 'author');
      this.#submit(author, ordinary);
      return undefined;
    });
  }

  #pollLater(): void {
    this.#world.time.after(POLL_MS, async () => {
      if (this.#world.time.now() >= this.#endMs) return;
      this.#pollLater();
      const desk = this.#mostAdvanced();
      if (desk === undefined) return;
      this.#world.trace.note(desk.name, 'desk');
      if (!this.#enrol(desk)) return;
      for (const running of this.races)
        if (running.startsMs <= this.#world.time.now()) await this.#advance(running, desk);
    });
  }

  /** True once the sensors and the gateway are enrolled where `desk` stands. */
  #enrol(desk: SimulatedNode): boolean {
    this.#enrolments ??= this.#desk.enrol(desk.runner!.replica.ledger.header.time);
    return this.#ensure(this.#enrolments, desk);
  }

  async #advance(running: Running, desk: SimulatedNode): Promise<void> {
    const { race } = running;
    // What was submitted just now may be the write under which the desk's disk tore.
    const ledger = desk.runner?.replica.ledger;
    if (ledger === undefined) return;
    const moment = { certifiedMs: ledger.header.time };
    switch (running.stage) {
      case 'readings': {
        running.readings ??= this.#write(race, desk);
        if (running.readings === undefined) return;
        if (!this.#hooks.isFinal(running.readings.key)) return this.#submitReadings(running.readings);
        const evidence = await this.#prove(running.readings.key);
        if (evidence === undefined) return;
        race.file(evidence, moment);
        running.stage = 'file';
        return this.#advance(running, desk);
      }
      case 'file': {
        if (!this.#ensure(race.file([], moment), desk)) return;
        running.stage = 'pledges';
        return this.#advance(running, desk);
      }
      case 'pledges': {
        const rivals = race.pledge(moment);
        const ids = rivals.map((call) => toHex(callId(call.header)));
        const open = rivals.filter((_, i) => this.#hooks.outcomesOf(ids[i]!).length === 0);
        // At the same instant, at different doors.
        const doors = this.#random.sample(this.#up(), 2);
        open.forEach((call, i) => {
          this.#submitCall(call, doors[i % doors.length]!);
        });
        if (open.length > 0) return;
        const winner = rivals.find((_, i) =>
          this.#hooks.outcomesOf(ids[i]!).some(({ code }) => code === 'OK'),
        );
        if (winner === undefined) return;
        race.perfect(callId(winner.header), moment);
        running.stage = 'perfection';
        return;
      }
      case 'perfection':
        if (this.#ensure([race.perfect(zero32, moment)], desk)) running.stage = 'done';
        return;
      case 'done':
    }
  }

  /** True once every call took effect; those that have not are submitted, in order, at one door. */
  #ensure(calls: readonly SignedCall[], desk: SimulatedNode): boolean {
    const { state } = desk.runner!.replica.ledger;
    const open = calls.filter((call) => state.get(callRecord, callId(call.header)) === undefined);
    const door = this.#random.pick(this.#up());
    for (const call of open) this.#submitCall(call, door);
    return open.length === 0;
  }

  #submitCall(call: SignedCall, door: SimulatedNode): void {
    if (!this.#isDue(toHex(callId(call.header)))) return;
    const payload = signedCall.encode(call);
    this.#submit(door, { type: 'author', kind: 'transaction', payload, payloadHash: callPayloadHash(call) });
  }

  /** A vertex of the gateway, which speaks through nodes as a light client does. */
  #write(race: PledgeRace, desk: SimulatedNode): Vertex | undefined {
    const { ledger } = desk.runner!.replica;
    if (ledger.state.get(key, this.#desk.gateway.publicKey) === undefined) return undefined;
    // One after the other: the next stands on the last.
    if (this.#gatewayEnd !== undefined && !this.#hooks.isFinal(this.#gatewayEnd.key)) return undefined;
    const nowMs = this.#world.nowMs;
    const value = makeBatch(race.frames(nowMs), this.#desk.salt());
    const header = {
      network: this.#desk.network,
      sequence: (this.#gatewayEnd?.sequence ?? 0) + 1,
      previous: this.#gatewayEnd?.id ?? zero32,
      checkpoint: ledger.headerId,
      parents: [],
      time: nowMs,
      kind: 'readings' as const,
      payloadHash: batchHash(value),
    };
    this.#gatewayEnd = signVertex(header, batch.encode(value), this.#desk.gateway);
    return this.#gatewayEnd;
  }

  #submitReadings(vertex: Vertex): void {
    if (!this.#isDue(vertex.key)) return;
    this.#submit(
      this.#random.pick(this.#up()),
      { type: 'submit', envelope: encodeVertex(vertex) },
      vertex.key,
    );
  }

  /** Proofs of both frames, from a node that holds the batch and is at rest. */
  async #prove(vertexKey: string): Promise<Uint8Array[] | undefined> {
    for (const node of this.#up()) {
      const { ledger } = node.runner!.replica;
      if ((await node.store.checkpoint(ledger.height)) === undefined) continue;
      const prover = new Prover(ledger, node.store, new DurableHead(ledger));
      const proved = [
        await prover.reading(vertexKey, 0, () => [0]),
        await prover.reading(vertexKey, 1, () => [0]),
      ];
      const encoded = proved.map((one) => (one.ok ? encodeReadingProof(one.value.proof) : one));
      if (encoded.every((one) => one.ok)) return encoded.map((one) => one.value);
    }
    return undefined;
  }

  #submit(node: SimulatedNode, event: Event, submittedKey?: string): void {
    const atMs = this.#world.time.elapsedMs;
    node.runner!.dispatchDurable(event).then(
      (reply) => {
        const vertexKey = reply.type === 'taken' ? reply.vertex.key : undefined;
        // A vertex that was there already is as durable as a new one.
        const accepted = vertexKey ?? (reply.type === 'none' ? submittedKey : undefined);
        if (vertexKey !== undefined) this.#hooks.onAuthored(atMs);
        if (accepted !== undefined) this.#hooks.onAccepted(accepted, atMs, node.number);
      },
      // It died first, and acknowledged nothing.
      () => {},
    );
  }

  #isDue(name: string): boolean {
    const nowMs = this.#world.time.now();
    if (nowMs - (this.#submittedAt.get(name) ?? Number.NEGATIVE_INFINITY) < RETRY_MS) return false;
    this.#submittedAt.set(name, nowMs);
    return true;
  }

  #up(): SimulatedNode[] {
    return this.#authors.filter((node) => node.runner !== undefined);
  }

  #mostAdvanced(): SimulatedNode | undefined {
    let most: SimulatedNode | undefined;
    for (const node of this.#up()) if (most === undefined || heightOf(node) > heightOf(most)) most = node;
    return most;
  }
}

function heightOf(node: SimulatedNode): number {
  return node.runner!.replica.ledger.height;
}
