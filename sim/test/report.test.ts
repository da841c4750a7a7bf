/** The report: nothing of a run becomes markup, all that it must show is there, and it stays one small file. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { escapeHtml, html } from '../report/html.ts';
import { type ReportParts, renderReport } from '../report/page.ts';
import {
  makeScale,
  median,
  tellBytes,
  tellNumber,
  tellRough,
  tellSpan,
  tellTick,
  tickStep,
} from '../report/scale.ts';
import { frameOf, peak, rate, seriesOf } from '../report/series.ts';
import { run } from '../run.ts';
import type { RunResult, Sample } from '../run-result.ts';
import { defaultSettings, type Settings } from '../settings.ts';

const test = suite('report');

const settings: Settings = {
  ...defaultSettings,
  durationMs: 4_000,
  byzantine: [{ kind: 'equivocate', count: 1 }],
  faults: ['crash', 'partition', 'clock-jump'],
  load: { verticesPerS: 10, pledgeRacesPerMin: 0 },
};
const parts: ReportParts = {
  settings,
  wallMs: 61_500,
  build: { version: '0.1.0', commit: 'c0ffee', node: '20.20.2', platform: 'linux x64' },
  writtenAt: '2026-01-05T00:00:00.000Z',
  replay: (seed) => `tally sim --seed ${seed} --byzantine equivocate:1 --trace`,
};
/** What would run if it ever became markup. */
const hostile = `<script>alert("1")</script><img src=x onerror='x'>&amp;`;

let real: RunResult;
test.before(async () => {
  real = await run(settings, 3);
});

/** The same run with another end. */
function failed(
  seed: number,
  verdict: 'no progress' | 'diverged' | 'invariant broken',
  what = 'planted',
): RunResult {
  const failure = { verdict, check: 'agreement', what, atMs: 3_210.5, event: 777 };
  const trace = [
    { event: 775, atMs: 3_200, where: 'seat 0 → seat 1', what: 'prepare height 4 view 0 3f2a' },
    { event: 776, atMs: 3_201, where: 'seat 1 → seat 2', what: `gossip ${what}` },
    { event: 777, atMs: 3_210.5, where: 'checker', what: `${verdict}, agreement: ${what}` },
  ];
  return { ...real, seed, verdict, failure, trace, guilty: [] };
}

test('whatever is put into a template is escaped, but what came out of one', () => {
  assert.is(escapeHtml(`<a href="x">'&</a>`), '&lt;a href=&quot;x&quot;&gt;&#39;&amp;&lt;/a&gt;');
  const inner = html`<b>${hostile}</b>`;
  const { text } = html`<p title="${hostile}">${[inner, false, undefined, 0]}</p>`;
  assert.is(text, `<p title="${escapeHtml(hostile)}"><b>${escapeHtml(hostile)}</b>0</p>`);
});

test('hostile text from a run is text in the page, wherever it stands', () => {
  const result: RunResult = {
    ...failed(1, 'diverged', hostile),
    traffic: { [hostile]: { messages: 1, bytes: 2 } },
    acts: { [`seat 1, ${hostile}`]: { [hostile]: 3 } },
    faultSpans: [{ kind: 'crash', atMs: 0, untilMs: 100, what: hostile }],
    traceHash: hostile,
  };
  const page = renderReport([result], { ...parts, replay: () => hostile, writtenAt: hostile });
  assert.not.match(page, /<(script|img)/);
  assert.not.match(page, /onerror='/);
  const shown = page.split(escapeHtml('<script>alert(')).length - 1;
  assert.ok(shown >= 8, `shown ${shown} times`);
});

test('asks for nothing: no address, no script, and a policy that forbids both', () => {
  const page = renderReport([real, failed(4, 'no progress')], parts);
  assert.not.match(page, /https?:|\/\/[a-z]|<script|@import|url\(/i);
  assert.match(page, "default-src 'none'".replaceAll("'", '&#39;'));
  for (const [, address] of page.matchAll(/(?:href|src)="([^"]*)"/g)) assert.match(address!, /^(#|data:,$)/);
});

test('a small real run: each chart with its words, each figure, the conditions', () => {
  assert.is(real.verdict, 'passed', real.failure?.what);
  const page = renderReport([real], parts);
  assert.match(page, '<h1>Seed 3: passed</h1>');
  const charts = [
    'throughput',
    'finality',
    'dag',
    'tips',
    'parked',
    'messages',
    'bytes',
    'checkpoints',
    'faults',
  ];
  for (const id of charts) {
    assert.match(page, `aria-labelledby="${id}-t ${id}-d"`);
    assert.match(page, new RegExp(`<title id="${id}-t">[^<]+</title><desc id="${id}-d">[^<]+</desc>`));
  }
  assert.is(page.match(/<svg [^>]*role="img"/g)!.length, charts.length);
  assert.is(page.match(/<polyline class="line/g)!.length, 9);
  assert.not.match(page, 'NaN');
  assert.not.match(page, 'undefined');
  for (const [kind, { messages, bytes }] of Object.entries(real.traffic)) {
    const [each, eachBytes] = [tellRough(messages / real.heights), tellBytes(bytes / real.heights)];
    const row = `<tr><th scope="row">${kind}</th><td class="n">${tellNumber(messages)}</td><td class="n">${tellBytes(bytes)}</td><td class="n">${each}</td><td class="n">${eachBytes}</td>`;
    assert.ok(page.includes(row), row);
  }
  assert.ok(real.faultSpans.length > 0);
  assert.is(page.match(/<rect class="fault"/g)!.length, real.faultSpans.length);
  for (const { what } of real.faultSpans) assert.ok(page.includes(`<title>${what}, from `), what);
  const figures = [real.vertices.final, real.heights, real.viewChanges, real.proofs].map((value) =>
    tellNumber(value),
  );
  for (const figure of [...figures, tellSpan(real.finalityMs!.p50), tellSpan(real.finalityMs!.p99)])
    assert.ok(page.includes(`<dd>${figure}</dd>`), figure);
  const [[actor, acts] = ['', {}]] = Object.entries(real.acts);
  assert.match(actor, 'equivocate');
  for (const [act, count] of Object.entries(acts))
    assert.ok(page.includes(`equivocate: ${act}</th><td class="n">${tellNumber(count)}</td>`), act);
  for (const condition of [
    'c0ffee',
    'Node 20.20.2',
    'linux x64',
    '61.5 s',
    '5-40ms',
    '2026-01-05',
    'equivocate:1',
  ])
    assert.ok(page.includes(condition), condition);
  assert.ok(page.includes(real.traceHash.slice(0, 16)));
});

test('a failing seed: its sign, its sentence, its command, its trace up to the failure', () => {
  const page = renderReport(
    [real, failed(4, 'diverged'), failed(5, 'no progress'), failed(6, 'invariant broken')],
    parts,
  );
  assert.match(page, '<h1>1 of 4 seeds passed</h1>');
  for (const [seed, sign, verdict] of [
    [4, '≠', 'diverged'],
    [5, '‖', 'no progress'],
    [6, '✕', 'invariant broken'],
  ] as const) {
    assert.ok(page.includes(`href="#seed-${seed}" title="seed ${seed}: ${verdict}"`));
    assert.ok(page.includes(`aria-label="seed ${seed}: ${verdict}">${sign}</a>`));
    assert.match(page, `id="seed-${seed}"`);
    assert.match(
      page,
      `<span>tally sim</span> <span>--seed ${seed}</span> <span>--byzantine equivocate:1</span>`,
    );
  }
  const guilty = ['ab'.repeat(32), 'cd'.repeat(32)];
  const convicted = renderReport([{ ...failed(4, 'diverged'), guilty }], parts);
  assert.match(
    convicted,
    `evidence convicts <code>${'ab'.repeat(8)}</code>, <code>${'cd'.repeat(8)}</code>.`,
  );
  assert.not.match(page, 'evidence convicts');
  assert.match(page, /<tr class="found"><td class="n">777<\/td><td class="n">3,210.5<\/td>/);
  assert.match(page, /<tr class="quiet"><td class="n">776<\/td>/);
  assert.match(page, /<tr><td class="n">775<\/td>/);
});

test('every table has headers with their scope', () => {
  const page = renderReport([real, failed(4, 'diverged')], parts);
  const tables = page
    .split('<table')
    .slice(1)
    .map((text) => text.split('</table>')[0]!);
  assert.is(tables.length, 6);
  for (const table of tables) assert.match(table, /<th scope="(col|row)"/);
  assert.not.match(page, /<th(?! scope=)[ >]/);
});

test('the same in, the same bytes out; what was given is left as it was', () => {
  const results = [failed(9, 'diverged'), real];
  const before = JSON.stringify(results);
  assert.is(renderReport(results, parts), renderReport(results, parts));
  assert.is(JSON.stringify(results), before);
});

test('200 seeds, 30 of them failing with long traces, in well under 1 MB', () => {
  const long = Array.from({ length: 400 }, (_, i) => ({
    ...{ event: 10_000 + i, atMs: 20_000 + i, where: 'seat 10 → seat 11' },
    what: `vertices ${'readings 3 by a56cc377 (4d172aa6), '.repeat(40)}`,
  }));
  const results = Array.from({ length: 200 }, (_, i) =>
    i % 7 === 3 ? { ...failed(i, 'no progress', 'long '.repeat(2_000)), trace: long } : { ...real, seed: i },
  );
  const page = renderReport(results, parts);
  const bytes = Buffer.byteLength(page);
  assert.ok(bytes < 950_000, `${bytes} bytes`);
  assert.is(page.match(/<section class="seed"/g)!.length, 20);
  assert.match(page, '9 more failed; the table above has their commands');
  assert.is(page.match(/<i><\/i>/g)!.length, 171);
});

test('series: the median of those that go on, the least and the greatest; nobody’s bin is left out', () => {
  const sample = (atMs: number, final: number, open: number): Sample => ({
    ...{ atMs, final, open, height: 0, tips: 1, parked: 0, messages: 0, bytes: 0 },
  });
  const runs = [
    [sample(500, 5, 1), sample(1_000, 10, 7), sample(3_000, 30, 2)],
    [sample(1_000, 20, 3), sample(3_000, 20, 4)],
    [sample(1_000, 0, 9)],
  ].map((samples): RunResult => ({ ...real, samples, virtualMs: samples.at(-1)!.atMs }));
  const frame = frameOf(runs);
  assert.equal(frame, { endMs: 3_000, binMs: 1_000, bins: 3 });
  assert.equal(seriesOf(runs, frame, peak('open')), [
    { atMs: 1_000, mid: 7, low: 3, high: 9 },
    { atMs: 3_000, mid: 2, low: 2, high: 4 },
  ]);
  assert.equal(seriesOf(runs, frame, rate('final')), [
    { atMs: 1_000, mid: 10, low: 0, high: 20 },
    { atMs: 3_000, mid: 0, low: 0, high: 10 },
  ]);
});

test('a rate over a window looks back over as much of the run as that', () => {
  const samples = Array.from(
    { length: 8 },
    (_, i): Sample => ({
      ...{
        atMs: (i + 1) * 500,
        final: i < 5 ? 0 : 30,
        open: 0,
        height: 0,
        tips: 0,
        parked: 0,
        messages: 0,
        bytes: 0,
      },
    }),
  );
  const runs = [{ ...real, samples, virtualMs: 4_000 }];
  const mids = (windowMs: number) =>
    seriesOf(runs, frameOf(runs), rate('final', windowMs)).map(({ mid }) => mid);
  assert.equal(mids(0), [0, 0, 30, 0]);
  assert.equal(mids(3_000), [0, 0, 10, 10]);
});

test('scales and figures', () => {
  assert.equal(
    [0, 0.3, 7, 130, 24_000].map((most) => tickStep(most, 4)),
    [1, 0.1, 2, 50, 10_000],
  );
  const y = makeScale(130, 166, 10, 4);
  assert.equal([y.most, y(0), y(150), y.ticks.length], [150, 166, 10, 4]);
  assert.equal(makeScale(0, 100, 0, 4)(0), 100);
  assert.is(makeScale(0.3, 0, 90, 4).ticks.length, 4);
  assert.equal(
    [tellNumber(1_234_567), tellNumber(-4.25, 1), tellRough(0.4), tellRough(12)],
    ['1,234,567', '−4.3', '0.40', '12'],
  );
  assert.equal([999, 1_500, 99_600, 2_000_000].map(tellBytes), ['999 B', '1.5 kB', '100 kB', '2.0 MB']);
  assert.equal([740, 12_300, 128_000, 3_700_000].map(tellSpan), [
    '740 ms',
    '12.3 s',
    '2 min 8 s',
    '1 h 1 min',
  ]);
  assert.equal([tellTick(2, 8), tellTick(0.25, 1), tellTick(15_000, 20_000)], ['2', '0.25', '15k']);
  assert.equal([median([3, 1, 2]), median([4, 1, 2, 3])], [2, 2]);
});

test.run();
