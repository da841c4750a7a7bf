/** The page of the report: results and conditions in, HTML out, the same bytes for the same in. docs/spec/simulator.md. */

import type { RunResult } from '../run-result.ts';
import type { ShrunkSummary } from '../shrink-command.ts';
import { failingSeed } from './failing-seed.ts';
import { faultLanes } from './fault-lanes.ts';
import { type Content, html, Markup } from './html.ts';
import { type LineChart, lineChart } from './line-chart.ts';
import { median, tellNumber, tellSpan } from './scale.ts';
import { type Frame, frameOf, greatest, least, peak, rate, seriesOf, told } from './series.ts';
import { storyTable } from './story-table.ts';
import { css } from './style.ts';
import { actsTable, type Conditions, conditionsTable, seedTable, tellSeeds, trafficTable } from './tables.ts';
import { commandMarkup, failureTable, verdictStrip } from './verdicts.ts';

export interface ReportParts extends Conditions {
  /** The command that does a seed again. */
  readonly replay: (seed: number) => string;
  readonly shrunk?: ShrunkSummary | undefined;
}

/** Failing seeds that are told of with their trace, and the lines of trace of all of them. */
const SEEDS_TOLD_MAX = 20;
const TRACE_LINES_MAX = 1_600;
/** Checkpoints come in bursts: over less time the median would mostly be 0. */
const WINDOW_MS = 3_000;
/** The page needs nothing and may ask for nothing. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export function renderReport(results: readonly RunResult[], parts: ReportParts): string {
  const failing = results.filter(({ failure }) => failure !== undefined);
  const shown = failing.slice(0, SEEDS_TOLD_MAX);
  const lines = Math.floor(TRACE_LINES_MAX / Math.max(1, shown.length));
  const [only] = results;
  const title =
    results.length === 1
      ? `Seed ${only!.seed}: ${only!.verdict}`
      : `${tellNumber(results.length - failing.length)} of ${tellNumber(results.length)} seeds passed`;
  const { text } = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><title>${title} – Tallystick simulation</title>
<style>${new Markup(css)}</style></head><body><main>
<header><p class="over">Tallystick simulation</p><h1>${title}</h1><p class="lead">${lead(results, parts)}</p></header>
<section><h2 id="verdicts">Verdicts</h2>
${verdictStrip(results, new Set(shown.map(({ seed }) => seed)))}${failureTable(failing, parts.replay)}</section>
<section><h2>Figures</h2>${figures(results)}</section>
<section><h2>Over time</h2>${charts(results, parts)}</section>
<section><h2>Traffic</h2>${trafficTable(results)}
<p class="note">Counted when sent, over all links, lost ones included; per checkpoint over the checkpoints of all seeds.</p></section>
${section('Story', storyTable(results))}
${section('Byzantine nodes', actsTable(results))}
${parts.shrunk && shrunkSection(parts.shrunk)}
${shown.length > 0 && html`<section><h2>Failures</h2>${shown.map((result) => failingSeed(result, parts.replay(result.seed), lines))}${untold(failing.length - shown.length)}</section>`}
<section><h2>Conditions</h2>${conditionsTable(parts, results)}</section>
<section><h2>Seeds</h2>${seedTable(results)}</section>
</main></body></html>
`;
  return text;
}

function lead(results: readonly RunResult[], { settings, wallMs }: ReportParts): string {
  const { nodes, validators, byzantine, faults, schedule, durationMs, network } = settings;
  const lying = byzantine.map(({ kind, count }) => `${count} × ${kind}`).join(', ');
  const befalls = schedule === undefined ? faults.join(', ') : `a schedule of ${schedule.length} faults`;
  return [
    `Seed${results.length === 1 ? '' : 's'} ${tellSeeds(results)}: ${nodes} nodes, ${validators} of them validators, over links of ${network.latency}, for ${tellSpan(durationMs)} of virtual time each.`,
    lying === '' ? 'Nobody lies.' : `Byzantine: ${lying}.`,
    befalls === '' ? 'No faults.' : `Faults: ${befalls}.`,
    `Done in ${tellSpan(wallMs)}.`,
  ].join(' ');
}

function figures(results: readonly RunResult[]): Markup {
  const of = (read: (result: RunResult) => number | undefined) =>
    results.flatMap((result) => read(result) ?? []);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const spread = (values: readonly number[], tell: (value: number) => string): [string, string] => {
    if (values.length === 0) return ['–', 'none'];
    const [low, high] = [least(values), greatest(values)];
    return [tell(median(values)), low === high ? '' : `${tell(low)} to ${tell(high)}`];
  };
  const races = results.map((result) => result.races);
  const tiles: readonly (readonly [name: string, figure: string, more: string])[] = [
    [
      'finality, p50',
      ...spread(
        of((result) => result.finalityMs?.p50),
        tellSpan,
      ),
    ],
    [
      'finality, p99',
      ...spread(
        of((result) => result.finalityMs?.p99),
        tellSpan,
      ),
    ],
    [
      'final vertices',
      ...spread(
        of(({ vertices }) => vertices.final),
        tellNumber,
      ),
    ],
    [
      'checkpoints',
      ...spread(
        of(({ heights }) => heights),
        tellNumber,
      ),
    ],
    [
      'view changes',
      ...spread(
        of(({ viewChanges }) => viewChanges),
        tellNumber,
      ),
    ],
    [
      'pledge races decided',
      tellNumber(sum(races.map(({ decided }) => decided))),
      `of ${tellNumber(sum(races.map(({ run }) => run)))} run`,
    ],
    ['proofs verified', tellNumber(sum(of(({ proofs }) => proofs))), 'in all'],
    [
      'events',
      tellNumber(sum(of(({ events }) => events))),
      `in ${tellSpan(sum(of(({ virtualMs }) => virtualMs)))} of virtual time`,
    ],
  ];
  const items = tiles.map(
    ([name, figure, more]) => html`<div><dt>${name}</dt><dd>${figure}</dd><dd class="unit">${more}</dd></div>
`,
  );
  return html`<dl class="tiles">${items}</dl>
<p class="note">${results.length > 1 && 'The median over the seeds, below it the least and the greatest. '}Finality is from the author’s signing to the moment the last honest node holds the certificate.</p>`;
}

function charts(results: readonly RunResult[], { settings }: ReportParts): Markup {
  const frame: Frame = frameOf(results);
  const shared = { endMs: frame.endMs, calmFromMs: settings.durationMs };
  const of = (read: Parameters<typeof seriesOf>[2]) => seriesOf(results, frame, read);
  const all: readonly Omit<LineChart, 'endMs'>[] = [
    {
      id: 'throughput',
      title: 'Throughput',
      unit: `final vertices per second, over ${tellSpan(WINDOW_MS)}`,
      lines: [{ name: 'throughput', points: of(rate('final', WINDOW_MS)) }],
    },
    {
      ...{ id: 'finality', title: 'Finality', unit: 'ms from signing to the last honest node' },
      lines: [
        { name: 'p50', points: of(told('finalityP50Ms')) },
        { name: 'p95', points: of(told('finalityP95Ms')) },
      ],
    },
    {
      ...{ id: 'dag', title: 'DAG width', unit: 'open vertices, at the honest node with the most' },
      lines: [{ name: 'open vertices', points: of(peak('open')) }],
    },
    {
      ...{ id: 'tips', title: 'Tip pool', unit: 'tips, at the honest node with the most' },
      lines: [{ name: 'tips', points: of(peak('tips')) }],
    },
    {
      ...{
        id: 'parked',
        title: 'Parked',
        unit: 'waiting for parents, at the node with the most',
      },
      lines: [{ name: 'parked', points: of(peak('parked')) }],
    },
    {
      id: 'messages',
      title: 'Messages',
      unit: 'sent per second, all links',
      lines: [{ name: 'messages', points: of(rate('messages')) }],
    },
    {
      id: 'bytes',
      title: 'Bytes',
      unit: 'sent per second, all links',
      lines: [{ name: 'bytes', points: of(rate('bytes')) }],
    },
    {
      id: 'checkpoints',
      title: 'Checkpoints',
      unit: `certified per second, over ${tellSpan(WINDOW_MS)}`,
      lines: [{ name: 'checkpoints', points: of(rate('height', WINDOW_MS)) }],
    },
  ];
  const many =
    results.length > 1
      ? `The line is the median over the seeds whose run had not ended, the band the least and the greatest. The axis ends where fewer than half of them go on. `
      : '';
  return html`<div class="charts">${all.map((chart) => lineChart({ ...chart, ...shared }))}${faultLanes({ id: 'faults', results, ...shared })}</div>
<p class="note">${many}Virtual time, in steps of ${tellSpan(frame.binMs)}. Where load and faults end stands a dotted line.</p>`;
}

function section(title: string, content: Content): Content {
  return content && html`<section><h2>${title}</h2>${content}</section>`;
}

function shrunkSection({ seed, runs, minimal, failure, settings, replay }: ShrunkSummary): Markup {
  const { nodes, byzantine, schedule = [], durationMs } = settings;
  const lying = byzantine.map(({ kind, count }) => `${kind}:${count}`).join(', ') || 'nobody Byzantine';
  return html`<section><h2>Shrunk</h2><p>Seed ${seed} fails in the same way with ${nodes} nodes, ${lying}, ${schedule.length} faults and ${tellSpan(durationMs)}: ${failure!.check} at ${tellSpan(failure!.atMs)}. Found in ${runs} runs${minimal ? '; nothing more can be left out' : ', which were all there were; there may be less'}.</p>
<pre class="command"><code>${commandMarkup(replay)}</code></pre></section>`;
}

function untold(count: number): Content {
  return (
    count > 0 &&
    html`<p class="note">${tellNumber(count)} more failed; the table above has their commands.</p>`
  );
}
