/**
 * A simulated disk: a `Store` whose synced writes take time, and that loses what a crash loses. It models LevelDB's log:
 * batches in order, each under a checksum. What it does not model stands in docs/spec/simulator.md.
 */

import { memoryStore } from '../node/memory-store.ts';
import type { Store, StoreWrite } from '../node/ports.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface DiskOptions {
  /** How long a synced write takes, ms: uniform between the two. */
  readonly syncMs: readonly [least: number, most: number];
  /** Keeps what it needs to lose writes; without it a crash loses nothing. */
  readonly losesWrites: boolean;
  /** Gives bytes to hold in place of a stored envelope, so that nodes of one process can share them. */
  readonly keep?: (key: string, envelope: Uint8Array) => Uint8Array;
}

/** `kill`: the process ends, the machine goes on. `power`: the machine stops. */
export type CrashKind = 'kill' | 'power';

interface LoggedBatch {
  readonly atMs: number;
  readonly writes: readonly StoreWrite[];
}

export class Disk implements Store {
  /** Batches that power failures took. */
  lostBatches = 0;
  /** It holds an old copy of what it once held. */
  restored = false;
  /** Called once, amid the next write, whose batch is then under way: the power is about to fail. */
  onNextWrite: (() => void) | undefined;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #options: DiskOptions;
  #memory: Store;
  /** Every batch ever written and not lost. */
  #log: LoggedBatch[] = [];
  /** How many of them are synced. */
  #synced = 0;
  #life = 0;

  constructor(time: VirtualTime, random: Random, options: DiskOptions) {
    this.#time = time;
    this.#random = random;
    this.#options = options;
    this.#memory = memoryStore(options.keep);
  }

  load: Store['load'] = () => this.#memory.load();
  checkpoint: Store['checkpoint'] = (height) => this.#memory.checkpoint(height);
  stage: Store['stage'] = () => this.#memory.stage();
  firstHeight: Store['firstHeight'] = () => this.#memory.firstHeight();
  decision: Store['decision'] = (height) => this.#memory.decision(height);
  vertex: Store['vertex'] = (key) => this.#memory.vertex(key);
  position: Store['position'] = (key) => this.#memory.position(key);
  message: Store['message'] = (id) => this.#memory.message(id);
  historyNode: Store['historyNode'] = (level, index) => this.#memory.historyNode(level, index);
  committeeChange: Store['committeeChange'] = (epoch) => this.#memory.committeeChange(epoch);
  headerHeight: Store['headerHeight'] = (idKey) => this.#memory.headerHeight(idKey);
  pruned: Store['pruned'] = () => this.#memory.pruned();
  size: Store['size'] = () => this.#memory.size();
  close: Store['close'] = async () => {};

  write: Store['write'] = async (writes, durable) => {
    const life = this.#life;
    if (this.#options.losesWrites) this.#log.push({ atMs: this.#time.now(), writes });
    const size = this.#log.length;
    const written = this.#memory.write(writes, durable);
    const fail = this.onNextWrite;
    if (fail !== undefined) {
      this.onNextWrite = undefined;
      fail();
    }
    const synced = durable ? this.#sync() : undefined;
    await written;
    await synced;
    // Whoever waited for this is dead, and the machine with it.
    if (life !== this.#life) await new Promise<never>(() => {});
    if (durable) this.#synced = Math.max(this.#synced, size);
  };

  /** The node is gone. What survives is settled here; a write under way is never acknowledged. */
  crash(kind: CrashKind): void {
    this.#life += 1;
    this.onNextWrite = undefined;
    if (!this.#options.losesWrites || kind === 'kill') return;
    const unsynced = this.#log.length - this.#synced;
    const kept = this.#synced + this.#random.below(unsynced + 1);
    this.#truncate(kept);
  }

  /** Back to what it held at `atMs`, without the stamp, so that the vote log is not whole `[BFT-1]`. */
  restoreBackup(atMs: number): void {
    this.#life += 1;
    this.restored = true;
    const held = this.#log.filter((batch) => batch.atMs <= atMs);
    // What the store on disk writes when it is opened without its stamp (node/level/store.ts).
    const unstamped = { atMs: this.#time.now(), writes: [{ type: 'votesFrom', height: undefined }] } as const;
    this.#log = [...held, unstamped];
    this.#rebuild();
  }

  async #sync(): Promise<void> {
    const [least, most] = this.#options.syncMs;
    if (most === 0) return;
    const syncMs = this.#random.between(least, most);
    await new Promise<void>((resolve) => this.#time.after(syncMs, resolve));
  }

  #truncate(kept: number): void {
    const lost = this.#log.length - kept;
    this.lostBatches += lost;
    // The log ends where a checksum fails; whether that batch was torn or never begun makes no difference.
    this.#log.length = kept;
    if (lost > 0) this.#rebuild();
    // What came through a power failure is on the disk.
    this.#synced = kept;
  }

  #rebuild(): void {
    this.#synced = this.#log.length;
    this.#memory = memoryStore(this.#options.keep);
    // It is in memory, so it is done when the call returns.
    for (const { writes } of this.#log) void this.#memory.write(writes, true);
  }
}
