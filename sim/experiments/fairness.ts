/**
 * How often a self-serving leader with f − 1 helpers gets its own vertex ordered before one that had reached every
 * honest seat Δ ms before its own reached the first `[ORD-2]`; and, in the same races, how often a leader that chose the
 * order would have: whenever one of them had the turn to propose the checkpoint that confirmed the rival, and its own
 * vertex was written by then.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { Event } from '../../node/replica/events.ts';
import type { ActorKind } from '../byzantine/actor.ts';
import { SelfServing } from '../byzantine/self-serving.ts';
import { type SimulatedNode, World } from '../world.ts';
import { type Cell, type Experiment, type Findings, rounded } from './experiment.ts';
import { wilson } from './statistics.ts';

export interface Race {
  /** How much earlier the rival was at every honest seat than the own vertex at the first, ms. */
  readonly leadMs: number;
  readonly overtaken: boolean;
  /** A leader that chose the order would have had the chance. */
  readonly chosen: boolean;
}

const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };
/** Leads that are asked about, ms; a race counts for one of them if its lead is that and less than `WITHIN_MS` more. */
const LEADS_MS = [10, 50, 100, 200] as const;
const WITHIN_MS = 10;
/** From here on nobody may be overtaken: a witness interval. */
const SAFE_MS = 100;
/** Actors answer a rival about one of the leads after they hear it, at any moment of so much before and after. */
const REACT_SPREAD_MS = 25;
/** Longer than a rival takes to be final. */
const RACE_MS = 1_200;
const LOAD_MS = 60;
const WARM_UP_MS = 300;
const SETTLE_MS = 60_000;
const COMMITTEES = [
  { seats: 4, seeds: 24 },
  { seats: 7, seeds: 12 },
  { seats: 10, seeds: 8 },
] as const;
const SPEAK_MS = 60_000;

/** All races of one seed. */
export async function raceSeed(seed: number, seats: number, speakMs: number): Promise<Race[]> {
  const faults = Math.floor((seats - 1) / 3);
  const crooked = new Set(Array.from({ length: faults }, (_, i) => (seed + 2 * i) % seats));
  const actors: SelfServing[] = [];
  const kind: ActorKind = {
    ...{ name: 'self-serving', summary: '', needs: 'seat' },
    create: (stage) => {
      const actor = new SelfServing(stage, () => reaction(stage.chance(), stage.chance()), RACE_MS);
      actors.push(actor);
      return actor;
    },
  };
  const world = await World.open({ seed, seats, actors: new Map([...crooked].map((node) => [node, kind])) });
  await world.run(WARM_UP_MS);
  const honest = world.nodes.filter(({ masquerade }) => masquerade === undefined);
  const arrivals = new Map<string, number[]>();
  world.onNotice = (node, notice) => {
    if (notice.type !== 'vertex' || !honest.includes(node)) return;
    arrivals.set(notice.vertex.key, [...(arrivals.get(notice.vertex.key) ?? []), world.nowMs]);
  };
  const said = await speak(world, honest, speakMs);
  await world.runUntil(
    'all that the honest said is final',
    () => honest.every(({ runner }) => said.every((key) => runner?.replica.dag.isSettled(key) ?? false)),
    SETTLE_MS,
  );
  const confirmed = await confirmations(world, honest[0]!);
  return actors.flatMap(({ races }) =>
    races.flatMap(({ rival, own, writtenMs }): Race[] => {
      const [theirs, ours] = [confirmed.get(rival), confirmed.get(own)];
      const everywhere = arrivals.get(rival);
      const anywhere = arrivals.get(own);
      if (theirs === undefined || everywhere?.length !== honest.length || anywhere === undefined) return [];
      return [
        {
          leadMs: Math.min(...anywhere) - Math.max(...everywhere),
          overtaken: ours !== undefined && ours.place < theirs.place,
          chosen: theirs.turns.some((seat) => crooked.has(seat)) && writtenMs <= theirs.timeMs,
        },
      ];
    }),
  );
}

/** How long after it heard the rival an actor answers, ms; `which` and `when` are drawn from 0 to 1. */
function reaction(which: number, when: number): number {
  const leadMs = LEADS_MS[Math.floor(which * LEADS_MS.length)]!;
  return Math.max(0, leadMs + Math.round((2 * when - 1) * REACT_SPREAD_MS));
}

/** Honest authors in turn; busy enough that every seat witnesses as often as it may. */
async function speak(world: World, honest: readonly SimulatedNode[], speakMs: number): Promise<string[]> {
  const said: string[] = [];
  for (let i = 0; i * LOAD_MS < speakMs; i++) {
    const reply = honest[i % honest.length]!.runner?.dispatch(author);
    if (reply?.type === 'taken') said.push(reply.vertex.key);
    await world.run(LOAD_MS);
  }
  return said;
}

interface Confirmed {
  /** In the whole order. */
  readonly place: number;
  /** Seats whose turn it was to propose the checkpoint, and its time. */
  readonly turns: readonly number[];
  readonly timeMs: number;
}

async function confirmations(
  world: World,
  { runner, store }: SimulatedNode,
): Promise<Map<string, Confirmed>> {
  const { committee } = world.genesis;
  const found = new Map<string, Confirmed>();
  for (let height = 1; height <= runner!.replica.ledger.height; height++) {
    const { header, certificate, outcomes } = (await store.checkpoint(height))!;
    const turns = Array.from({ length: certificate.view + 1 }, (_, view) => committee.leader(height, view));
    for (const { id } of outcomes) found.set(toHex(id), { place: found.size, turns, timeMs: header.time });
  }
  return found;
}

function share(hits: number, trials: number): Cell[] {
  if (trials === 0) return ['', ''];
  const { least, most } = wilson(hits, trials);
  const percent = (value: number) => rounded(value * 100, 1);
  return [`${percent(hits / trials)} %`, `${percent(least)} to ${percent(most)} %`];
}

async function findFairness(say: (progress: string) => void): Promise<Findings> {
  const rows: Cell[][] = [];
  const rules: Findings['rules'][number][] = [];
  for (const { seats, seeds } of COMMITTEES) {
    const races: Race[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      say(`n = ${seats}, seed ${seed} of ${seeds}`);
      races.push(...(await raceSeed(seed, seats, SPEAK_MS)));
    }
    const row = (lead: string, of: readonly Race[]): number => {
      const overtaken = of.filter((race) => race.overtaken).length;
      const chosen = of.filter((race) => race.chosen).length;
      rows.push([seats, lead, of.length, ...share(overtaken, of.length), ...share(chosen, of.length)]);
      return overtaken;
    };
    for (const leadMs of LEADS_MS)
      row(
        `${leadMs}`,
        races.filter((race) => race.leadMs >= leadMs && race.leadMs < leadMs + WITHIN_MS),
      );
    const safe = races.filter(({ leadMs }) => leadMs >= SAFE_MS);
    const overtaken = row(`${SAFE_MS} and more`, safe);
    rules.push({
      rule: `nobody is overtaken who was everywhere ${SAFE_MS} ms earlier, at n = ${seats}`,
      measured: `${overtaken} of ${safe.length}`,
      holds: safe.length > 0 && overtaken === 0,
    });
  }
  return {
    conditions: [
      `Virtual time; links of 5 to 40 ms one way, no faults; an honest vertex every ${LOAD_MS} ms for 60 s a seed;`,
      `f self-serving seats (sim/byzantine/self-serving.ts), which act in concert and answer a rival about ${LEADS_MS.join(', ')} ms after they hear it;`,
      'default pace. Lead Δ: from the rival’s arrival at the last honest seat to the own vertex’s at the first;',
      `in a row for Δ ms stand the races whose lead was Δ and less than ${WITHIN_MS} ms more.`,
      'Leader-chosen: computed from the same races, as what a leader could do that chose the order of what it confirms.',
      'Intervals are Wilson’s, 95 %.',
    ],
    tables: [
      {
        title: 'How often the later vertex is ordered first',
        columns: ['n', 'Δ ms', 'races', 'here', '95 %', 'leader-chosen', '95 %'],
        rows,
      },
    ],
    rules,
  };
}

export const fairness: Experiment = {
  name: 'fairness',
  summary: 'how well a self-serving leader does against this order, and against one that it chose',
  run: findFairness,
};
