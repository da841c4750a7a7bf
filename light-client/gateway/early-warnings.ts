/**
 * The goods that this gateway watches: keeps what the ledger says of them fresh, asks the rules of every frame that is
 * accepted, and is loud when a warning begins or ends. Nothing here is on the ledger: a monitor's call is.
 */

import { describeRefusal } from '../../consensus/codec/result.ts';
import type { TriggerRule } from '../../consensus/contracts/triggers/rules.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { WatchEntry } from '../../node/config/gateway-config.ts';
import type { Clock } from '../../node/ports.ts';
import { readGoodsFacts } from './goods-facts.ts';
import { type EarlyWarning, GoodsWatch, warningKey } from './goods-watch.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';

const REFRESH_MS = 10_000;
/** Frames named in the status, the newest of them. */
const SHOWN_FRAMES_MAX = 8;

export interface WatchStatus {
  readonly goods: string;
  readonly devices: readonly string[];
  /** Pledges on the goods whose rules are asked; none before the ledger was asked. */
  readonly pledges: readonly string[];
  /** Why they are not, or the rules may be old. */
  readonly problem: string;
  readonly warnings: readonly (Omit<EarlyWarning, 'frames'> & {
    readonly readings: number;
    readonly frames: EarlyWarning['frames'];
  })[];
}

interface Watched {
  readonly entry: WatchEntry;
  readonly watch: GoodsWatch;
  pledges: readonly string[];
  problem: string;
  readMs: number;
  /** Warnings that were told, and not told to be over. */
  readonly told: Map<string, EarlyWarning>;
}

export class EarlyWarnings {
  readonly #watched: readonly Watched[];
  readonly #network: Uint8Array;
  readonly #gateway: Uint8Array;
  readonly #triggers: readonly TriggerRule[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #raised = { warning: 0, critical: 0 };
  #reading: Promise<void> | undefined;

  constructor(parts: {
    readonly entries: readonly WatchEntry[];
    readonly network: Uint8Array;
    /** This gateway's key. */
    readonly gateway: Uint8Array;
    readonly triggers: readonly TriggerRule[];
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#network = parts.network;
    this.#gateway = parts.gateway;
    this.#triggers = parts.triggers;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#watched = parts.entries.map((entry) => ({
      ...{ entry, watch: new GoodsWatch(), pledges: [], problem: 'the ledger was not asked yet' },
      ...{ readMs: Number.NEGATIVE_INFINITY, told: new Map() },
    }));
  }

  /** Warnings raised since the start of this process, by level. */
  get raised(): { readonly warning: number; readonly critical: number } {
    return this.#raised;
  }

  get status(): readonly WatchStatus[] {
    return this.#watched.map(({ entry, watch, pledges, problem }) => ({
      ...{ goods: entry.goods, devices: entry.devices, pledges, problem },
      warnings: watch.warnings.map(({ frames, ...warning }) => ({
        ...warning,
        readings: frames.length,
        frames: frames.slice(-SHOWN_FRAMES_MAX),
      })),
    }));
  }

  /** Takes frames that were accepted and are durable. */
  note(frames: readonly Frame[]): void {
    for (const watched of this.#watched) {
      for (const frame of frames) if (watched.entry.devices.includes(frame.device)) watched.watch.note(frame);
      this.#tell(watched);
    }
  }

  /** Asks the ledger what is old. Never rejects. */
  refresh(ledger: Ledger, timeMs: number): Promise<void> {
    this.#reading ??= this.#read(ledger, timeMs).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(ledger: Ledger, timeMs: number): Promise<void> {
    for (const watched of this.#watched) {
      const nowMs = this.#clock.now();
      if (ledger.primary === undefined || nowMs < watched.readMs + REFRESH_MS) continue;
      watched.readMs = nowMs;
      const parts = {
        ledger,
        timeMs,
        network: this.#network,
        gateway: this.#gateway,
        triggers: this.#triggers,
      };
      try {
        const facts = await readGoodsFacts(watched.entry, parts);
        if (facts.ok) {
          watched.watch.learn(facts.value);
          watched.pledges = facts.value.pledges.map(({ id }) => id);
        }
        this.#note(watched, facts.ok ? this.#absent(watched, facts.value.sources) : describeRefusal(facts));
      } catch (error) {
        this.#note(watched, (error as Error).message);
      }
      this.#tell(watched);
    }
  }

  #absent({ entry }: Watched, known: ReadonlyMap<string, unknown>): string {
    const missing = entry.devices.filter((name) => !known.has(name));
    return missing.length === 0 ? '' : `not enrolled: ${missing.join(', ')}`;
  }

  #note(watched: Watched, problem: string): void {
    if (watched.problem === problem) return;
    watched.problem = problem;
    if (problem !== '')
      this.#log('warn', 'goods are not watched as they should be', { goods: watched.entry.goods, problem });
  }

  #tell({ entry, watch, told }: Watched): void {
    const standing = new Map(watch.warnings.map((warning) => [warningKey(warning), warning]));
    for (const [name, warning] of standing) {
      if (told.has(name)) continue;
      told.set(name, warning);
      this.#raised[warning.level] += 1;
      const { pledge, signal, level, measured, needsOthers, frames } = warning;
      const facts = {
        goods: entry.goods,
        pledge,
        signal,
        level,
        measured,
        needsOthers,
        readings: frames.length,
      };
      this.#log('warn', 'early warning: readings show a breach', facts);
    }
    for (const [name, { pledge, signal, level }] of told) {
      if (standing.has(name)) continue;
      told.delete(name);
      this.#log('info', 'early warning is over', { goods: entry.goods, pledge, signal, level });
    }
  }
}
