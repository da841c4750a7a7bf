/** The steps of a cluster run: which load is offered when, stepped until saturation. */

import type { Snapshot } from './cluster.ts';
import type { Span } from './finality.ts';
import type { StepOrder } from './load-orders.ts';
import { pause } from './schedule.ts';

/** The validators, whatever they run. */
export interface Stepped {
  snapshot(withWire?: boolean): Promise<Snapshot>;
  /** Ends the last validator as a power failure would, for good. */
  endLast(): void;
}

/** The load generators. */
export interface Load {
  all(order: StepOrder): Promise<void>;
}

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
  readonly ladder: {
    readonly fromPerS: number;
    readonly factor: number;
    readonly stepMs: number;
    /** Steps in a row that are not kept up with, before it ends: one may be another job's doing, or a block's length. */
    readonly patience: number;
  };
  readonly latencyMs: number;
  /** Parts of saturation. */
  readonly latencyParts: readonly number[];
  readonly readings: readonly number[];
  readonly readingsParts: readonly number[];
  readonly readingsMs: number;
  /** Without it nobody is killed. */
  readonly kill?: { readonly beforeMs: number; readonly afterMs: number };
  /** A record carries, in all other steps. */
  readonly baseReadings: number;
}

export const fullPlan: Plan = {
  warmUpMs: 10_000,
  ladder: { fromPerS: 250, factor: 1.5, stepMs: 10_000, patience: 1 },
  latencyMs: 12_000,
  latencyParts: [0.1, 0.5, 0.9],
  readings: [8, 32, 128],
  readingsParts: [0.6, 1.1],
  readingsMs: 8_000,
  kill: { beforeMs: 12_000, afterMs: 15_000 },
  baseReadings: 1,
};

export const quickPlan: Plan = {
  warmUpMs: 5_000,
  ladder: { fromPerS: 500, factor: 2, stepMs: 6_000, patience: 1 },
  latencyMs: 6_000,
  latencyParts: [0.5, 0.9],
  readings: [32],
  readingsParts: [0.9],
  readingsMs: 6_000,
  kill: { beforeMs: 5_000, afterMs: 10_000 },
  baseReadings: 1,
};

const WARM_UP_PER_S = 150;
/** Of what was offered; less is saturation. */
export const KEPT_UP_PART = 0.9;
const LADDER_STEPS_MAX = 16;
/** Left out of every figure: queues fill, and the first checkpoint comes. */
export const WARM_UP_MS = 2_000;
const DRAIN_WITHIN_MS = 180_000;
const KILLED_PART = 0.9;

export class Steps {
  readonly done: Step[] = [];
  readonly #cluster: Stepped;
  readonly #generators: Load;
  readonly #lanes: number;
  readonly #say: (text: string) => void;

  constructor(cluster: Stepped, generators: Load, lanes: number, say: (text: string) => void) {
    this.#cluster = cluster;
    this.#generators = generators;
    this.#lanes = lanes;
    this.#say = say;
  }

  async carryOut(plan: Plan): Promise<void> {
    const { warmUpMs, ladder, latencyMs, latencyParts, readings, readingsParts, readingsMs, kill } = plan;
    const base = plan.baseReadings;
    await this.#run('warm-up', `${WARM_UP_PER_S}/s`, WARM_UP_PER_S, base, warmUpMs);
    const saturation = await this.#climb(ladder, base);
    if (!(saturation > 0)) throw new Error('the network finalised nothing within any step');
    for (const part of latencyParts)
      await this.#run('latency', `${100 * part} %`, part * saturation, base, latencyMs);
    for (const count of readings)
      for (const part of readingsParts)
        await this.#run('readings', `${count} readings`, part * saturation, count, readingsMs);
    if (kill !== undefined) await this.#runKilled(KILLED_PART * saturation, base, kill);
  }

  /** To where the network no longer keeps up; then down, where it has not at any step. */
  async #climb({ fromPerS, factor, stepMs, patience }: Plan['ladder'], readings: number): Promise<number> {
    let saturation = 0;
    let offered = fromPerS;
    let keptUpOnce = false;
    let missed = 0;
    let isDown = false;
    for (let step = 0; step < LADDER_STEPS_MAX; step++) {
      const final = await this.#run('ladder', `${Math.round(offered)}/s`, offered, readings, stepMs);
      saturation = Math.max(saturation, final);
      const keptUp = final >= KEPT_UP_PART * offered;
      keptUpOnce ||= keptUp;
      missed = keptUp ? 0 : missed + 1;
      if (isDown && keptUp) break;
      if (!isDown && missed >= patience) {
        if (keptUpOnce) break;
        isDown = true;
        offered = fromPerS;
      }
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

  async #runKilled(
    offeredPerS: number,
    readings: number,
    { beforeMs, afterMs }: NonNullable<Plan['kill']>,
  ): Promise<void> {
    const durationMs = beforeMs + afterMs;
    await this.#sign(offeredPerS, readings, durationMs);
    const before = await this.#cluster.snapshot(false);
    const fromMs = Date.now();
    const running = this.#generators.all({
      type: 'run',
      verticesPerS: offeredPerS / this.#lanes,
      durationMs,
    });
    await pause(beforeMs);
    const killedMs = Date.now();
    this.#cluster.endLast();
    await running;
    await this.#generators.all({ type: 'drain', withinMs: DRAIN_WITHIN_MS });
    const after = await this.#cluster.snapshot(false);
    const span = { fromMs, toMs: fromMs + durationMs };
    this.done.push({
      ...{ kind: 'killed', name: 'one killed', offeredPerS, readings },
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
