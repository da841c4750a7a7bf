/**
 * More than f seats lie (R050): never a silent fork. Either nothing contradicts what honest nodes hold, or the nodes that
 * meet the contradiction stop, and evidence that convicts by its bytes alone names those who lied, and nobody else.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { drawSigner } from '../cast.ts';
import { castActors, run } from '../run.ts';
import { defaultSettings, type Settings } from '../settings.ts';

const test = suite('accountability');

const attacks: readonly (readonly [kind: string, seats: number, liars: number])[] = [
  ['equivocate', 4, 2],
  ['hide-prepared', 4, 2],
  ['equivocate', 7, 3],
];

for (const [kind, validators, count] of attacks) {
  test(`${count} of ${validators}, ${kind}: whoever forks the network is named`, async () => {
    let forks = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const settings: Settings = {
        ...{ ...defaultSettings, nodes: validators, validators, byzantine: [{ kind, count }] },
        ...{ durationMs: 5_000, load: { verticesPerS: 10, pledgeRacesPerMin: 0 } },
      };
      const { verdict, failure, guilty } = await run(settings, seed);
      const liars = [...castActors(settings, seed).keys()].map((number) =>
        toHex(drawSigner(seed, number).publicKey),
      );
      assert.ok(
        guilty.every((key) => liars.includes(key)),
        `seed ${seed}: an honest seat is convicted`,
      );
      if (verdict === 'diverged') {
        forks += 1;
        assert.equal([...guilty], liars.sort(), `seed ${seed}: ${failure!.what}`);
      } else assert.ok(['passed', 'no progress'].includes(verdict), `seed ${seed}: ${failure?.what}`);
    }
    assert.ok(forks >= 2, `${forks} forks: the attack attacks nothing`);
  });
}

test.run();
