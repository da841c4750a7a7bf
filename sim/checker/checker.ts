/**
 * Watches a run: every checkpoint that an honest node calls final, every restart, what is sent and let in, and the whole at
 * the end. The first thing that is wrong ends the run. What the checks are stands in docs/spec/simulator.md, and each in
 * a file beside this one.
 */

import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { type Outcome, outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { callId, signedCall } from '../../consensus/vertex/call.ts';
import { decodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { Notice } from '../../node/replica/events.ts';
import { Disk } from '../disk.ts';
import type { CallOutcome } from '../load/load.ts';
import type { PledgeRace } from '../load/race.ts';
import { Random } from '../random.ts';
import type { Failure, Sample, TraceLine } from '../run-result.ts';
import type { SimulatedNode, World } from '../world.ts';
import { AuthorChains } from './authors.ts';
import { Certifiable } from './certifiable.ts';
import { CertifiedChain } from './chain.ts';
import { Evidence } from './evidence.ts';
import { checkProgress, Finality } from './finality.ts';
import { broken, type Finding, first } from './finding.ts';
import { checkSilence, HonestWords } from './honest-words.ts';
import { checkState, checkTime, judgeHalt, Semantics } from './ledgers.ts';
import { checkBack, checkStored } from './loss.ts';
import { checkProofs, checkVertices } from './proofs.ts';
import { checkRace } from './races.ts';
import { takeSample } from './sampling.ts';
import { ShadowAllowance } from './shadow-allowance.ts';

type CheckpointNotice = Extract<Notice, { type: 'checkpoint' }>;

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
  readonly #random: Random;
  readonly #authors: AuthorChains;
  readonly #words: HonestWords;
  readonly #evidence: Evidence;
  readonly #semantics: Semantics;

  constructor(world: World, honest: readonly SimulatedNode[]) {
    const { genesis } = world;
    const honestKeys = new Set(honest.map(({ key }) => key));
    this.#world = world;
    this.#honest = new Set(honest);
    this.#random = new Random(world.seed, 'checker');
    this.finality = new Finality(honest.length);
    this.#chain = new CertifiedChain(genesis);
    this.#authors = new AuthorChains(honestKeys);
    const { committee } = genesis;
    const liars = world.nodes.slice(0, committee.size).filter((node) => !this.#honest.has(node)).length;
    this.#words = new HonestWords(new Certifiable(committee.size, committee.quorum, liars));
    this.#evidence = new Evidence(genesis.network, honestKeys);
    this.#semantics = new Semantics(genesis.makeState());
    this.#listen();
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Keys (hex) that evidence convicts, ascending. */
  get guilty(): readonly string[] {
    return this.#evidence.guilty;
  }

  get heights(): number {
    return this.#chain.height;
  }

  outcomesOf(callKey: string): readonly CallOutcome[] {
    return this.#outcomes.get(callKey) ?? [];
  }

  /** Everything accepted is final at every honest node, and all of them are up and level: an old copy has to catch up. */
  get settled(): boolean {
    const { vertices, heights } = this.finality.missing;
    const isLevel = ({ runner }: SimulatedNode) =>
      runner !== undefined && runner.replica.ledger.height >= this.heights;
    return vertices.length === 0 && heights === 0 && [...this.#honest].every(isLevel);
  }

  /** Notes the first thing that is wrong, and stops the run. */
  note(found: Finding | undefined): void {
    if (found === undefined || this.#failure !== undefined) return;
    const { verdict, check, what } = found;
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
    if (notice.type === 'offence') this.note(this.#evidence.take(node.name, notice.offence));
    if (notice.type === 'silent') {
      const restored = node.store instanceof Disk && node.store.restored;
      this.note(checkSilence(node.name, restored, notice.why));
    }
  }

  /** An honest node is up again, on what its store held; `backupAtMs`: on what it held then, ms since the start. */
  async onStart(node: SimulatedNode, backupAtMs?: number): Promise<void> {
    if (!this.#honest.has(node)) return;
    const restored = backupAtMs !== undefined;
    if (restored) this.finality.forgive(node.number, backupAtMs);
    const { height, headerId: id } = node.runner!.replica.ledger;
    const before = this.#finalAt.get(node) ?? 0;
    // Where it stood in its last life: an old copy may have taken it below what it once called final.
    const stood = this.#standsAt.get(node) ?? 0;
    this.#standsAt.set(node, height);
    const lost = checkBack(node.name, stood, height, restored) ?? (await this.#learnFrom(node, height));
    this.note(lost ?? this.#chain.checkSame(node.name, 'is back with', height, id));
    if (this.#failure === undefined) for (let at = before + 1; at <= height; at++) this.#reach(node, at);
  }

  onHalt(node: SimulatedNode, error: Error): void {
    if (this.#honest.has(node)) this.note(judgeHalt(node.name, error));
  }

  /** Takes the figures of this instant, and looks at the bounds. */
  sample(): void {
    const { sample, found } = takeSample(this.#world, this.#honest, this.finality);
    this.note(found);
    this.samples.push(sample);
  }

  /** The last look, once the run has calmed down or its time is over. `load`: how many vertices were to be said, about. */
  async atEnd(races: readonly PledgeRace[], load: number): Promise<void> {
    this.note(checkProgress(this.finality, this.settled, load, () => this.#world.describe()));
    const reference = [...this.#honest].find(({ runner }) => runner?.replica.ledger.height === this.heights);
    if (this.#failure !== undefined || reference === undefined) return;
    const { state } = reference.runner!.replica.ledger;
    this.note(this.#semantics.check(reference.name, state));
    for (const race of races) {
      const end = checkRace(race, (id) => this.outcomesOf(id), state);
      if (typeof end === 'object') this.note(broken('race', end.wrong));
      else if (end === 'decided') this.races.decided += 1;
      if (end !== 'not run') this.races.run += 1;
    }
    for (const node of this.#honest) {
      const final = this.#finalAt.get(node) ?? 0;
      if (this.#failure === undefined)
        this.note(await checkStored(node.name, node.store, final, this.#chain));
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
    if (wrong !== undefined) this.note(broken('proof', `${node.name}, of a race: ${wrong}`));
  }

  #onCheckpoint(node: SimulatedNode, notice: CheckpointNotice): void {
    const { header } = notice;
    const { height } = header;
    const isFirst = this.#chain.holds(height, headerId(header)) === undefined;
    const { ledger } = node.runner!.replica;
    // It may have moved on within the same step.
    const showsState = ledger.height === height;
    const found = first(
      () => this.#chain.checkNext(node.name, this.#standsAt.get(node) ?? 0, notice),
      () => (showsState ? checkState(node.name, ledger.state.map.root, header) : undefined),
    );
    if (found !== undefined) return this.note(found);
    if (isFirst) this.#onFirst(node, notice);
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
      if (this.#honest.has(node)) this.note(this.#words.hear(node.name, from, frame));
    };
    const dishonest = nodes.filter((node) => !this.#honest.has(node)).map(({ key }) => key);
    const allowance = new ShadowAllowance(new Set(dishonest));
    this.#world.aroundGossip = (node, data, take) => {
      if (!this.#honest.has(node)) return take();
      const { taken, found } = allowance.watch(node, data, take);
      this.note(found);
      return taken;
    };
  }

  /** A height that nobody called final before. */
  #onFirst(node: SimulatedNode, { header, outcomes, vertices }: CheckpointNotice): void {
    this.note(this.#record(header, outcomes, vertices));
    const { time, genesis } = this.#world;
    this.note(checkTime(header, time.now(), genesis.record.pace.clockAheadMs));
    if (header.height % EVERY_HEIGHTS !== 0 || this.#failure !== undefined) return;
    this.note(this.#semantics.check(node.name, node.runner!.replica.ledger.state));
    const [any] = outcomes.length === 0 ? [] : [this.#random.pick(outcomes)];
    void this.#checkProofs(node, any && toHex(any.id));
  }

  /** It may have gone down between the write and saying so, and be the first to know a height. */
  async #learnFrom({ name, store }: SimulatedNode, height: number): Promise<Finding | undefined> {
    for (let at = this.heights + 1; at <= height; at++) {
      const stored = await store.checkpoint(at);
      if (stored === undefined) return broken('loss', `${name} has lost height ${at}`);
      const vertices: Vertex[] = [];
      for (const { id } of stored.outcomes) {
        const envelope = await store.vertex(toHex(id));
        const decoded = envelope && decodeVertex(envelope);
        if (decoded?.ok) vertices.push(decoded.value);
      }
      const found =
        this.#chain.checkValid(name, stored) ?? this.#record(stored.header, stored.outcomes, vertices);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #record(header: Header, outcomes: readonly Outcome[], vertices: readonly Vertex[]): Finding | undefined {
    this.#chain.push(header);
    const keys = outcomes.map((outcome) => toHex(outcome.id));
    const twice = this.finality.onCertified(header.height, keys);
    if (twice !== undefined) return twice;
    let found: Finding | undefined;
    for (const [index, vertex] of vertices.entries()) {
      const outcome = outcomes[index]!;
      found ??= this.#authors.take(vertex, outcomeCode(outcome));
      if (vertex.kind === 'transaction') found ??= this.#recordCall(vertex, outcome, header.height);
    }
    return found;
  }

  #recordCall({ payload, key }: Vertex, outcome: Outcome, height: number): Finding | undefined {
    const call = signedCall.decode(payload);
    if (!call.ok) return broken('validity', 'a final call does not decode');
    const callKey = toHex(callId(call.value.header));
    const ended = { code: outcomeCode(outcome), conflict: toHex(outcome.conflict), vertex: key, height };
    this.#outcomes.set(callKey, [...this.outcomesOf(callKey), ended]);
    return undefined;
  }

  async #checkProofs(node: SimulatedNode, vertexKey?: string): Promise<void> {
    try {
      const asked = vertexKey ?? (await this.#anyFinal(node));
      const { wrong, held } = await checkProofs(node, asked, this.#world, this.#random);
      this.proofs += held;
      if (wrong !== undefined) this.note(broken('proof', `${node.name}: ${wrong}`));
    } catch (error) {
      this.note(broken('proof', `${node.name}: ${(error as Error).message}`));
    }
  }

  /** A vertex that some checkpoint confirmed, of the lowest heights as often as of the highest. */
  async #anyFinal(node: SimulatedNode): Promise<string | undefined> {
    const height = 1 + this.#random.below(Math.max(1, this.#finalAt.get(node) ?? 0));
    const outcomes = (await node.store.checkpoint(height))?.outcomes ?? [];
    return outcomes.length === 0 ? undefined : toHex(this.#random.pick(outcomes).id);
  }
}
