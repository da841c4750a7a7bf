/**
 * What the database takes on disk, at rest `[STO-3]`: LevelDB's own sum over the tables that hold its data, plus its log and
 * notes. Tables that a compaction is writing, or has done with, do not count: those have room set aside (disk-plan.ts).
 */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from './database.ts';
import { DiskBudgetSpent, type DiskPlan, mebibytes } from './disk-plan.ts';
import { type Kind, kindNames, rangeOf } from './keys.ts';

/** No kind has a letter beyond these. */
const ALL = { gte: new Uint8Array(0), lt: Uint8Array.of(0xff) };
/** Kinds named in a message. */
const KINDS_SHOWN = 4;

export type BytesByKind = { readonly [kind in Kind]: number };

export class DiskMeter {
  readonly #db: Database;
  readonly #directory: string;
  readonly #plan: DiskPlan;
  #measured = 0;
  #written = 0;

  constructor(db: Database, directory: string, plan: DiskPlan) {
    this.#db = db;
    this.#directory = directory;
    this.#plan = plan;
  }

  /** As last measured, and what was written since: never less than it is, as far as a file is not yet compacted. */
  get bytes(): number {
    return this.#measured + this.#written;
  }

  /** Written since it was measured. */
  get written(): number {
    return this.#written;
  }

  note(bytes: number): void {
    this.#written += bytes;
  }

  async measure(): Promise<number> {
    const before = this.#written;
    const sizes = (await this.#otherFiles()).map((file) =>
      // The log may be replaced between the listing and the question.
      stat(join(this.#directory, file)).then(
        (found) => found.size,
        () => 0,
      ),
    );
    const tables = await this.#db.approximateSize(ALL.gte, ALL.lt);
    this.#measured = (await Promise.all(sizes)).reduce((sum, size) => sum + size, tables);
    // What was written meanwhile may be in it or not.
    this.#written -= before;
    return this.bytes;
  }

  /** Of the tables: what is in the log alone is not told apart. */
  async byKind(): Promise<BytesByKind> {
    const sizes = kindNames.map(async (kind) => {
      const { gte, lt } = rangeOf(kind);
      return [kind, await this.#db.approximateSize(gte, lt)] as const;
    });
    return Object.fromEntries(await Promise.all(sizes)) as BytesByKind;
  }

  /** Before `bytes` more are written: throws where the budget does not bear them. */
  async demandRoom(bytes: number): Promise<void> {
    const { roomBytes } = this.#plan;
    if (this.bytes + bytes <= roomBytes || (await this.measure()) + bytes <= roomBytes) return;
    throw await this.spent();
  }

  /** What to tell the operator. */
  async spent(): Promise<DiskBudgetSpent> {
    const { capBytes, roomBytes } = this.#plan;
    const held = Object.entries(await this.byKind()).sort(([, one], [, other]) => other - one);
    const shown = held
      .slice(0, KINDS_SHOWN)
      .map(([kind, bytes]) => `${kindMeaning[kind as Kind]} ${mebibytes(bytes)}`);
    return new DiskBudgetSpent(
      `${this.#directory}: the disk budget is used up: the data take ${mebibytes(this.bytes)}, and [store] disk_mb = ${Math.floor(capBytes / 2 ** 20)} leaves them ${mebibytes(roomBytes)} beside what the database needs to compact. Raise disk_mb; nothing that was acknowledged is lost. It holds: ${shown.join(', ')}`,
    );
  }

  async #otherFiles(): Promise<string[]> {
    return (await readdir(this.#directory)).filter((file) => !file.endsWith('.ldb'));
  }
}

const kindMeaning: { readonly [kind in Kind]: string } = {
  meta: 'counters',
  index: 'places of vertices',
  body: 'vertices with their batches and calls',
  open: 'ids of open vertices',
  checkpoint: 'checkpoints with their outcomes',
  header: 'ids of headers',
  object: 'the state',
  history: 'the history of headers',
  vote: 'votes',
  decision: 'why heights were decided',
  change: 'changes of committee',
  message: 'what is known of messages',
  sealed: 'messages',
  pending: 'pending calls',
};
