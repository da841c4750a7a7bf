/** Every kind of dishonest stakeholder: it acts, and up to f of them change nothing for the honest. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { actorKinds } from '../byzantine/index.ts';
import { ByzantineTrial } from './byzantine-trial.ts';

const test = suite('Byzantine kinds');

for (const { name, needs } of actorKinds) {
  test(`${name}: it acts, the honest agree and go on`, async () => {
    const totals: Record<string, number> = {};
    for (let seed = 1; seed <= Number(process.env['SEEDS'] ?? 2); seed++) {
      const seats = 4 + (seed % 4);
      const node = needs === 'seat' || seed % 2 === 0 ? seed % seats : seats;
      const trial = await ByzantineTrial.open({ seed: 1_000 + seed, seats, followers: 1 }, [
        { node, kind: name },
      ]);
      const t0 = Date.now();
      await trial.speak(30, 150);
      await trial.settle();
      for (const [act, count] of Object.entries(trial.actors[0]!.acts))
        totals[act] = (totals[act] ?? 0) + count;
      if (process.env['LOUD'])
        console.log(
          name,
          seed,
          'height',
          trial.height,
          JSON.stringify(trial.greatest),
          Date.now() - t0,
          'ms',
          trial.world.nowMs % 1e7,
        );
    }
    if (process.env['LOUD']) console.log(name, JSON.stringify(totals));
    for (const [act, count] of Object.entries(totals)) assert.ok(count > 0, `${name} never did: ${act}`);
  });
}

test.run();
