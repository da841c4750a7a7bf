/** From notes to figures: when vertices were final, what profiles say, which ratios became worse. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clusterFigures } from '../cluster/figures.ts';
import {
  type FinalVertex,
  finalBySecond,
  finalPerS,
  finalVertices,
  latenciesMs,
} from '../cluster/finality.ts';
import type { LaneRecord } from '../cluster/load-orders.ts';
import { parseMetrics, sumConnections } from '../cluster/samples.ts';
import type { Step } from '../cluster/steps.ts';
import type { Conditions } from '../output/conditions.ts';
import type { Findings } from '../output/findings.ts';
import { appendHistory, compareHistory, readHistory } from '../output/history.ts';
import { renderPlot } from '../output/plot.ts';
import { formatBenchFindings, renderBenchReport } from '../output/report.ts';
import { percentilesOf, spreadOf } from '../output/statistics.ts';
import { summariseProfile } from '../profile/rooms.ts';
import { roomTable } from '../profile/tables.ts';

const test = suite('bench figures');

const lane = (vertices: LaneRecord['vertices'], heads: LaneRecord['heads']): LaneRecord => ({
  ...{ lane: 0, vertices, heads, refused: {}, processCpuMs: 0 },
});

test('a vertex is final with the first head at its height or above', () => {
  const heights = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 4],
    ['d', 9],
  ]);
  const vertices = ['a', 'b', 'c', 'd', 'never'].map((id, i) => [id, 100 * i, 1] as const);
  // Height 2 was shown late, after 3; height 4 never.
  const heads = [
    [1, 1_000],
    [3, 1_500],
    [2, 1_600],
    [5, 2_000],
  ] as const;
  assert.equal(finalVertices([lane(vertices, heads)], heights), [
    { dueMs: 0, finalMs: 1_000 },
    { dueMs: 100, finalMs: 1_500 },
    { dueMs: 200, finalMs: 2_000 },
  ]);
});

test('rates count what became final within the span, latencies what was due within it', () => {
  const final = [0, 500, 900, 1_500, 2_400].map((dueMs) => ({ dueMs, finalMs: dueMs + 600 }));
  assert.is(finalPerS(final, { fromMs: 1_000, toMs: 3_000 }), 1.5);
  assert.equal(latenciesMs(final, { fromMs: 500, toMs: 1_500 }), [600, 600]);
  assert.equal(
    finalBySecond(final, { fromMs: 0, toMs: 3_000 }).map(({ count }) => count),
    [1, 2, 1],
  );
  assert.equal(percentilesOf([]), undefined);
  assert.equal(percentilesOf([10, 20, 30]), { p50Ms: 20, p95Ms: 29, p99Ms: 30 });
  assert.equal(spreadOf([3, 1, 2]), { median: 2, least: 1, greatest: 3 });
});

test('metrics and connections are read as they are printed', () => {
  const values = parseMetrics('# HELP x y\ntally_height 7\ntally_outcomes_total{code="OK"} 1.5e3\n\n');
  assert.equal(
    [...values],
    [
      ['tally_height', 7],
      ['tally_outcomes_total{code="OK"}', 1_500],
    ],
  );
  const line = (local: number, remote: number, pid: number, sent: number, received: number): string =>
    `0      0      127.0.0.1:${local} 127.0.0.1:${remote} users:(("node",pid=${pid},fd=20)) cubic wscale:10 bytes_sent:${sent} bytes_acked:${sent} bytes_received:${received} segs_out:1`;
  const text = [
    line(4001, 50_000, 11, 100, 30),
    line(50_000, 4001, 12, 30, 100),
    // A lane's connection, and one of somebody else.
    line(4001, 50_001, 11, 7, 7),
    line(50_001, 4001, 99, 7, 7),
    line(9_999, 50_002, 98, 5, 5),
  ].join('\n');
  assert.is(sumConnections(text, new Set([4001]), new Set([11, 12])), 130);
  assert.is(sumConnections(text, new Set([4002]), new Set([11, 12])), undefined, 'none is not zero bytes');
});

const frame = (functionName: string, url: string) => ({
  callFrame: { functionName, url, lineNumber: 4, columnNumber: 0 },
});

test('a profile’s rooms add up, packages and Node count for their callers', () => {
  const root = 'file:///x/dist/';
  const nodes = [
    { id: 1, ...frame('(root)', ''), children: [2, 6, 7, 8] },
    { id: 2, ...frame('step', `${root}node/replica/replica.js`), children: [3, 5] },
    { id: 3, ...frame('hashNative', `${root}node/crypto/native.js`), children: [4] },
    { id: 4, ...frame('hash', 'node:internal/crypto/hash') },
    { id: 5, ...frame('write', 'file:///x/node_modules/classic-level/index.js') },
    { id: 6, ...frame('(idle)', '') },
    { id: 7, ...frame('(garbage collector)', '') },
    { id: 8, ...frame('post', 'node:inspector'), children: [9] },
    { id: 9, ...frame('dispatch', '') },
  ];
  const samples = [2, 3, 4, 4, 5, 6, 7, 9];
  const summary = summariseProfile({ nodes, samples, timeDeltas: [1, 2, 4, 8, 16, 32, 64, 128] }, { root });
  assert.is(summary.totalUs, 127, 'the profiler’s own time is left out');
  assert.equal(Object.fromEntries(summary.rooms.map(({ room, us }) => [room, us])), {
    ...{ replica: 1, crypto: 14, store: 16, idle: 32, gc: 64 },
  });
  const step = summary.functions.find(({ name }) => name === 'step')!;
  assert.equal([step.file, step.selfUs, step.totalUs], ['node/replica/replica.ts:5', 1, 31]);
  const table = roomTable(summary, 1);
  assert.equal(table.rows.at(-1), ['sum', 127, 100]);
  const withCpu = roomTable(summary, 1, 19).rows;
  assert.equal(withCpu.at(-1), ['sum', 127, 100, 19]);
  assert.equal(withCpu.find(([room]) => room === 'store')!.at(-1), 3.2, '16 of 95 that are not idle');
  assert.is(withCpu.find(([room]) => room === 'idle')!.at(-1), 0);
});

const conditions: Conditions = {
  ...{ at: '2026-01-01T00:00:00.000Z', commit: 'abc', node: '20', cpu: 'x', cores: 2, loadAverage: 0 },
  ...{ memoryBytes: 1, directory: '/tmp', fileSystem: 'ext4' },
};
const findings: Findings = {
  ...{ bench: 'node', conditions, settings: { vertices: 10 }, figures: {}, ratios: { ratioToLimit: 0.5 } },
  tables: [{ title: 'T', columns: ['figure <b>', 'value'], rows: [['a & b', 3]] }],
  plots: [
    {
      id: 'p',
      title: 'P',
      xName: 'x',
      yName: 'y',
      series: [
        {
          name: 's',
          points: [
            [0, 1],
            [2, 3],
          ] as const,
        },
      ],
    },
    { id: 'q', title: 'Q', xName: 'x', yName: 'y', series: [{ name: 'none', points: [] }] },
  ],
  ...{ notes: ['a note'], faults: [] },
};

test('the history shows a ratio that lost a tenth, and compares only what is alike', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-history-'));
  const file = join(folder, 'history.ndjson');
  assert.equal(await readHistory(file), []);
  const record = (ratio: number, changes: Partial<Findings> = {}): Promise<void> =>
    appendHistory(file, { ...findings, ratios: { ratioToLimit: ratio }, ...changes });
  const verdicts = async (): Promise<boolean[]> =>
    compareHistory(await readHistory(file)).map(({ isWorse }) => isWorse);
  await record(0.5);
  assert.equal(await verdicts(), [], 'nothing to compare with');
  await record(0.451);
  assert.equal(await verdicts(), [false]);
  await record(0.4);
  assert.equal(await verdicts(), [true]);
  await record(0.1, { settings: { vertices: 11 } });
  assert.equal(await verdicts(), [], 'other sizes');
  await record(0.41);
  const [compared] = compareHistory(await readHistory(file));
  assert.equal([compared!.before, compared!.after], [0.4, 0.41]);
  await writeFile(file, '{"bench":1}\n');
  const message = await readHistory(file).catch((error: Error) => error.message);
  assert.match(String(message), /history\.ndjson:1: not a record/);
  await rm(folder, { recursive: true });
});

test('a cluster run comes to the figures that others read by name', () => {
  const node = { atMs: 0, rssBytes: 1 << 20, open: 0, parked: 0, height: 1, final: 0, dropped: 0 };
  const snapshot = (atMs: number, cpuS: number, wireBytes: number) => ({
    ...{ atMs, wireBytes },
    nodes: Array.from({ length: 4 }, () => ({ ...node, cpuS })),
  });
  /** `perS` offered for ten seconds, each final after so long. */
  const steps: Step[] = [];
  const final: FinalVertex[] = [];
  const add = (kind: Step['kind'], name: string, perS: number, readings: number, latencyMs: number) => {
    const fromMs = 20_000 * steps.length;
    for (let i = 0; i < 10 * perS; i++) {
      const dueMs = fromMs + (1_000 * i) / perS;
      final.push({ dueMs, finalMs: dueMs + latencyMs });
    }
    const span = { fromMs, toMs: fromMs + 10_000 };
    const at = steps.length;
    steps.push({
      ...{ kind, name, offeredPerS: perS, readings, span },
      ...{ before: snapshot(fromMs, at, at * 1e6), after: snapshot(fromMs + 12_000, at + 1, (at + 1) * 1e6) },
      ...(kind === 'killed' ? { killedMs: fromMs + 4_000 } : {}),
    });
  };
  add('warm-up', '1/s', 99, 1, 1);
  add('ladder', '100/s', 100, 1, 100);
  add('ladder', '200/s', 200, 1, 200);
  for (const [name, perS] of [
    ['10 %', 20],
    ['50 %', 100],
    ['90 %', 180],
  ] as const)
    add('latency', name, perS, 1, 3 * perS);
  add('readings', '32 readings', 100, 32, 100);
  add('killed', 'one killed', 180, 1, 100);
  const limits = [
    { verticesPerS: 1_500, oneCoreVerticesPerS: 900, cpuUsPerVertex: 100 },
    { verticesPerS: 1_700, oneCoreVerticesPerS: 900, cpuUsPerVertex: 140 },
  ];
  const lanes = [lane([], [])];
  const { figures, ratios, plots, tables } = clusterFigures({
    ...{ validators: 4, steps, series: [snapshot(0, 0, 0)], lanes, limits, final },
  });
  const of = (path: string): unknown =>
    path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], figures);
  assert.is(of('saturation.verticesPerS'), 200);
  assert.is(of('limit.verticesPerS'), 1_600);
  assert.is(of('ratioToLimit'), 0.5);
  assert.equal(
    ['at10', 'atHalf', 'at90'].map((name) => of(`${name}.p95Ms`)),
    [60, 300, 540],
  );
  assert.is(of('readings32.perS'), 3_200);
  assert.equal([of('oneKilled.ratio'), of('oneKilled.recoveredMs')], [1, 1_000]);
  assert.is(of('atHalf.cpuUsPerVertexPerNode'), 1_000);
  assert.is(of('atHalf.wireBytesPerReading'), 1_000);
  // A second of CPU of each node for 2,000 vertices.
  assert.equal(ratios, { ratioToLimit: 0.5, cpuRatio: 0.24, 'oneKilled.ratio': 1 });
  const silent = clusterFigures({
    ...{ validators: 4, steps, series: [], lanes, limits },
    final: final.filter(({ dueMs }) => dueMs < steps.at(-1)!.span.fromMs),
  });
  assert.is(silent.ratios['oneKilled.ratio'], undefined, 'nothing before the kill to compare with');
  for (const plot of plots) assert.not.match(renderPlot(plot).text, 'NaN');
  assert.is(tables[1]!.rows.length, steps.length);
});

test('the report is one page that asks for nothing, and escapes what it shows', () => {
  const page = renderBenchReport(findings);
  assert.match(page, 'default-src &#39;none&#39;');
  assert.match(page, 'figure &lt;b&gt;');
  assert.not.match(page, /<script|https?:\/\/(?!www\.w3\.org)/);
  assert.match(page, 'counted exactly once');
  const wrong = renderBenchReport({ ...findings, faults: ['a root differs'] });
  assert.match(wrong, 'The result is wrong');
  assert.match(formatBenchFindings({ ...findings, faults: ['a root differs'] }), 'WRONG: a root differs');
  assert.match(renderPlot(findings.plots[0]!).text, 'from 1 at 0 to 3 at 2');
  assert.match(renderPlot(findings.plots[1]!).text, 'nothing was measured');
});

test.run();
