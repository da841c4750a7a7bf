/**
 * One simulated run: settings and a seed in, a verdict and figures out. The same in gives the same out, but for the
 * time it took. docs/spec/simulator.md.
 */

import type { ActorKind } from './byzantine/actor.ts';
import { actorKinds } from './byzantine/index.ts';
import { Checker } from './checker/checker.ts';
import { broken } from './checker/finding.ts';
import { FaultInjector } from './faults/injector.ts';
import { drawFaults, type ScheduledFault } from './faults/schedule.ts';
import { Desk } from './load/desk.ts';
import { Load, type LoadHooks } from './load/load.ts';
import { Random } from './random.ts';
import type { RunResult } from './run-result.ts';
import type { Settings } from './settings.ts';
import { StoryCast } from './story/cast.ts';
import { Doors } from './story/doors.ts';
import { SimulatedHost } from './story/host.ts';
import { StoryTeller } from './story/told.ts';
import { type SimulatedNode, World } from './world.ts';

export interface RunOptions {
  /** Instead of those that the seed draws: for running again with fewer. */
  readonly faults?: readonly ScheduledFault[];
  /** The actors there are, in place of those of the command line. */
  readonly kinds?: readonly ActorKind[];
  /** Keeps the last lines of the trace also when the run passes. */
  readonly keepTrace?: boolean;
  /** Called now and then with the share of the run's time that has passed, 0 to 1. */
  readonly onProgress?: (share: number) => void;
  /** Called before anybody starts: for tests that plant something. */
  readonly prepare?: (world: World) => void;
}

/** Everything accepted is final within this once the network has calmed, ms. */
export const CALM_MS = 120_000;
const SAMPLE_MS = 500;
/** How often the end is looked for. */
const LOOK_MS = 100;
/** How long a network that has forked goes on, so that evidence can be found. */
const AFTERMATH_MS = 3_000;
/** A synced write on a solid-state disk. */
const SYNC_MS = [0.2, 2] as const;

/** Which nodes are whose: seats and others that lie, by number. */
export function castActors(
  settings: Settings,
  seed: number,
  kinds: readonly ActorKind[] = actorKinds,
): Map<number, ActorKind> {
  const random = new Random(seed, 'casting');
  const drawn = (from: number, to: number) =>
    random.sample(
      Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i),
      settings.nodes,
    );
  const seats = drawn(0, settings.validators);
  const others = drawn(settings.validators, settings.nodes);
  const cast = new Map<number, ActorKind>();
  for (const { kind: name, count } of settings.byzantine) {
    const kind = kinds.find((known) => known.name === name);
    if (kind === undefined) throw new RangeError(`"byzantine" expected a known kind, got ${name}`);
    for (let i = 0; i < count; i++) {
      const number = (kind.needs === 'seat' ? undefined : others.pop()) ?? seats.pop();
      if (number === undefined) throw new RangeError('"byzantine" expected no more than there are nodes');
      cast.set(number, kind);
    }
  }
  return cast;
}

/** The faults of the schedule, or those that the seed draws for these settings. */
export function faultsOf(
  settings: Settings,
  seed: number,
  actors: ReadonlyMap<number, ActorKind>,
): readonly ScheduledFault[] {
  if (settings.schedule !== undefined) return settings.schedule;
  const honest = Array.from({ length: settings.nodes }, (_, i) => i).filter((i) => !actors.has(i));
  return drawFaults(settings.faults, {
    seed,
    nodes: settings.nodes,
    durationMs: settings.durationMs,
    honest,
  });
}

export async function run(settings: Settings, seed: number, options: RunOptions = {}): Promise<RunResult> {
  const startedAt = performance.now();
  const actors = castActors(settings, seed, options.kinds);
  const faults = options.faults ?? faultsOf(settings, seed, actors);
  const desk = new Desk(seed);
  const cast = settings.story && new StoryCast(settings.story, seed);
  const world = World.prepare({
    seed,
    seats: settings.validators,
    followers: settings.nodes - settings.validators,
    link: settings.network,
    steady: faults.length === 0,
    pace: settings.pace,
    policy: settings.story?.policy,
    parties: [...desk.parties, ...(cast?.parties ?? [])],
    disk: { syncMs: SYNC_MS, losesWrites: faults.length > 0 },
    actors,
  });
  desk.open(world.genesis.network);
  const honest = world.nodes.filter(({ number }) => !actors.has(number));
  const checker = new Checker(world, honest);
  const hooks: LoadHooks = {
    onAuthored: () => {
      checker.finality.authored += 1;
    },
    onAccepted: (vertexKey, authoredMs, by) =>
      checker.finality.accept(vertexKey, { by, authoredMs, atMs: world.time.elapsedMs }),
    outcomesOf: (callKey) => checker.outcomesOf(callKey),
    isFinal: (vertexKey) => checker.finality.isFinal(vertexKey),
  };
  const load = new Load(world, desk, honest, hooks);
  const teller = settings.story && new StoryTeller(settings.story, checker);
  const failedStart = (node: SimulatedNode, error: Error) =>
    checker.note(broken('loss', `${node.name} does not start on what its store holds: ${error.message}`));
  const injector = new FaultInjector(world, {
    onStart: (node, backupAtMs) => checker.onStart(node, backupAtMs),
    onFailedStart: failedStart,
  });
  world.onNotice = (node, notice) => checker.onNotice(node, notice);
  world.onHalt = (node, error) => checker.onHalt(node, error);
  world.rivalCalls = () => load.races.find(({ race }) => race.rivals !== undefined)?.race.rivals;
  options.prepare?.(world);

  const { time } = world;
  const sampleLater = (): void => {
    time.after(SAMPLE_MS, () => {
      checker.sample();
      sampleLater();
    });
  };
  const isOver = () => checker.failure !== undefined;
  try {
    time.after(0, async () => {
      for (const node of world.nodes) await world.start(node);
    });
    sampleLater();
    load.begin(settings.load, settings.durationMs);
    if (cast !== undefined)
      time.after(0, () => teller?.begin(world, new SimulatedHost(cast, new Doors(world, honest, hooks))));
    injector.schedule(faults);
    const endMs = time.now() + settings.durationMs;
    while (!isOver() && time.now() < endMs) {
      await time.run(Math.min(endMs, time.now() + SAMPLE_MS));
      options.onProgress?.(Math.min(1, time.elapsedMs / settings.durationMs));
    }
    if (!isOver()) time.after(0, () => injector.endAll());
    const calmMs = endMs + CALM_MS;
    while (!isOver() && time.now() < calmMs) {
      await time.run(time.now() + LOOK_MS);
      if (checker.settled && teller?.isDone !== false) break;
    }
    if (!isOver()) teller?.end();
    // Who meets a fork names those who made it, and stops: let everybody meet it.
    if (checker.failure?.verdict === 'diverged') await time.run(time.now() + AFTERMATH_MS);
  } catch (error) {
    checker.note(broken('assertion', (error as Error).stack ?? String(error)));
  }
  await checker.atEnd(
    load.races.map(({ race }) => race),
    (settings.load.verticesPerS * settings.durationMs) / 1_000,
  );
  checker.sample();
  const result = summarise(world, checker, settings, seed);
  return {
    ...result,
    story: teller?.told,
    faults: injector.counts,
    faultSpans: injector.spans,
    trace: checker.failure === undefined && options.keepTrace ? world.trace.lines() : checker.trace,
    wallMs: Math.round(performance.now() - startedAt),
  };
}

function summarise(
  world: World,
  checker: Checker,
  settings: Settings,
  seed: number,
): Omit<RunResult, 'story' | 'faults' | 'faultSpans' | 'trace' | 'wallMs'> {
  const { failure, finality } = checker;
  const acting = world.nodes.filter(({ masquerade }) => masquerade !== undefined);
  return {
    settings,
    seed,
    verdict: failure?.verdict ?? 'passed',
    failure,
    traceHash: world.trace.digest(),
    events: world.time.events,
    virtualMs: Math.round(world.time.elapsedMs),
    heights: checker.heights,
    viewChanges: checker.viewChanges,
    vertices: { authored: finality.authored, final: finality.final },
    races: checker.races,
    proofs: checker.proofs,
    finalityMs: finality.durations,
    traffic: Object.fromEntries([...world.network.traffic].sort(([a], [b]) => (a < b ? -1 : 1))),
    acts: Object.fromEntries(
      acting.map(({ name, masquerade }) => [`${name}, ${masquerade!.name}`, masquerade!.acts]),
    ),
    guilty: checker.guilty,
    samples: checker.samples,
  };
}
