/** A plot of points joined by lines over a linear axis from zero, as SVG with a title and a description in words. */

import { html, type Markup } from '../../sim/report/html.ts';
import { makeScale, type Scale, tellRough, tellTick } from '../../sim/report/scale.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  /** Names the plot in the page; letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly series: readonly Series[];
}

const WIDTH = 440;
const HEIGHT = 230;
const [LEFT, RIGHT, TOP, BOTTOM] = [52, WIDTH - 12, 12, HEIGHT - 42];
/** Hues of the series, in turn; the report's own two first. */
const DASHES = ['', '5 3.5', '2 3', '8 3 2 3', '1 2', '10 3'];

export function renderPlot({ id, title, xName, yName, series }: Plot): Markup {
  const values = series.flatMap(({ points }) => points);
  const x = makeScale(Math.max(0, ...values.map(([at]) => at)), LEFT, RIGHT, 6);
  const y = makeScale(Math.max(0, ...values.map(([, value]) => value)), BOTTOM, TOP, 4);
  return html`<figure>
<figcaption><b>${title}</b> <span class="unit">${yName}</span><span class="legend">${series.map(
    ({ name }, i) =>
      html`<span style="white-space:nowrap"><svg class="swatch" viewBox="0 0 22 8" aria-hidden="true"><line class="line s${i % 2}" stroke-dasharray="${DASHES[i % DASHES.length]!}" x1="1" x2="21" y1="4" y2="4"/></svg>${name}</span> `,
  )}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${title}, ${yName} over ${xName}</title><desc id="${id}-d">${series.map(describe).join(' ')}</desc>
${axes(x, y, xName)}
${series.map(({ points }, i) => lineOf(points, x, y, i))}
</svg></figure>
`;
}

function axes(x: Scale, y: Scale, xName: string): Markup {
  return html`<g class="grid">${y.ticks.map(
    (tick) =>
      html`<line x1="${LEFT}" x2="${RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${tellTick(tick, y.most)}</text>`,
  )}</g><g class="axis">${x.ticks.map(
    (tick) =>
      html`<line class="tick" x1="${x(tick)}" x2="${x(tick)}" y1="${BOTTOM}" y2="${BOTTOM + 4}"/><text x="${x(tick)}" y="${BOTTOM + 17}" text-anchor="middle">${tellTick(tick, x.most)}</text>`,
  )}<line x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/><text x="${(LEFT + RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${xName}</text></g>`;
}

function lineOf(points: Series['points'], x: Scale, y: Scale, number: number): Markup {
  const places = points.map(([at, value]) => `${x(at)},${y(value)}`);
  const dots = points.length > 40 ? [] : points;
  return html`<polyline class="line s${number % 2}" style="stroke-dasharray:${DASHES[number % DASHES.length]!}" points="${places.join(' ')}"/>${dots.map(
    ([at, value]) =>
      html`<circle class="dot s${number % 2}" cx="${x(at)}" cy="${y(value)}" r="2.5"><title>${tellRough(at)}: ${tellRough(value)}</title></circle>`,
  )}`;
}

/** The plot in words, for those who do not see it. */
function describe({ name, points }: Series): string {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return `${name}: nothing was measured.`;
  const peak = points.reduce((best, point) => (point[1] > best[1] ? point : best));
  return `${name}: from ${tellRough(first[1])} at ${tellRough(first[0])} to ${tellRough(last[1])} at ${tellRough(last[0])}, at most ${tellRough(peak[1])}.`;
}
