/** Scales, ticks and figures for people: pure, and the same on every machine and in every language. */

export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
  /** The greatest value that the scale reaches. */
  readonly most: number;
}

/** From 0 to at least `most`, over a length in pixels from `from` to `to`; ends on a tick where `rounded`. */
export function makeScale(most: number, from: number, to: number, ticksAbout: number, rounded = true): Scale {
  const step = tickStep(most, ticksAbout);
  const end = rounded ? Math.max(step, Math.ceil(most / step - 1e-9) * step) : most;
  const ticks = Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => i * step);
  const place = (value: number) => round(from + (value / end) * (to - from));
  return Object.assign(place, { ticks, most: end });
}

/** 1, 2 or 5 times a power of ten. */
export function tickStep(most: number, ticksAbout: number): number {
  if (!(most > 0)) return 1;
  const rough = most / ticksAbout;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** To a tenth of a pixel: what SVG needs, and no more. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** `1,234,567`, with so many decimals where the number is small. */
export function tellNumber(value: number, decimals = 0): string {
  const [whole = '', fraction] = Math.abs(value).toFixed(decimals).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${value < 0 ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** Three digits that say something: `0.42`, `7.1`, `38`, `12,400`. */
export function tellRough(value: number): string {
  if (Number.isInteger(value)) return tellNumber(value);
  return tellNumber(value, Math.abs(value) < 1 ? 2 : Math.abs(value) < 10 ? 1 : 0);
}

/** A tick of an axis that ends at `most`: `0.25`, `2`, `12k`, `3.5M`. */
export function tellTick(value: number, most: number): string {
  const [unit, letter] = most >= 2_000_000 ? [1_000_000, 'M'] : most >= 10_000 ? [1_000, 'k'] : [1, ''];
  const text = tellNumber(value / unit, 2).replace(/\.?0+$/, '');
  return value === 0 ? '0' : `${text}${letter}`;
}

export function tellBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  for (; value >= 1_000 && unit < units.length - 1; unit++) value /= 1_000;
  return `${unit === 0 ? tellNumber(value, value % 1 === 0 || value >= 10 ? 0 : 1) : tellNumber(value, value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** Of milliseconds: `740 ms`, `12.3 s`, `4 min 5 s`. */
export function tellSpan(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${tellNumber(ms / 1_000, ms % 1_000 === 0 ? 0 : 1)} s`;
  const seconds = Math.round(ms / 1_000);
  const [minutes, hours] = [Math.floor(seconds / 60) % 60, Math.floor(seconds / 3_600)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** The one in the middle; of an even number the lower one, so that it is a value that was. */
export function median(values: readonly number[]): number {
  const sorted = values.slice().sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}
