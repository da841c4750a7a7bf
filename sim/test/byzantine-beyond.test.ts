/**
 * One more than f: no honest node can promise anything, but none is silent. That certified headers then do contradict
 * each other shows that the attacks are real, and that it is the bound that stops them.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Actor } from '../byzantine/actor.ts';
import { actorKind } from '../byzantine/index.ts';
import { ByzantineTrial } from './byzantine-trial.ts';

const test = suite('more than f');

interface Ended {
  /** Honest nodes hold different headers of one height. */
  readonly forked: boolean;
  /** Why honest nodes stopped. */
  readonly halts: readonly string[];
  /** Honest nodes that met one of the headers only: those that had the other were gone before it came. */
  readonly unaware: number;
  readonly trial: ByzantineTrial<Actor>;
}

async function attack(kind: string, seats: number, faulty: number, seed: number): Promise<Ended> {
  const crooked = Array.from({ length: faulty }, (_, i) => (seed + i) % seats);
  const trial = await ByzantineTrial.open({ seed: 7_000 + seed, seats }, crooked, actorKind(kind)!.create);
  await trial.speak(20, 200);
  await trial.world.run(8_000);
  const ids = new Map<number, Set<string>>();
  for (const { store } of trial.honest) {
    for (let at = 1; ; at++) {
      const checkpoint = await store.checkpoint(at);
      if (checkpoint === undefined) break;
      ids.set(at, (ids.get(at) ?? new Set()).add(toHex(headerId(checkpoint.header))));
    }
  }
  const [forkedAt] = [...ids].find(([, ofHeight]) => ofHeight.size > 1) ?? [];
  const halts = trial.honest.flatMap(({ halted }) => halted?.message ?? []);
  const alive = trial.honest.filter(({ halted }) => halted === undefined);
  const unaware = alive.filter(({ runner }) => runner!.replica.ledger.height === forkedAt).length;
  return { forked: forkedAt !== undefined, halts, unaware, trial };
}

for (const seats of [4, 7]) {
  const faults = Math.floor((seats - 1) / 3);
  test(`${faults + 1} equivocators of ${seats} fork the network, and every honest node that meets both headers stops and says why; none goes on`, async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const { forked, halts, unaware, trial } = await attack('equivocate', seats, faults + 1, seed);
      assert.ok(forked);
      assert.is(halts.length + unaware, trial.honest.length);
      assert.ok(halts.length > unaware, `${halts.length} stopped`);
      for (const message of halts) assert.match(message, /^two certified headers at one height: .*"height":/);
    }
  });

  test(`${faults} of them do not`, async () => {
    const { forked, halts } = await attack('equivocate', seats, faults, 1);
    assert.equal({ forked, halts }, { forked: false, halts: [] });
  });
}

test('with n = 5 the quorum is larger than 2f + 1: two equivocators are still too few', async () => {
  const { forked, halts } = await attack('equivocate', 5, 2, 1);
  assert.equal({ forked, halts }, { forked: false, halts: [] });
});

test('amnesia of f + 1 gets another value certified, and the hidden certificate tells everybody', async () => {
  let contradicted = 0;
  let forgetful = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const { forked, halts, trial } = await attack('hide-prepared', 4, 2, seed);
    if (halts.length > 0) contradicted += 1;
    if (forked) assert.ok(halts.length > 0, `seed ${seed}: a silent fork`);
    for (const { acts } of trial.actors) forgetful += acts['forgetful new views']!;
  }
  assert.ok(contradicted > 0 && forgetful > 0, `${contradicted} of 6, ${forgetful} forgetful new views`);
});

test.run();
