/** Every kind of dishonest stakeholder: it acts, and up to f of them change nothing for the honest. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Actor } from '../byzantine/actor.ts';
import { actorKinds } from '../byzantine/index.ts';
import { ByzantineTrial } from './byzantine-trial.ts';

const test = suite('Byzantine kinds');

/** Acts of all runs, by kind. */
const done = new Map<string, Record<string, number>>(actorKinds.map(({ name }) => [name, {}]));

function note(kind: string, { acts }: Actor): void {
  const totals = done.get(kind)!;
  for (const [act, count] of Object.entries(acts)) totals[act] = (totals[act] ?? 0) + count;
}

/** A committee of 4 to 7 and a follower; one actor, on a seat, or on the follower where it needs none. */
for (const [index, { name, needs }] of actorKinds.entries()) {
  test(`${name} alone: it acts, the honest agree and go on`, async () => {
    const seats = 4 + (index % 4);
    const node = needs === 'seat' || index % 2 === 0 ? index % seats : seats;
    const trial = await ByzantineTrial.open({ seed: 1_000 + index, seats, followers: 1 }, [
      { node, kind: name },
    ]);
    await trial.speak(20, 150);
    await trial.settle();
    const [actor] = trial.actors;
    note(name, actor!);
    assert.ok(
      Object.values(actor!.acts).some((count) => count > 0),
      `${name} did nothing`,
    );
  });
}

/** Two of the seven, of different kinds, on links that lose a little; each kind meets two others. */
for (const [index, { name }] of actorKinds.entries()) {
  const other = actorKinds[(index + 4) % actorKinds.length]!.name;
  test(`${name} and ${other} at n = 7: the honest agree and go on`, async () => {
    const casting = [
      { node: index % 7, kind: name },
      { node: (index + 3) % 7, kind: other },
    ];
    const trial = await ByzantineTrial.open(
      { seed: 2_000 + index, seats: 7, link: { loss: index % 2 === 0 ? 0.02 : 0 } },
      casting,
    );
    await trial.speak(15, 200);
    await trial.settle();
    for (const [at, { kind }] of casting.entries()) note(kind, trial.actors[at]!);
  });
}

test('each did all that it is there for', () => {
  for (const [kind, acts] of done)
    for (const [act, count] of Object.entries(acts)) assert.ok(count > 0, `${kind} never did: ${act}`);
});

test.run();
