/** The few statistics that experiments print: quantiles, an interval for a share, the exponent of a growth. */

export interface Interval {
  readonly least: number;
  readonly most: number;
}

/** The value below which `part` (0 to 1) of all lie, between neighbours in proportion; `undefined` for none. */
export function quantile(values: readonly number[], part: number): number | undefined {
  if (!(part >= 0 && part <= 1)) throw new RangeError(`"part" expected 0 to 1, got ${part}`);
  if (values.length === 0) return undefined;
  const sorted = values.slice().sort((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

const Z_95 = 1.959_963_985;

/** Wilson's 95 % interval for a share of which `hits` of `trials` were seen; honest also at 0 and at all. */
export function wilson(hits: number, trials: number): Interval {
  if (!Number.isInteger(hits) || !Number.isInteger(trials) || hits < 0 || hits > trials)
    throw new RangeError(`"hits" expected 0 to ${trials}, got ${hits}`);
  if (trials === 0) return { least: 0, most: 1 };
  const share = hits / trials;
  const weight = Z_95 ** 2 / trials;
  const centre = (share + weight / 2) / (1 + weight);
  const half = (Z_95 / (1 + weight)) * Math.sqrt((share * (1 - share)) / trials + weight / (4 * trials));
  // Rounding must not leave a sliver outside.
  return { least: hits === 0 ? 0 : centre - half, most: hits === trials ? 1 : centre + half };
}

/** The exponent e of the best y = c · x^e, by least squares over logarithms. All values must be above zero. */
export function growthExponent(points: readonly { readonly x: number; readonly y: number }[]): number {
  if (new Set(points.map(({ x }) => x)).size < 2)
    throw new RangeError(`"points" expected two different x, got ${points.length} points`);
  const logs = points.map(({ x, y }) => {
    if (!(x > 0 && y > 0)) throw new RangeError(`"points" expected values above zero, got (${x}, ${y})`);
    return { x: Math.log(x), y: Math.log(y) };
  });
  const mean = (of: (point: { x: number; y: number }) => number) =>
    logs.reduce((sum, point) => sum + of(point), 0) / logs.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  return mean(({ x, y }) => (x - meanX) * (y - meanY)) / mean(({ x }) => (x - meanX) ** 2);
}
