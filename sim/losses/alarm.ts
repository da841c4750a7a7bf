/** When a series of readings first shows a breach: by the very function that the contracts decide with. */

import { invariant } from '../../consensus/codec/result.ts';
import { evaluateTrigger, type SourceReading } from '../../consensus/contracts/triggers/evaluate.ts';
import { defaultTriggers, ruleOf } from '../../consensus/contracts/triggers/rules.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { parseDecimal } from '../../consensus/vertex/decimal.ts';

export interface Series {
  readonly signal: 'weight' | 'temperature';
  /** Exact decimals: kilograms, or degrees Celsius. */
  readonly values: readonly string[];
  readonly everyMs: number;
}

/** What the goods ought to show: grams, and thousandths of a degree. */
export interface Normal {
  readonly quantity: number;
  readonly temperature: { readonly leastMilliC: number; readonly mostMilliC: number } | undefined;
}

/** Places of the first and the last reading that show it, and from which the monitor warns. */
export interface Alarm {
  readonly from: number;
  readonly to: number;
}

/** The readings that first show a breach of that level; `undefined` when none do. */
export function firstAlarm(series: Series, normal: Normal, level: 'warning' | 'critical'): Alarm | undefined {
  const { signal, values, everyMs } = series;
  const rule = ruleOf(defaultTriggers, signal);
  invariant(rule !== undefined, `the default triggers have one of ${signal}`);
  const readings = values.map((text, i): SourceReading => {
    const value = parseDecimal(text);
    invariant(value !== undefined, `${text} is an exact decimal`);
    return {
      ...{ quantity: signal, value, device: zero32, gateway: zero32, owner: zero32, ownersOwn: false },
      ...{ session: '', counter: i + 1, time: i * everyMs, use: zero32 },
    };
  });
  const expected = { ...normal, fence: undefined, orderOpen: false };
  const shows = (from: number, to: number) => {
    const shown = evaluateTrigger(rule, undefined, readings.slice(from, to + 1), expected);
    return 'level' in shown ? shown.level : undefined;
  };
  let from = 0;
  for (let to = 0; to < readings.length; to++) {
    // One reading alone never shows it for long enough, but it says whether it is itself within bounds.
    const alone = evaluateTrigger(
      { ...rule, warnReadings: 1, warnMs: 0 },
      undefined,
      [readings[to]!],
      expected,
    );
    if (!('level' in alone)) from = to + 1;
    else {
      const found = shows(from, to);
      if (found === 'critical' || found === level) return { from, to };
    }
  }
  return undefined;
}
