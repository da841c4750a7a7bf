/** When each vertex was final, afterwards: from what lanes noted and what stores hold. Pure. */

import type { LaneRecord } from './load-orders.ts';

export interface FinalVertex {
  readonly dueMs: number;
  readonly finalMs: number;
}

/** A span of the run in which one load was offered. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * `heights`: height at which each vertex was confirmed, by its id. A vertex is final for its lane once that is shown
 * the header of its height, or a later one where that was never shown.
 */
export function finalVertices(
  lanes: readonly LaneRecord[],
  heights: ReadonlyMap<string, number>,
): FinalVertex[] {
  return lanes.flatMap(({ vertices, heads }) => {
    const shownAt = shownBy(heads);
    return vertices.flatMap(([id, dueMs]): FinalVertex[] => {
      const height = heights.get(id);
      const finalMs = height === undefined ? undefined : shownAt(height);
      return finalMs === undefined ? [] : [{ dueMs, finalMs }];
    });
  });
}

function shownBy(heads: LaneRecord['heads']): (height: number) => number | undefined {
  const ascending = heads.slice().sort(([a], [b]) => a - b);
  // What a later head brought along was final no later than that head.
  let earliest = Number.POSITIVE_INFINITY;
  const shown = ascending
    .reverse()
    .map(([height, atMs]) => {
      earliest = Math.min(earliest, atMs);
      return [height, earliest] as const;
    })
    .reverse();
  return (height) => {
    let [low, high] = [0, shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shown[middle]![0] < height) low = middle + 1;
      else high = middle;
    }
    return shown[low]?.[1];
  };
}

/** Finalised within the span, a second. */
export function finalPerS(vertices: readonly FinalVertex[], { fromMs, toMs }: Span): number {
  const count = vertices.filter(({ finalMs }) => finalMs >= fromMs && finalMs < toMs).length;
  return (1_000 * count) / (toMs - fromMs);
}

/** Finality of what was due within the span, ms. */
export function latenciesMs(vertices: readonly FinalVertex[], { fromMs, toMs }: Span): number[] {
  return vertices
    .filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs)
    .map(({ dueMs, finalMs }) => finalMs - dueMs);
}

/** Finalised in each whole second of the span, as the second's end and its count. */
export function finalBySecond(
  vertices: readonly FinalVertex[],
  { fromMs, toMs }: Span,
): { readonly atMs: number; readonly count: number }[] {
  const counts = new Array<number>(Math.max(0, Math.floor((toMs - fromMs) / 1_000))).fill(0);
  for (const { finalMs } of vertices) {
    const second = Math.floor((finalMs - fromMs) / 1_000);
    if (second >= 0 && second < counts.length) counts[second]! += 1;
  }
  return counts.map((count, second) => ({ atMs: fromMs + 1_000 * (second + 1), count }));
}
