/** Faults over time, a lane for each kind: of one run each fault as a bar, of many runs how many of them one is in. */

import { type FaultKind, faultKinds } from '../faults/kinds.ts';
import type { RunResult } from '../run-result.ts';
import { type Content, html, type Markup } from './html.ts';
import { CHART_WIDTH, calmLine, timeAxis } from './line-chart.ts';
import { makeScale, round, type Scale, tellNumber, tellSpan } from './scale.ts';
import { greatest } from './series.ts';

export interface FaultLanes {
  readonly id: string;
  readonly results: readonly RunResult[];
  readonly endMs: number;
  readonly calmFromMs?: number | undefined;
}

const [LEFT, RIGHT] = [126, CHART_WIDTH - 10];
const LANE = 22;
const BAR = 12;
const CELLS = 60;

/** Nothing where no fault befell anybody. */
export function faultLanes({ id, results, endMs, calmFromMs }: FaultLanes): Content {
  const counts = new Map<FaultKind, number>();
  for (const { faultSpans } of results)
    for (const { kind } of faultSpans) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = faultKinds.filter((kind) => counts.has(kind));
  const [only] = results;
  if (kinds.length === 0 || only === undefined) return undefined;
  const bottom = 6 + kinds.length * LANE;
  const x = makeScale(endMs / 1_000, LEFT, RIGHT, 5, false);
  const single = results.length === 1;
  const words = kinds.map((kind) => `${kind} ${tellNumber(counts.get(kind)!)}`).join(', ');
  const unit = single ? 'each as long as it lasts' : 'darker where more seeds are in one';
  return html`<figure>
<figcaption><b>Faults</b> <span class="unit">${unit}</span></figcaption>
<svg viewBox="0 0 ${CHART_WIDTH} ${bottom + 24}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">Faults over time</title><desc id="${id}-d">How many befell somebody: ${words}.</desc>
${kinds.map((kind, lane) => {
  const y = 6 + lane * LANE;
  const marks = single ? bars(only, kind, y, x, endMs) : cells(results, kind, y, x, endMs);
  return html`<text class="lane" x="${LEFT - 8}" y="${y + 12}" text-anchor="end">${kind} ${tellNumber(counts.get(kind)!)}</text><line class="rail" x1="${LEFT}" x2="${RIGHT}" y1="${y + 8}" y2="${y + 8}"/>${marks}`;
})}
${timeAxis(x, bottom)}${calmLine(calmFromMs, x, 0, bottom)}
</svg></figure>
`;
}

function bars({ faultSpans }: RunResult, kind: FaultKind, y: number, x: Scale, endMs: number): Markup[] {
  return faultSpans
    .filter((span) => span.kind === kind && span.atMs < endMs)
    .map(({ atMs, untilMs, what }) => {
      const [from, to] = [x(atMs / 1_000), x(Math.min(untilMs, endMs) / 1_000)];
      return html`<rect class="fault" x="${from}" y="${y + 2}" width="${Math.max(2, round(to - from))}" height="${BAR}" rx="2"><title>${what}, from ${tellSpan(atMs)} to ${tellSpan(untilMs)}</title></rect>`;
    });
}

/** How many runs are amid such a fault in each of 60 cells, against the most of any. */
function cells(results: readonly RunResult[], kind: FaultKind, y: number, x: Scale, endMs: number): Markup[] {
  const width = endMs / CELLS;
  const within: number[] = Array.from({ length: CELLS }, () => 0);
  for (const { faultSpans } of results) {
    const amid = new Set<number>();
    for (const span of faultSpans) {
      if (span.kind !== kind) continue;
      const last = Math.min(CELLS - 1, Math.ceil(span.untilMs / width) - 1);
      for (let cell = Math.floor(span.atMs / width); cell <= last; cell++) amid.add(cell);
    }
    for (const cell of amid) within[cell]! += 1;
  }
  const most = greatest(within);
  return within.flatMap((count, cell) => {
    if (count === 0) return [];
    const [from, to] = [x((cell * width) / 1_000), x(((cell + 1) * width) / 1_000)];
    const opacity = round((count / most) * 10) / 10;
    return [
      html`<rect class="fault" x="${from}" y="${y + 2}" width="${round(to - from)}" height="${BAR}" fill-opacity="${Math.max(0.08, opacity)}"/>`,
    ];
  });
}
