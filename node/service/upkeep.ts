/**
 * Keeps the store within what its operator gave it `[STO-3]`: after checkpoints old batches go, by their days or ahead of
 * them where the disk budget is short; what they took is compacted; and the door for batches is closed in time.
 * docs/spec/replica.md.
 */

import type { Profile } from '../config/node-config.ts';
import type { BytesByKind } from '../level/disk-meter.ts';
import type { DiskStore } from '../level/store.ts';
import type { Pruned } from '../ports.ts';
import type { Pruner } from './pruner.ts';

/** Shares of the room that data may take. */
const PRUNE_FROM = 0.9;
const PRUNE_TO = 0.8;
const CLOSE_FROM = 0.95;
/** It is measured anew after so much was written, as a share of the room, or so many bytes where there is no budget. */
const MEASURED_SHARE = 1 / 64;
const MEASURED_BYTES = 16 << 20;
/** What was pruned is compacted after so much of it; all of the store after it has grown so much since the last time. */
const COMPACTED_SHARE = 1 / 16;
const COMPACTED_BYTES = 16 << 20;

export interface UpkeepPorts {
  readonly store: Pick<DiskStore, 'plan' | 'meter' | 'byKind' | 'compact' | 'pruned'>;
  readonly pruner: Pruner;
  readonly profile: Profile;
  /** Told after each look how many bytes of batches may be taken until the next; 0: no batches. */
  readonly onRoom: (batchBytes: number) => void;
}

/** What the store keeps and takes, for its operator. */
export interface UpkeepView {
  readonly profile: Profile;
  /** Of its data at rest, about. */
  readonly dataBytes: number;
  readonly capBytes: number | null;
  /** What data may take of the cap. */
  readonly roomBytes: number | null;
  readonly takesBatches: boolean;
  readonly pruned: { readonly height: number; readonly batches: number; readonly bytes: number };
  readonly holds: BytesByKind;
}

export class Upkeep {
  readonly #ports: UpkeepPorts;
  #pruned: Pruned;
  /** Pruned and not compacted, bytes. */
  #loose = 0;
  /** What the store took when all of it was compacted last. */
  #compactedAt = 0;
  #isOpen = true;
  #looking = false;

  private constructor(ports: UpkeepPorts, pruned: Pruned) {
    this.#ports = ports;
    this.#pruned = pruned;
  }

  /** Makes room first where the store takes more than it may: where its budget was lowered, or is used up. */
  static async start(ports: UpkeepPorts): Promise<Upkeep> {
    const upkeep = new Upkeep(ports, await ports.store.pruned());
    await upkeep.look();
    const { meter, plan } = ports.store;
    if (meter.bytes >= plan.roomBytes) throw await meter.spent();
    return upkeep;
  }

  /** What was let go so far. */
  get pruned(): Pruned {
    return this.#pruned;
  }

  get takesBatches(): boolean {
    return this.#isOpen;
  }

  /** For metrics. */
  get gauges() {
    const { meter, plan } = this.#ports.store;
    const { height, batches, bytes } = this.#pruned;
    return {
      ...{
        disk_bytes: meter.bytes,
        disk_cap_bytes: finite(plan.capBytes) ?? 0,
        takes_batches: Number(this.#isOpen),
      },
      ...{ pruned_height: height, pruned_batches: batches, pruned_bytes: bytes },
    };
  }

  async view(): Promise<UpkeepView> {
    const { store, profile } = this.#ports;
    const { capBytes, roomBytes } = store.plan;
    const { height, batches, bytes } = this.#pruned;
    return {
      ...{ profile, dataBytes: store.meter.bytes, capBytes: finite(capBytes), roomBytes: finite(roomBytes) },
      ...{ takesBatches: this.#isOpen, pruned: { height, batches, bytes }, holds: await store.byKind() },
    };
  }

  /** So much was written that a look is due, whether or not a checkpoint comes. */
  get isDue(): boolean {
    const { meter, plan } = this.#ports.store;
    return meter.written >= Math.min(MEASURED_BYTES, plan.roomBytes * MEASURED_SHARE);
  }

  /** To be called after each checkpoint, and when it is due; gives how many batches went. */
  async look(): Promise<number> {
    if (this.#looking) return 0;
    this.#looking = true;
    const { store, pruner } = this.#ports;
    const before = this.#pruned.batches;
    try {
      this.#loose += await pruner.look();
      if (this.isDue) await store.meter.measure();
      if (store.meter.bytes >= PRUNE_FROM * store.plan.roomBytes) await this.#makeRoom();
      if (this.#loose >= this.#compactionBytes) await this.#compact('pruned');
      this.#setDoor();
      this.#pruned = await store.pruned();
    } finally {
      this.#looking = false;
    }
    return this.#pruned.batches - before;
  }

  async #makeRoom(): Promise<void> {
    const { store, pruner, profile } = this.#ports;
    const { meter, plan } = store;
    if (profile !== 'archive') {
      const freed = await pruner.letGo((await meter.measure()) - PRUNE_TO * plan.roomBytes);
      this.#loose += freed;
      if (freed > 0) await this.#compact('pruned');
    }
    const isShort = meter.bytes >= PRUNE_FROM * plan.roomBytes;
    if (isShort && meter.bytes >= this.#compactedAt + COMPACTED_SHARE * plan.roomBytes) {
      await this.#compact('all');
      this.#compactedAt = meter.bytes;
    }
  }

  get #compactionBytes(): number {
    return Math.min(COMPACTED_BYTES, COMPACTED_SHARE * this.#ports.store.plan.roomBytes);
  }

  async #compact(what: 'pruned' | 'all'): Promise<void> {
    const { store } = this.#ports;
    this.#loose = 0;
    await store.compact(what);
    await store.meter.measure();
  }

  #setDoor(): void {
    const { meter, plan } = this.#ports.store;
    if (!Number.isFinite(plan.roomBytes)) return;
    const share = meter.bytes / plan.roomBytes;
    this.#isOpen = share < (this.#isOpen ? CLOSE_FROM : PRUNE_FROM);
    // Half of it: as much again may have been taken already, and be on its way to the disk.
    this.#ports.onRoom(this.#isOpen ? (CLOSE_FROM * plan.roomBytes - meter.bytes) / 2 : 0);
  }
}

const finite = (bytes: number): number | null => (Number.isFinite(bytes) ? bytes : null);
