/**
 * Settings drawn by the seed, for campaigns: `tally sim --vary` gives every seed a network, a committee, faults and
 * dishonest stakeholders of its own, all within what the protocol has to bear. docs/spec/simulator.md.
 */

import { actorKinds } from './byzantine/index.ts';
import { Random } from './random.ts';
import { type ByzantineCount, faultKinds, type Settings } from './settings.ts';

const committees = [4, 4, 4, 5, 6, 7, 7, 10];
const latencies = ['lan', 'metro', '5-40ms', '5-40ms', '100ms', 'lognormal:40ms', 'eu', 'world'];
const FAULT_KINDS_MAX = 4;

/** The same for equal seeds. At most f seats are Byzantine; `restored-backup` keeps within f by itself. */
export function varySettings(seed: number): Settings {
  const random = new Random(seed, 'settings');
  const validators = random.pick(committees);
  const nodes = validators + random.below(3);
  return {
    nodes,
    validators,
    byzantine: drawByzantine(Math.floor((validators - 1) / 3), random),
    network: {
      latency: random.pick(latencies),
      loss: random.pick([0, 0, 0, 0.01, 0.05]),
      duplicate: random.pick([0, 0, 0.05]),
      reorder: random.pick([0, 0, 0.1]),
      bandwidthBytesPerS: random.pick([0, 0, 0, 2_000_000]),
    },
    faults: random.sample(faultKinds, random.below(FAULT_KINDS_MAX + 1)),
    durationMs: 2_000 + 100 * random.below(31),
    load: { verticesPerS: random.pick([2, 5, 10, 20]), pledgeRacesPerMin: random.pick([0, 0, 0, 0, 0, 20]) },
    pace: {},
  };
}

function drawByzantine(most: number, random: Random): ByzantineCount[] {
  const kinds = random.sample(actorKinds, random.below(most + 1));
  return kinds.map(({ name }) => ({ kind: name, count: 1 }));
}
