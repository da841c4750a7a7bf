/** A chart of lines over time with their bands, as SVG with a title and a description in words. */

import { type Content, html, type Markup } from './html.ts';
import { makeScale, round, type Scale, tellRough, tellTick } from './scale.ts';
import { greatest, least, type Point } from './series.ts';

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface LineChart {
  /** Names the chart in the page; letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  /** `vertices per second`; said with the title. */
  readonly unit: string;
  /** At most two: the second one is dashed. */
  readonly lines: readonly Line[];
  readonly endMs: number;
  /** When load and faults end, if that is within the axis. */
  readonly calmFromMs?: number | undefined;
  readonly note?: string | undefined;
}

export const CHART_WIDTH = 440;
const HEIGHT = 190;
const [LEFT, RIGHT, TOP, BOTTOM] = [46, CHART_WIDTH - 10, 10, HEIGHT - 24];

export function lineChart(chart: LineChart): Markup {
  const { id, title, unit, lines, note } = chart;
  const highest = greatest([0, ...lines.flatMap(({ points }) => points.map(({ high }) => high))]);
  const x = makeScale(chart.endMs / 1_000, LEFT, RIGHT, 6, false);
  const y = makeScale(highest, BOTTOM, TOP, 4);
  const legend =
    lines.length < 2 ? undefined : lines.map(({ name }, i) => html`<span>${swatch(i)}${name}</span>`);
  return html`<figure>
<figcaption><b>${title}</b> <span class="unit">${unit}</span>${legend && html`<span class="legend">${legend}</span>`}</figcaption>
<svg viewBox="0 0 ${CHART_WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${title}, ${unit}</title><desc id="${id}-d">${describe(lines)}</desc>
${axes(x, y)}${calmMark(chart, x)}
${lines.map(({ points }, i) => [band(points, x, y, i), path(points, x, y, i)])}
</svg>${note && html`<p class="note">${note}</p>`}</figure>
`;
}

/** The time axis, and the mark at which calm begins, for charts that have no other axis. */
export function timeAxis(x: Scale, bottom: number): Markup {
  return html`<g class="axis">${x.ticks.map(
    (tick) =>
      html`<line class="tick" x1="${x(tick)}" x2="${x(tick)}" y1="${bottom}" y2="${bottom + 4}"/><text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${tellTick(tick, x.most)}${tick === 0 ? ' s' : ''}</text>`,
  )}<line x1="${x(0)}" x2="${x(x.most)}" y1="${bottom}" y2="${bottom}"/></g>`;
}

export function calmLine(calmFromMs: number | undefined, x: Scale, top: number, bottom: number): Content {
  if (calmFromMs === undefined || calmFromMs / 1_000 >= x.most) return undefined;
  const at = x(calmFromMs / 1_000);
  return html`<line class="calm" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"><title>load and faults end</title></line>`;
}

function axes(x: Scale, y: Scale): Markup {
  return html`<g class="grid">${y.ticks.map(
    (tick) =>
      html`<line x1="${LEFT}" x2="${RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${tellTick(tick, y.most)}</text>`,
  )}</g>${timeAxis(x, BOTTOM)}`;
}

function calmMark({ calmFromMs }: LineChart, x: Scale): Content {
  return calmLine(calmFromMs, x, TOP, BOTTOM);
}

function band(points: readonly Point[], x: Scale, y: Scale, number: number): Content {
  if (points.every(({ low, high }) => low === high)) return undefined;
  const [only] = points;
  if (points.length === 1 && only !== undefined) {
    const at = x(only.atMs / 1_000);
    return html`<rect class="band s${number}" x="${at - 3}" y="${y(only.high)}" width="6" height="${round(y(only.low) - y(only.high))}"/>`;
  }
  const up = points.map(({ atMs, high }) => `${x(atMs / 1_000)},${y(high)}`);
  const back = points.map(({ atMs, low }) => `${x(atMs / 1_000)},${y(low)}`).reverse();
  return html`<polygon class="band s${number}" points="${[...up, ...back].join(' ')}"/>`;
}

function path(points: readonly Point[], x: Scale, y: Scale, number: number): Content {
  const [only] = points;
  if (only === undefined) return undefined;
  if (points.length === 1)
    return html`<circle class="dot s${number}" cx="${x(only.atMs / 1_000)}" cy="${y(only.mid)}" r="3"/>`;
  const places = points.map(({ atMs, mid }) => `${x(atMs / 1_000)},${y(mid)}`);
  return html`<polyline class="line s${number}" points="${places.join(' ')}"/>`;
}

function swatch(number: number): Markup {
  return html`<svg class="swatch" viewBox="0 0 22 8" aria-hidden="true"><line class="line s${number}" x1="1" x2="21" y1="4" y2="4"/></svg>`;
}

/** The chart in words, for those who do not see it. */
function describe(lines: readonly Line[]): string {
  return lines
    .map(({ name, points }) => {
      const peakAt = points.find(({ mid }) => mid === greatest(points.map((point) => point.mid)));
      if (peakAt === undefined) return `${name}: nothing was measured.`;
      const [low, high] = [
        least(points.map((point) => point.low)),
        greatest(points.map((point) => point.high)),
      ];
      return `${name}: at the end ${tellRough(points.at(-1)!.mid)}, at most ${tellRough(peakAt.mid)} at ${tellRough(peakAt.atMs / 1_000)} s; over all seeds from ${tellRough(low)} to ${tellRough(high)}.`;
    })
    .join(' ');
}
