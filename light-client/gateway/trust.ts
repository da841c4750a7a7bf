/**
 * What the gateway believes, through restarts `[LC-1]` `[LC-2]`: the newest header is written down now and then, two
 * certified ones of one height are kept as evidence and end all belief, and a trust that has grown old is an alarm.
 */

import type { CommitteeChange } from '../../consensus/checkpoint/change.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import type { Clock } from '../../node/ports.ts';
import type { Database } from '../outbox/database.ts';
import {
  keepChange,
  keepEvidence,
  readChanges,
  readEvidence,
  readNewest,
  storeNewest,
} from '../outbox/trust.ts';
import type { Alarms } from './alarms.ts';
import { describeConflict, Follower } from './follower.ts';

/** How often the newest header is written down while nothing is signed. */
const REMEMBER_MS = 30_000;

export class Trust {
  readonly follower: Follower;
  readonly #database: Database;
  readonly #alarms: Alarms;
  readonly #clock: Clock;
  #rememberedMs = 0;

  private constructor(follower: Follower, database: Database, alarms: Alarms, clock: Clock) {
    this.follower = follower;
    this.#database = database;
    this.#alarms = alarms;
    this.#clock = clock;
  }

  /** Begins where the database says that the last life ended. */
  static async open(genesis: Genesis, database: Database, alarms: Alarms, clock: Clock): Promise<Trust> {
    const follower = new Follower({
      root: genesis,
      genesisTimeMs: genesis.record.time,
      trustingPeriodMs: genesis.record.pace.trustingPeriodMs,
      newest: readNewest(database),
      changes: await readChanges(database),
    });
    for (const conflict of await readEvidence(database)) {
      follower.recallConflict(conflict);
      alarms.raise('ledger', 'E_CERTIFICATE', describeConflict(conflict));
    }
    return new Trust(follower, database, alarms, clock);
  }

  /** The follower has seen two certified headers of one height. Rejects when they cannot be written down. */
  async onConflict(): Promise<void> {
    const { conflict } = this.follower;
    if (conflict === undefined) return;
    this.#alarms.raise('ledger', 'E_CERTIFICATE', describeConflict(conflict));
    await keepEvidence(this.#database, conflict);
  }

  /** The follower went on to another committee. Rejects when that cannot be written down. */
  async onChange(change: CommitteeChange): Promise<void> {
    await keepChange(this.#database, change);
  }

  /** Time has passed. Rejects when the newest header cannot be written down. */
  async tick(): Promise<void> {
    const nowMs = this.#clock.now();
    if (this.follower.conflict === undefined) {
      if (this.follower.isUnanchored(nowMs)) {
        this.#alarms.raise(
          'ledger',
          'E_CERTIFICATE',
          'the newest header that is trusted is older than the trusting period: new ones cannot be judged',
        );
      } else this.#alarms.clear('ledger');
    }
    if (nowMs - this.#rememberedMs < REMEMBER_MS || this.follower.head === undefined) return;
    this.#rememberedMs = nowMs;
    await this.remember(false);
  }

  /** Writes down the newest header, if there is one. */
  async remember(durable: boolean): Promise<void> {
    const { head } = this.follower;
    if (head !== undefined) await this.#database.write([storeNewest(head)], durable);
  }
}
