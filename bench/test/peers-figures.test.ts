/** What the turns of `tally bench peers` come to. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StepFigures } from '../cluster/figures.ts';
import { peersFigures } from '../peers/peers-figures.ts';
import { TALLYSTICK, type Turn } from '../peers/turns.ts';

const test = suite('bench peers: figures');

const ladderStep = (offeredPerS: number, finalPerS: number, p95Ms: number, cpuUs: number): StepFigures => ({
  ...{ kind: 'ladder', name: `${offeredPerS}/s`, readings: 0, offeredPerS, finalPerS },
  ...{ p50Ms: p95Ms / 2, p95Ms, p99Ms: p95Ms, cpuUsPerVertexPerNode: cpuUs, wireBytesPerReading: null },
});

test('ratios compare medians of saturation, and latency where both kept up', () => {
  const turn = (system: string, round: number, steps: readonly StepFigures[]): Turn => ({
    ...{ system, round, steps, heights: 3, refused: {}, faults: [] },
  });
  const turns = [
    turn(TALLYSTICK, 1, [
      ladderStep(500, 500, 300, 40),
      ladderStep(750, 700, 400, 30),
      ladderStep(1_125, 800, 9_000, 20),
    ]),
    turn(TALLYSTICK, 2, [
      ladderStep(500, 510, 500, 60),
      ladderStep(750, 750, 600, 50),
      ladderStep(1_125, 900, 9_000, 40),
    ]),
    turn('tuned', 1, [ladderStep(500, 500, 800, 20), ladderStep(750, 500, 5_000, 10)]),
    turn('no gossip', 1, [
      ladderStep(500, 500, 250, 20),
      ladderStep(750, 740, 1_000, 10),
      ladderStep(1_125, 1_700, 900, 5),
    ]),
  ];
  const setting = { section: 'mempool', key: 'broadcast', value: 'true', default: 'true' };
  const other = { ...setting, section: '', key: 'proxy_app' };
  const applied = new Map([
    ['tuned', [setting, other]],
    ['no gossip', [{ ...setting, value: 'false' }, other]],
  ]);
  const limit = { verticesPerS: 4_000, oneCoreVerticesPerS: 2_500, cpuUsPerVertex: 40 };
  const limits = [limit, { ...limit, verticesPerS: 6_000 }];
  const { ratios, tables } = peersFigures({ turns, applied, limits, validators: 4 });
  assert.equal(ratios, {
    ...{ 'throughput.toTuned': 1.7, 'throughput.toBest': 0.5 },
    ...{ 'p95.toTuned': 2, 'p95.toBest': 2, 'cpu.toTuned': 0.4, 'cpu.toBest': 0.25 },
  });
  const table = (title: RegExp) => tables.find((one) => title.test(one.title))!.rows;
  assert.equal(table(/^Settings of CometBFT, tuned$/), [
    ['mempool.broadcast', 'true', 'true'],
    ['proxy_app', 'true', 'true'],
  ]);
  assert.equal(table(/no gossip, that differ/), [['mempool.broadcast', 'false', 'true']]);
  assert.equal(
    table(/^Saturation/).map((row) => row.slice(0, 3)),
    [
      ['Tallystick', 2, '850 (800–900)'],
      ['CometBFT, tuned', 1, '500'],
      ['CometBFT, no gossip', 1, '1,700'],
      ['limit ÷ validators', 2, '1,250 (1,000–1,500)'],
    ],
  );
  assert.equal(
    table(/^Ratios/).map((row) => row.slice(0, 3)),
    [
      ['tuned', '1.7', '2.5'],
      ['no gossip', '0.5', '0.735'],
    ],
  );
  const checked = turn('signatures checked', 1, [ladderStep(500, 500, 1_000, 100)]);
  const more = peersFigures({ turns: [...turns, checked], applied, limits, validators: 4 });
  assert.equal(more.ratios, {
    ...ratios,
    ...{ 'throughput.toChecked': 1.7, 'p95.toChecked': 2.5, 'cpu.toChecked': 2 },
  });
});

test.run();
