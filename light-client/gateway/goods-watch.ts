/**
 * Early warning: do the readings that pass through this gateway show a breach of a pledge's trigger rules? The same
 * `evaluateTrigger` decides as in the contract, over the same rules and inputs, before anything is final. Pure: no I/O, no
 * clock. docs/guides/gateway.md, R012.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import {
  type Expected,
  evaluateTrigger,
  isBreach,
  readFrom,
  type Shown,
  type SourceReading,
} from '../../consensus/contracts/triggers/evaluate.ts';
import { type Source, sourceReadings } from '../../consensus/contracts/triggers/readings.ts';
import { ruleOf, type Signal, type TriggerRule } from '../../consensus/contracts/triggers/rules.ts';
import { formatDecimal } from '../../consensus/vertex/decimal.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';

/** What the ledger says of goods that are watched. */
export interface GoodsFacts {
  /** By name of the device. */
  readonly sources: ReadonlyMap<string, Source>;
  /** The pledges that can be warned about, each with its rules and what its goods ought to show. */
  readonly pledges: readonly {
    /** Id, hex. */
    readonly id: string;
    readonly rules: readonly TriggerRule[];
    readonly expected: Expected;
  }[];
}

export interface EarlyWarning {
  /** Id of the pledge, hex. */
  readonly pledge: string;
  readonly signal: Signal;
  readonly level: 'warning' | 'critical';
  /** In the unit of the signal's quantity. */
  readonly measured: string;
  /** Time of the first reading that shows it, by the sensor's clock, ms. */
  readonly since: number;
  /** The rule asks for more independent sources than one gateway can be: others must show it as well. */
  readonly needsOthers: boolean;
  /** The frames that show it, oldest first: what the monitor would show as evidence. */
  readonly frames: readonly { readonly device: string; readonly session: string; readonly counter: number }[];
}

/** Readings kept of one device for one rule: an hour at two a second. */
const RUN_MAX = 8_192;
/** Beyond so many readings a rule is asked again only once as many more came as make that cheap. */
const ASKED_ALWAYS_MAX = 64;
const GRAVER_BY_WEIGHT: readonly Signal[] = ['door', 'shock', 'tilt'];
const SIGNALS: readonly Signal[] = ['weight', 'temperature', 'tilt', 'shock', 'geofence', 'door'];

/** Readings of one device in one session that all show a breach, none between left out. */
interface Run {
  readonly device: string;
  readings: { readonly own: SourceReading; readonly beside: readonly SourceReading[] }[];
}

interface Case {
  readonly pledge: string;
  readonly signal: Signal;
  /** By device and session. */
  readonly runs: Map<string, Run>;
  warning: EarlyWarning | undefined;
  /** Frames since the rule was last asked. */
  unasked: number;
}

export class GoodsWatch {
  #facts: GoodsFacts = { sources: new Map(), pledges: [] };
  #cases = new Map<string, Case>();

  /** Warnings that stand now. */
  get warnings(): readonly EarlyWarning[] {
    return [...this.#cases.values()].flatMap(({ warning }) => (warning === undefined ? [] : [warning]));
  }

  /** Takes over what the ledger says now; what was seen is judged anew. */
  learn(facts: GoodsFacts): void {
    const known = this.#facts.sources;
    // A device that has another owner, or another task, begins anew.
    const changed = (device: string): boolean =>
      sourceKey(facts.sources.get(device)) !== sourceKey(known.get(device));
    this.#facts = facts;
    const before = this.#cases;
    this.#cases = new Map();
    for (const { id, rules } of facts.pledges) {
      for (const { signal } of rules) {
        if (!SIGNALS.includes(signal)) continue;
        const name = `${id}/${signal}`;
        const runs = before.get(name)?.runs ?? new Map<string, Run>();
        const entry: Case = { pledge: id, signal, runs, warning: undefined, unasked: 0 };
        this.#cases.set(name, entry);
        for (const [series, run] of runs) {
          run.readings = changed(run.device) ? [] : this.#stillShown(entry, run.readings);
          if (run.readings.length === 0) runs.delete(series);
        }
        this.#ask(entry);
      }
    }
  }

  /** Takes a frame that this gateway accepted. */
  note(frame: Frame): void {
    const source = this.#facts.sources.get(frame.device);
    if (source === undefined) return;
    const readings = sourceReadings(frame, source);
    for (const entry of this.#cases.values()) {
      const own = readings.find(({ quantity }) => quantity === readFrom[entry.signal]);
      if (own !== undefined) this.#noteReading(entry, frame.device, own, readings);
      // A change of weight makes some signals graver.
      else if (entry.warning !== undefined && readings.some(({ quantity }) => quantity === 'weight'))
        this.#ask(entry);
    }
  }

  #noteReading(entry: Case, device: string, own: SourceReading, beside: readonly SourceReading[]): void {
    const series = `${device} ${own.session}`;
    const run = entry.runs.get(series);
    const last = run?.readings.at(-1)?.own;
    // Late, or again: what came after it is judged already.
    if (last !== undefined && own.counter <= last.counter) return;
    if (!this.#shows(entry, own, beside)) {
      if (entry.runs.delete(series)) this.#ask(entry);
      return;
    }
    const reading = { own, beside };
    const goesOn = run !== undefined && own.counter === last!.counter + 1;
    // With a gap it begins anew: what the sensor said between may have shown no breach.
    if (goesOn) run.readings.push(reading);
    else entry.runs.set(series, { device, readings: [reading] });
    if (goesOn && run.readings.length > RUN_MAX) run.readings.shift();
    entry.unasked += 1;
    let size = 0;
    for (const { readings } of entry.runs.values()) size += readings.length;
    if (size <= ASKED_ALWAYS_MAX || entry.unasked * ASKED_ALWAYS_MAX >= size) this.#ask(entry);
  }

  /** The end of a run that shows the breach by what is known now. */
  #stillShown(entry: Case, readings: Run['readings']): Run['readings'] {
    let from = readings.length;
    while (from > 0 && this.#shows(entry, readings[from - 1]!.own, readings[from - 1]!.beside)) from -= 1;
    return readings.slice(from);
  }

  #shows({ pledge, signal }: Case, own: SourceReading, beside: readonly SourceReading[]): boolean {
    const terms = this.#termsOf(pledge);
    const rule = terms && ruleOf(terms.rules, signal);
    return rule !== undefined && isBreach(rule, rule.warnOver, own, beside, terms!.expected);
  }

  #ask(entry: Case): void {
    const { pledge, signal } = entry;
    const { rules, expected } = this.#termsOf(pledge)!;
    const rule = ruleOf(rules, signal)!;
    const weightRule = ruleOf(rules, 'weight');
    entry.unasked = 0;
    const ask = (runs: readonly Run[], sources: number) => {
      const shown = evaluateTrigger({ ...rule, sources }, weightRule, readingsOf(runs), expected);
      return 'level' in shown ? { ...shown, runs, needsOthers: sources < rule.sources } : undefined;
    };
    const runs = this.#runsOf(entry);
    // The end of each run may show the graver case where the whole of it does not.
    const grave = rule.criticalOver > 0 ? this.#graveRunsOf(entry, rule) : [];
    const answers = [ask(runs, rule.sources), ask(grave, rule.sources), ask(runs, 1), ask(grave, 1)];
    const known = answers.filter((answer) => answer !== undefined);
    const shown = known.find(({ level, needsOthers }) => level === 'critical' && !needsOthers) ?? known[0];
    entry.warning = shown && { pledge, signal, ...describe(shown) };
  }

  #graveRunsOf(entry: Case, rule: TriggerRule): readonly Run[] {
    const { expected } = this.#termsOf(entry.pledge)!;
    return this.#runsOf(entry).map((run) => {
      let from = run.readings.length;
      while (from > 0) {
        const { own, beside } = run.readings[from - 1]!;
        if (
          own.quantity !== readFrom[entry.signal] ||
          !isBreach(rule, rule.criticalOver, own, beside, expected)
        )
          break;
        from -= 1;
      }
      return { ...run, readings: run.readings.slice(from) };
    });
  }

  /** Its own runs; and of each run of weighings the last, since a change of weight makes some signals graver. */
  #runsOf({ pledge, signal, runs }: Case): readonly Run[] {
    const weights = GRAVER_BY_WEIGHT.includes(signal) ? this.#cases.get(`${pledge}/weight`)?.runs : undefined;
    const last = [...(weights?.values() ?? [])].map((run) => ({ ...run, readings: run.readings.slice(-1) }));
    return [...runs.values(), ...last];
  }

  #termsOf(pledge: string): GoodsFacts['pledges'][number] | undefined {
    return this.#facts.pledges.find(({ id }) => id === pledge);
  }
}

/** Everything that speaks for a case, and what stands beside a place. */
function readingsOf(runs: readonly Run[]): SourceReading[] {
  return runs.flatMap(({ readings }) =>
    readings.flatMap(({ own, beside }) =>
      own.quantity === 'latitude'
        ? [own, ...beside.filter(({ quantity }) => quantity === 'longitude')]
        : [own],
    ),
  );
}

function describe(shown: Shown & { readonly runs: readonly Run[]; readonly needsOthers: boolean }) {
  const { level, runs, needsOthers } = shown;
  const told = runs.filter(({ readings }) => readings.length > 0);
  return {
    ...{ level, needsOthers, measured: formatDecimal(shown.measured) },
    since: Math.min(...told.map(({ readings }) => readings[0]!.own.time)),
    frames: told.flatMap(({ device, readings }) =>
      readings.map(({ own: { session, counter } }) => ({ device, session, counter })),
    ),
  };
}

/** A warning in one line, the same as long as nothing about it changes that people act on. */
export function warningKey({ pledge, signal, level, needsOthers }: EarlyWarning): string {
  return `${pledge} ${signal} ${level} ${needsOthers}`;
}

function sourceKey(source: Source | undefined): string {
  if (source === undefined) return '';
  return `${toHex(source.device)} ${toHex(source.owner)} ${source.ownersOwn} ${source.functions.join()}`;
}
