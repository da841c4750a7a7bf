/**
 * Watches a run: every checkpoint that an honest node calls final, every restart, and the whole at the end. The first
 * thing that is wrong ends the run. The checks and their names stand in docs/spec/simulator.md.
 */

import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { type Outcome, outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { findBreaches, findRewrites } from '../../consensus/contracts/invariants.ts';
import type { StoredObject } from '../../consensus/contracts/object.ts';
import { callId, signedCall } from '../../consensus/vertex/call.ts';
import { checkOffence, type Offence } from '../../consensus/vertex/offence.ts';
import { decodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { Notice } from '../../node/replica/events.ts';
import { OPEN_VERTICES_MAX } from '../../node/replica/intake.ts';
import { PARKED_MAX } from '../../node/replica/parking.ts';
import { Disk } from '../disk.ts';
import type { CallOutcome } from '../load/load.ts';
import type { PledgeRace } from '../load/race.ts';
import { QUEUE_BYTES_MAX } from '../network/wires.ts';
import { Random } from '../random.ts';
import type { Failure, Sample, TraceLine } from '../run-result.ts';
import type { SimulatedNode, World } from '../world.ts';
import { CertifiedChain } from './chain.ts';
import { Finality } from './finality.ts';
import { HonestWords } from './honest-words.ts';
import { checkProofs, checkVertices } from './proofs.ts';
import { checkRace } from './races.ts';
import { ShadowAllowance } from './shadow-allowance.ts';

type CheckpointNotice = Extract<Notice, { type: 'checkpoint' }>;

/** The last vertex of an author that continued its chain, as the checker counts it. */
interface ChainEnd {
  readonly sequence: number;
  readonly id: Uint8Array;
}

/** How far an honest clock may be ahead while faults set it. */
const CLOCK_FAULT_MS = 3_000;
/** A run that was to have so many vertices and had none did not run. */
const LOAD_SHOWN = 10;
/** Contract invariants and proofs are checked at each such height. */
const EVERY_HEIGHTS = 8;

export class Checker {
  readonly finality: Finality;
  readonly samples: Sample[] = [];
  /** Views above 0 that honest seats entered. */
  viewChanges = 0;
  /** Proofs that verified. */
  proofs = 0;
  readonly races = { run: 0, decided: 0 };
  /** The last lines of the trace when it failed. */
  trace: readonly TraceLine[] = [];
  #failure: Failure | undefined;
  readonly #world: World;
  readonly #honest: ReadonlySet<SimulatedNode>;
  readonly #chain: CertifiedChain;
  /** Greatest height that each honest node has called final. */
  readonly #finalAt = new Map<SimulatedNode, number>();
  /** The height that each one was at when it last moved on or started. */
  readonly #standsAt = new Map<SimulatedNode, number>();
  readonly #outcomes = new Map<string, CallOutcome[]>();
  readonly #honestAuthors: ReadonlySet<string>;
  readonly #random: Random;
  /** By author (hex). */
  readonly #chains = new Map<string, ChainEnd>();
  readonly #words = new HonestWords();
  readonly #guilty = new Set<string>();
  #objectsBefore: readonly StoredObject[];

  constructor(world: World, honest: readonly SimulatedNode[]) {
    this.#world = world;
    this.#honest = new Set(honest);
    this.#honestAuthors = new Set(honest.map(({ key }) => key));
    this.#random = new Random(world.seed, 'checker');
    this.finality = new Finality(honest.length);
    this.#chain = new CertifiedChain(world.genesis);
    this.#objectsBefore = [...world.genesis.makeState().objects()];
    this.#listen();
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Keys (hex) that evidence convicts, ascending. */
  get guilty(): readonly string[] {
    return [...this.#guilty].sort();
  }

  get heights(): number {
    return this.#chain.height;
  }

  outcomesOf(callKey: string): readonly CallOutcome[] {
    return this.#outcomes.get(callKey) ?? [];
  }

  /** Notes the first thing that is wrong, and stops the run. */
  fail(verdict: Failure['verdict'], check: string, what: string): void {
    if (this.#failure !== undefined) return;
    const { elapsedMs: atMs, events: event } = this.#world.time;
    this.#failure = { verdict, check, what, atMs, event };
    this.#world.trace.note('checker', `${verdict}: ${check}`, () => `${verdict}, ${check}: ${what}`);
    this.trace = this.#world.trace.lines();
    this.#world.time.stop();
  }

  onNotice(node: SimulatedNode, notice: Notice): void {
    if (!this.#honest.has(node)) return;
    if (notice.type === 'view' && notice.view > 0) this.viewChanges += 1;
    if (notice.type === 'checkpoint') this.#onCheckpoint(node, notice);
    if (notice.type === 'offence') this.#onOffence(node, notice.offence);
    if (notice.type === 'silent' && !(node.store instanceof Disk && node.store.restored))
      this.fail('invariant broken', 'one vote', `${node.name} does not know what it signed: ${notice.why}`);
  }

  /** Evidence is for strangers: it must convict by its bytes alone, and nobody who is honest `[BFT-2]`. */
  #onOffence({ name }: SimulatedNode, offence: Offence): void {
    const key = toHex(offence.key);
    const checked = checkOffence(offence, this.#world.genesis.network);
    if (!checked.ok)
      return this.fail(
        'invariant broken',
        'evidence',
        `${name} shows what proves nothing: ${describeRefusal(checked)}`,
      );
    this.#guilty.add(key);
    if (this.#honestAuthors.has(key))
      this.fail('invariant broken', 'evidence', `${name} convicts an honest seat, ${key.slice(0, 8)}`);
  }

  /** An honest node is up again, on what its store held; `restored` when that is an old copy. */
  async onStart(node: SimulatedNode, restored: boolean): Promise<void> {
    if (!this.#honest.has(node)) return;
    const { height, headerId: id } = node.runner!.replica.ledger;
    const before = this.#finalAt.get(node) ?? 0;
    // Where it stood in its last life: an old copy may have taken it below what it once called final.
    const stood = this.#standsAt.get(node) ?? 0;
    this.#standsAt.set(node, height);
    if (height < stood && !restored)
      return this.fail(
        'invariant broken',
        'loss',
        `${node.name} called height ${stood} final and is back at ${height}`,
      );
    await this.#learnFrom(node, height);
    if (this.#failure === undefined && this.#chain.holds(height, id) === false)
      return this.fail(
        'diverged',
        'agreement',
        `${node.name} is back with another header at height ${height}`,
      );
    for (let at = before + 1; at <= height; at++) this.#reach(node, at);
  }

  /** It may have gone down between the write and saying so, and be the first to know a height. */
  async #learnFrom({ name, store }: SimulatedNode, height: number): Promise<void> {
    for (let at = this.heights + 1; at <= height; at++) {
      const stored = await store.checkpoint(at);
      if (stored === undefined) return this.fail('invariant broken', 'loss', `${name} has lost height ${at}`);
      const vertices: Vertex[] = [];
      for (const { id } of stored.outcomes) {
        const envelope = await store.vertex(toHex(id));
        const decoded = envelope && decodeVertex(envelope);
        if (decoded?.ok) vertices.push(decoded.value);
      }
      const invalid = this.#chain.defect(stored.header, stored.certificate, stored.outcomes);
      if (invalid !== undefined)
        return this.fail('invariant broken', 'validity', `${name} at height ${at}: ${invalid}`);
      this.#record(stored.header, stored.outcomes, vertices);
    }
  }

  onHalt(node: SimulatedNode, error: Error): void {
    if (!this.#honest.has(node)) return;
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    const isDifference = /^(own execution disagrees|two certified headers)/.test(error.message);
    this.fail(
      isDifference ? 'diverged' : 'invariant broken',
      isDifference ? 'state' : 'halt',
      `${node.name} halted: ${error.message}${cause}`,
    );
  }

  /** Takes the figures of this instant, and looks at the bounds. */
  sample(): void {
    const { network, time } = this.#world;
    const most = { open: 0, tips: 0, parked: 0, height: 0 };
    for (const { runner, name } of this.#honest) {
      if (runner === undefined) continue;
      const gauges = runner.replica.gauges();
      if (gauges.open > OPEN_VERTICES_MAX)
        this.fail('invariant broken', 'bounds', `${name}: ${gauges.open} open`);
      if (gauges.parked > PARKED_MAX)
        this.fail('invariant broken', 'bounds', `${name}: ${gauges.parked} parked`);
      for (const gauge of ['open', 'tips', 'parked'] as const)
        most[gauge] = Math.max(most[gauge], gauges[gauge]);
      most.height = Math.max(most.height, runner.replica.ledger.height);
    }
    const queued = network.queuedBytesMost;
    if (queued > QUEUE_BYTES_MAX)
      this.fail('invariant broken', 'bounds', `${queued} bytes wait for one link`);
    let [messages, bytes] = [0, 0];
    for (const traffic of network.traffic.values()) {
      messages += traffic.messages;
      bytes += traffic.bytes;
    }
    const fresh = this.finality.fresh();
    const durations = fresh && { finalityP50Ms: fresh.p50, finalityP95Ms: fresh.p95 };
    this.samples.push({
      ...{ atMs: Math.round(time.elapsedMs), final: this.finality.final, messages, bytes, ...most },
      ...durations,
    });
  }

  /** Everything accepted is final at every honest node, and all of them are up and level: an old copy has to catch up. */
  get settled(): boolean {
    const { vertices, heights } = this.finality.missing;
    const isLevel = ({ runner }: SimulatedNode) =>
      runner !== undefined && runner.replica.ledger.height >= this.heights;
    return vertices.length === 0 && heights === 0 && [...this.#honest].every(isLevel);
  }

  /** The last look, once the run has calmed down or its time is over. `load`: how many vertices were to be said, about. */
  async atEnd(races: readonly PledgeRace[], load: number): Promise<void> {
    if (this.#failure === undefined && !this.settled) this.#failUnsettled();
    // Where nothing was accepted, nothing was shown.
    if (this.#failure === undefined && load >= LOAD_SHOWN && this.finality.acceptedFinal === 0)
      this.fail('no progress', 'finality', 'no node has accepted anything');
    const reference = [...this.#honest].find(({ runner }) => runner?.replica.ledger.height === this.heights);
    if (this.#failure !== undefined || reference === undefined) return;
    this.#checkContracts(reference);
    for (const race of races) {
      const end = checkRace(race, (id) => this.outcomesOf(id), reference.runner!.replica.ledger.state);
      if (typeof end === 'object') this.fail('invariant broken', 'race', end.wrong);
      else if (end === 'decided') this.races.decided += 1;
      if (end !== 'not run') this.races.run += 1;
    }
    for (const node of this.#honest) {
      if (this.#failure === undefined) await this.#checkStored(node);
      if (this.#failure === undefined) await this.#checkProofs(node);
      if (this.#failure === undefined) await this.#checkRaceProofs(races, node);
    }
  }

  /** The loser has the proof of its refusal, which names the winner, and of the winner's own call: at every node (R001). */
  async #checkRaceProofs(races: readonly PledgeRace[], node: SimulatedNode): Promise<void> {
    const vertices = races
      .flatMap((race) => race.rivals ?? [])
      .flatMap((call) => this.outcomesOf(toHex(callId(call.header))))
      .filter(({ code }) => code === 'OK' || code === 'E_ENCUMBERED')
      .map(({ vertex }) => vertex);
    const { wrong, held } = await checkVertices(node, vertices, this.#world, this.#random);
    this.proofs += held;
    if (wrong !== undefined) this.fail('invariant broken', 'proof', `${node.name}, of a race: ${wrong}`);
  }

  #failUnsettled(): void {
    const { vertices, heights } = this.finality.missing;
    const first = vertices[0] === undefined ? '' : `, the first ${vertices[0].slice(0, 8)}`;
    this.fail(
      'no progress',
      'finality',
      `${vertices.length} accepted vertices are not final${first}; ${heights} heights are not everywhere; ${this.#world.describe()}`,
    );
  }

  #onCheckpoint(node: SimulatedNode, notice: CheckpointNotice): void {
    const { header, outcomes } = notice;
    const { height } = header;
    const stood = this.#standsAt.get(node) ?? 0;
    if (height !== stood + 1)
      return this.fail('invariant broken', 'validity', `${node.name} went from height ${stood} to ${height}`);
    const known = this.#chain.holds(height, headerId(header));
    if (known === false)
      return this.fail('diverged', 'agreement', `${node.name} has another header at height ${height}`);
    const invalid = this.#chain.defect(header, notice.certificate, outcomes);
    if (invalid !== undefined)
      return this.fail('invariant broken', 'validity', `${node.name} at height ${height}: ${invalid}`);
    const { ledger } = node.runner!.replica;
    // It may have moved on within the same step.
    if (ledger.height === height && !equalBytes(ledger.state.map.root, header.stateRoot))
      return this.fail(
        'diverged',
        'state',
        `${node.name}'s state is not the certified one at height ${height}`,
      );
    if (known === undefined) this.#onFirst(node, notice);
    this.#standsAt.set(node, height);
    this.#reach(node, height);
  }

  #reach(node: SimulatedNode, height: number): void {
    if (height <= (this.#finalAt.get(node) ?? 0)) return;
    this.#finalAt.set(node, height);
    this.finality.onReached(height, this.#world.time.elapsedMs);
  }

  /** Hears what honest nodes send, and what they let in. */
  #listen(): void {
    const { network, nodes } = this.#world;
    network.onSend = (from, kind, frame) => {
      if (kind !== 'vote' && kind !== 'proposal' && kind !== 'viewChange') return;
      const node = nodes[from]!;
      const twice = this.#honest.has(node) ? this.#words.hear(from, frame) : undefined;
      if (twice !== undefined) this.fail('invariant broken', 'one vote', `${node.name} sends a ${twice}`);
    };
    const dishonest = nodes.filter((node) => !this.#honest.has(node)).map(({ key }) => key);
    const allowance = new ShadowAllowance(new Set(dishonest));
    this.#world.aroundGossip = (node, data, take) => {
      if (!this.#honest.has(node)) return take();
      const { taken, over } = allowance.watch(node, data, take);
      if (over !== undefined)
        this.fail('invariant broken', 'allowance', `${node.name} lets in too much of ${over.slice(0, 8)}`);
      return taken;
    };
  }

  /** A height that nobody called final before. */
  #onFirst(node: SimulatedNode, { header, outcomes, vertices }: CheckpointNotice): void {
    this.#record(header, outcomes, vertices);
    const { clockAheadMs } = this.#world.genesis.record.pace;
    const aheadMs = header.time - this.#world.time.now();
    if (aheadMs > clockAheadMs + CLOCK_FAULT_MS)
      this.fail(
        'invariant broken',
        'time',
        `height ${header.height} is ${Math.round(aheadMs)} ms ahead of time`,
      );
    if (header.height % EVERY_HEIGHTS !== 0 || this.#failure !== undefined) return;
    this.#checkContracts(node);
    const [any] = outcomes.length === 0 ? [] : [this.#random.pick(outcomes)];
    void this.#checkProofs(node, any && toHex(any.id));
  }

  #record(header: Header, outcomes: readonly Outcome[], vertices: readonly Vertex[]): void {
    const { height } = header;
    this.#chain.push(header);
    const keys = outcomes.map((outcome) => toHex(outcome.id));
    const twice = this.finality.onCertified(height, keys);
    if (twice !== undefined)
      return this.fail(
        'invariant broken',
        'once',
        `vertex ${twice.slice(0, 8)} is final again at height ${height}`,
      );
    for (const [index, vertex] of vertices.entries()) this.#onOutcome(vertex, outcomes[index]!, height);
  }

  #onOutcome(vertex: Vertex, outcome: Outcome, height: number): void {
    const code = outcomeCode(outcome);
    if ((code === 'E_FORK' || code === 'E_KEY_SUSPENDED') && this.#honestAuthors.has(vertex.authorKey))
      this.fail(
        'invariant broken',
        'own chain',
        `an honest author's vertex ${vertex.key.slice(0, 8)} is ${code}`,
      );
    if (code !== 'E_FORK') this.#continueChain(vertex);
    if (vertex.kind !== 'transaction') return;
    const call = signedCall.decode(vertex.payload);
    if (!call.ok) return this.fail('invariant broken', 'validity', `a final call does not decode`);
    const callKey = toHex(callId(call.value.header));
    const outcomes = this.#outcomes.get(callKey) ?? [];
    this.#outcomes.set(callKey, [
      ...outcomes,
      { code, conflict: toHex(outcome.conflict), vertex: vertex.key, height },
    ]);
  }

  /** Whatever is no fork continues its author's chain, and nothing is left out `[VTX-2]`. */
  #continueChain({ authorKey, sequence, previous, id, key }: Vertex): void {
    const end = this.#chains.get(authorKey);
    const continues =
      sequence === (end?.sequence ?? 0) + 1 && (end === undefined || equalBytes(previous, end.id));
    if (!continues)
      this.fail(
        'invariant broken',
        'chain',
        `vertex ${key.slice(0, 8)}, number ${sequence}, does not continue its author's chain`,
      );
    this.#chains.set(authorKey, { sequence, id });
  }

  #checkContracts(node: SimulatedNode): void {
    const { state } = node.runner!.replica.ledger;
    const objects = [...state.objects()];
    const [breach] = [...findBreaches(state), ...findRewrites(this.#objectsBefore, objects)];
    this.#objectsBefore = objects;
    if (breach !== undefined)
      this.fail('invariant broken', `semantics ${breach.invariant}`, `${node.name}: ${breach.what}`);
  }

  /** What the store holds is what was certified. */
  async #checkStored(node: SimulatedNode): Promise<void> {
    for (let height = 1; height <= (this.#finalAt.get(node) ?? 0); height++) {
      const stored = await node.store.checkpoint(height);
      if (stored === undefined)
        return this.fail('invariant broken', 'loss', `${node.name} has lost height ${height}`);
      if (!this.#chain.holds(height, headerId(stored.header)))
        return this.fail('diverged', 'agreement', `${node.name} stores another header at height ${height}`);
    }
  }

  async #checkProofs(node: SimulatedNode, vertexKey?: string): Promise<void> {
    try {
      const asked = vertexKey ?? (await this.#anyFinal(node));
      const { wrong, held } = await checkProofs(node, asked, this.#world, this.#random);
      this.proofs += held;
      if (wrong !== undefined) this.fail('invariant broken', 'proof', `${node.name}: ${wrong}`);
    } catch (error) {
      this.fail('invariant broken', 'proof', `${node.name}: ${(error as Error).message}`);
    }
  }

  /** A vertex that some checkpoint confirmed, of the lowest heights as often as of the highest. */
  async #anyFinal(node: SimulatedNode): Promise<string | undefined> {
    const height = 1 + this.#random.below(Math.max(1, this.#finalAt.get(node) ?? 0));
    const outcomes = (await node.store.checkpoint(height))?.outcomes ?? [];
    return outcomes.length === 0 ? undefined : toHex(this.#random.pick(outcomes).id);
  }
}
