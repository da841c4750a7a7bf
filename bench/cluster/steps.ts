/** The steps of a cluster run: which load is offered when, stepped until saturation. */

import type { Cluster, Snapshot } from './cluster.ts';
import type { Span } from './finality.ts';
import type { Generators } from './generators.ts';

export type StepKind = 'warm-up' | 'ladder' | 'latency' | 'readings' | 'killed';

export interface Step {
  readonly kind: StepKind;
  readonly name: string;
  readonly offeredPerS: number;
  readonly readings: number;
  /** From the first vertex that was due to the end of the load. */
  readonly span: Span;
  /** Before the load, and after all of it was final. */
  readonly before: Snapshot;
  readonly after: Snapshot;
  /** When a validator was killed. */
  readonly killedMs?: number;
}

export interface Plan {
  /** Until compilers have seen the code. */
  readonly warmUpMs: number;
  readonly ladder: { readonly fromPerS: number; readonly factor: number; readonly stepMs: number };
  readonly latencyMs: number;
  /** Parts of saturation. */
  readonly latencyParts: readonly number[];
  readonly readings: readonly number[];
  readonly readingsParts: readonly number[];
  readonly readingsMs: number;
  readonly beforeKillMs: number;
  readonly afterKillMs: number;
}

export const fullPlan: Plan = {
  warmUpMs: 10_000,
  ladder: { fromPerS: 250, factor: 1.5, stepMs: 10_000 },
  latencyMs: 12_000,
  latencyParts: [0.1, 0.5, 0.9],
  readings: [8, 32, 128],
  readingsParts: [0.6, 1.1],
  readingsMs: 8_000,
  beforeKillMs: 12_000,
  afterKillMs: 15_000,
};

export const quickPlan: Plan = {
  warmUpMs: 5_000,
  ladder: { fromPerS: 500, factor: 2, stepMs: 6_000 },
  latencyMs: 6_000,
  latencyParts: [0.5, 0.9],
  readings: [32],
  readingsParts: [0.9],
  readingsMs: 6_000,
  beforeKillMs: 5_000,
  afterKillMs: 10_000,
};

const WARM_UP_PER_S = 150;
/** Of what was offered; less is saturation. */
const KEPT_UP_PART = 0.9;
const LADDER_STEPS_MAX = 16;
/** Left out of every figure: queues fill, and the first checkpoint comes. */
export const WARM_UP_MS = 2_000;
const DRAIN_WITHIN_MS = 180_000;
const KILLED_PART = 0.9;

export class Steps {
  readonly done: Step[] = [];
  readonly #cluster: Cluster;
  readonly #generators: Generators;
  readonly #lanes: number;
  readonly #say: (text: string) => void;

  constructor(cluster: Cluster, generators: Generators, lanes: number, say: (text: string) => void) {
    this.#cluster = cluster;
    this.#generators = generators;
    this.#lanes = lanes;
    this.#say = say;
  }

  async carryOut(plan: Plan): Promise<void> {
    const { warmUpMs, ladder, latencyMs, latencyParts, readings, readingsParts, readingsMs } = plan;
    await this.#run('warm-up', `${WARM_UP_PER_S}/s`, WARM_UP_PER_S, 1, warmUpMs);
    const saturation = await this.#climb(ladder);
    if (!(saturation > 0)) throw new Error('the network finalised nothing within any step');
    for (const part of latencyParts)
      await this.#run('latency', `${100 * part} %`, part * saturation, 1, latencyMs);
    for (const count of readings)
      for (const part of readingsParts)
        await this.#run('readings', `${count} readings`, part * saturation, count, readingsMs);
    await this.#runKilled(KILLED_PART * saturation, plan);
  }

  /** To where the network no longer keeps up; first down, where it does not at the very first step. */
  async #climb({ fromPerS, factor, stepMs }: Plan['ladder']): Promise<number> {
    let saturation = 0;
    let offered = fromPerS;
    let isDown = false;
    for (let step = 0; step < LADDER_STEPS_MAX; step++) {
      const final = await this.#run('ladder', `${Math.round(offered)}/s`, offered, 1, stepMs);
      saturation = Math.max(saturation, final);
      const keptUp = final >= KEPT_UP_PART * offered;
      if (step === 0) isDown = !keptUp;
      if (keptUp === isDown) break;
      offered = isDown ? offered / factor : offered * factor;
    }
    return saturation;
  }

  /** Offers a load and waits until all of it is final; resolves to what was finalised in its time, a second, about. */
  async #run(
    kind: StepKind,
    name: string,
    offeredPerS: number,
    readings: number,
    durationMs: number,
  ): Promise<number> {
    await this.#sign(offeredPerS, readings, durationMs);
    const before = await this.#cluster.snapshot();
    const fromMs = Date.now();
    const running = this.#generators.all({
      type: 'run',
      verticesPerS: offeredPerS / this.#lanes,
      durationMs,
    });
    await pause(WARM_UP_MS);
    const warm = await this.#cluster.snapshot(false);
    await pause(Math.max(0, fromMs + durationMs - Date.now()));
    const end = await this.#cluster.snapshot(false);
    await running;
    await this.#generators.all({ type: 'drain', withinMs: DRAIN_WITHIN_MS });
    const after = await this.#cluster.snapshot();
    const span = { fromMs, toMs: fromMs + durationMs };
    this.done.push({ kind, name, offeredPerS, readings, span, before, after });
    const final = finalBetween(warm, end);
    this.#say(
      `${kind} ${name}: ${Math.round(offeredPerS)}/s offered, about ${Math.round(final)}/s finalised`,
    );
    return final;
  }

  async #runKilled(offeredPerS: number, { beforeKillMs, afterKillMs }: Plan): Promise<void> {
    const durationMs = beforeKillMs + afterKillMs;
    await this.#sign(offeredPerS, 1, durationMs);
    const before = await this.#cluster.snapshot(false);
    const fromMs = Date.now();
    const running = this.#generators.all({
      type: 'run',
      verticesPerS: offeredPerS / this.#lanes,
      durationMs,
    });
    await pause(beforeKillMs);
    const killedMs = Date.now();
    this.#cluster.end(this.#cluster.home.validators.at(-1)!.name);
    await running;
    await this.#generators.all({ type: 'drain', withinMs: DRAIN_WITHIN_MS });
    const after = await this.#cluster.snapshot(false);
    const span = { fromMs, toMs: fromMs + durationMs };
    this.done.push({
      ...{ kind: 'killed', name: 'one killed', offeredPerS, readings: 1 },
      span,
      before,
      after,
      killedMs,
    });
    this.#say(`one killed at ${Math.round(offeredPerS)}/s offered`);
  }

  async #sign(offeredPerS: number, readings: number, durationMs: number): Promise<void> {
    const count = Math.ceil((offeredPerS / this.#lanes) * (durationMs / 1_000)) + 1;
    await this.#generators.all({ type: 'sign', count, readings });
  }
}

/** By the first validator's own count. */
function finalBetween(from: Snapshot, to: Snapshot): number {
  const [a, b] = [from.nodes[0], to.nodes[0]];
  return a === undefined || b === undefined ? 0 : (1_000 * (b.final - a.final)) / (b.atMs - a.atMs);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
