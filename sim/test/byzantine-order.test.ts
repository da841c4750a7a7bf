/**
 * How well a self-serving leader does, with f − 1 helpers: how often its vertex is ordered before one that had reached
 * all honest seats Δ ms before it reached the first of them `[ORD-2]`. Beside it what a leader would have reached that
 * chooses the order of what it confirms.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { SelfServing } from '../byzantine/self-serving.ts';
import { ByzantineTrial } from './byzantine-trial.ts';

const test = suite('the order under a self-serving leader');

const LOAD_MS = 60;

interface Measured {
  /** How much earlier the rival was everywhere than the own vertex anywhere, ms. */
  readonly leadMs: number;
  readonly overtaken: boolean;
  readonly leaderChosen: boolean;
}

/** Rivals come one at a time; the actors answer at any moment from at once to `reactMs` later. */
async function measure(seed: number, seats: number, rounds: number, reactMs: number): Promise<Measured[]> {
  const faults = Math.floor((seats - 1) / 3);
  const crooked = new Set(Array.from({ length: faults }, (_, i) => (seed + 2 * i) % seats));
  const trial = await ByzantineTrial.open(
    { seed, seats, followers: 1 },
    [...crooked],
    (stage) => new SelfServing(stage, () => Math.floor(stage.chance() * reactMs)),
  );
  const { world } = trial;
  const honest = trial.honest.filter((node) => world.genesis.committee.seatOf.has(node.key));
  /** When each vertex came to each honest seat. */
  const arrivals = new Map<string, number[]>();
  world.onNotice = (node, notice) => {
    if (notice.type !== 'vertex' || !honest.includes(node)) return;
    arrivals.set(notice.vertex.key, [...(arrivals.get(notice.vertex.key) ?? []), world.nowMs]);
  };
  // Busy enough that every seat witnesses as often as it may: in a quiet network each vertex is witnessed at once.
  await trial.speak(Math.ceil((rounds * 1_200) / LOAD_MS), LOAD_MS);
  await trial.settle();

  for (const { acts } of trial.actors) anchorsChosen += acts['anchors chosen'];
  const order = [...(await trial.outcomes()).keys()];
  const leaders = await leadersByVertex(trial);
  return trial.actors.flatMap(({ races }) =>
    races.flatMap(({ rival, own, writtenMs }) => {
      const [theirs, ours] = [order.indexOf(rival), order.indexOf(own)];
      const everywhere = arrivals.get(rival);
      if (theirs < 0 || everywhere?.length !== honest.length) return [];
      const anywhere = Math.min(...(arrivals.get(own) ?? [Number.POSITIVE_INFINITY]));
      const { turns, time } = leaders.get(rival)!;
      return {
        leadMs: anywhere - Math.max(...everywhere),
        overtaken: ours >= 0 && ours < theirs,
        leaderChosen: turns.some((seat) => crooked.has(seat)) && writtenMs <= time,
      };
    }),
  );
}

/** Of the checkpoint that confirmed each vertex: its time, and the seats whose turn it was to propose it. */
async function leadersByVertex(
  trial: ByzantineTrial<SelfServing>,
): Promise<Map<string, { turns: readonly number[]; time: number }>> {
  const { committee } = trial.world.genesis;
  const found = new Map<string, { turns: readonly number[]; time: number }>();
  for (let height = 1; height <= trial.height; height++) {
    const { header, certificate, outcomes } = (await trial.honest[0]!.store.checkpoint(height))!;
    const turns = Array.from({ length: certificate.view + 1 }, (_, view) => committee.leader(height, view));
    for (const { id } of outcomes) found.set(toHex(id), { turns, time: header.time });
  }
  return found;
}

const BUCKETS = [-1_000, 0, 10, 50, 100, 200, 1_000];
/** More of them for the table of docs/spec/byzantine.md. */
const SEEDS = Number(process.env['ORDER_SEEDS'] ?? 2);
let anchorsChosen = 0;

for (const seats of [4, 7]) {
  test(`n = ${seats}: nobody who was everywhere 200 ms earlier is overtaken`, async () => {
    const measured: Measured[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) measured.push(...(await measure(3_000 + seed, seats, 12, 300)));
    console.log(`n = ${seats}: lead ms, races, overtaken, by a leader that chooses`);
    for (let i = 0; i + 1 < BUCKETS.length; i++) {
      const of = measured.filter(({ leadMs }) => leadMs >= BUCKETS[i]! && leadMs < BUCKETS[i + 1]!);
      const overtaken = of.filter((race) => race.overtaken).length;
      const chosen = of.filter((race) => race.leaderChosen).length;
      console.log(`  ${BUCKETS[i]} to ${BUCKETS[i + 1]}: ${of.length}, ${overtaken}, ${chosen}`);
    }
    const late = measured.filter(({ leadMs }) => leadMs >= 200);
    assert.ok(late.length > 5, `${late.length} races`);
    assert.is(late.filter((race) => race.overtaken).length, 0);
  });
}

test('it did choose anchors', () => {
  assert.ok(anchorsChosen > 0);
});

test.run();
