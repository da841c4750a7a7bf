/**
 * The snapshots that this node offers to nodes that join `[SNP-6]`: the state at heights that all nodes have in common. The
 * map is immutable, so each costs a reference, and what changes from then on. docs/spec/snapshot.md.
 */

import type { Certificate } from '../../consensus/checkpoint/certificate.ts';
import type { Header } from '../../consensus/checkpoint/header.ts';
import { type StoredObject, storedObject } from '../../consensus/contracts/object.ts';
import type { MerkleMap } from '../../consensus/merkle/map.ts';
import { takeRange } from '../../consensus/merkle/map-range.ts';
import { OBJECTS_PER_PART_MAX, type PeerMessage } from '../../consensus/wire/messages.ts';
import type { Ledger } from './ledger.ts';

/** Snapshots in the time of one settled window. */
const PER_WINDOW = 16;
const PART_BYTES_MAX = 256 << 10;
/** So many small objects fill a part as well. */
const OBJECT_BYTES_LEAST = PART_BYTES_MAX / OBJECTS_PER_PART_MAX;
/** An older one is kept while it was asked for within this time, and no longer than that in all; offered, half as long. */
const ASKED_WITHIN_MS = 60_000;
const HELD_MS = 1_800_000;
const OFFERED_MS = HELD_MS / 2;

interface Snapshot {
  readonly header: Header;
  readonly certificate: Certificate;
  readonly map: MerkleMap<StoredObject>;
  readonly sinceMs: number;
  askedAtMs: number;
}

export class Snapshots {
  readonly #every: number;
  /** At most two, the newest last. */
  #held: Snapshot[] = [];

  /** `window`: K, the heights of the settled window. */
  constructor(window: number) {
    this.#every = Math.max(1, Math.floor(window / PER_WINDOW));
  }

  /** What the node starts with is offered until the first height that all have in common. */
  begin({ header, certificate, state }: Ledger): void {
    if (certificate !== undefined)
      this.#held = [{ header, certificate, map: state.map, sinceMs: 0, askedAtMs: Number.NEGATIVE_INFINITY }];
  }

  /** The ledger moved on. */
  advanced({ height, header, certificate, state }: Ledger, nowMs: number): void {
    if (height % this.#every !== 0) return;
    const inUse = this.#inUse(nowMs, HELD_MS);
    const newest = { header, certificate: certificate!, map: state.map, sinceMs: nowMs };
    this.#held = [
      ...(inUse === undefined ? [] : [inUse]),
      { ...newest, askedAtMs: Number.NEGATIVE_INFINITY },
    ];
  }

  /** The oldest that somebody is taking, if it is no older than that. */
  #inUse(nowMs: number, heldMs: number): Snapshot | undefined {
    return this.#held.find(
      ({ askedAtMs, sinceMs }) => nowMs - askedAtMs < ASKED_WITHIN_MS && nowMs - sinceMs < heldMs,
    );
  }

  /** What is offered to somebody who comes: what others are taking, or the newest. */
  offer(nowMs: number): Extract<PeerMessage, { readonly type: 'snapshot' }> | undefined {
    const offered = this.#inUse(nowMs, OFFERED_MS) ?? this.#held.at(-1);
    if (offered === undefined) return undefined;
    offered.askedAtMs = nowMs;
    return { type: 'snapshot', header: offered.header, certificate: offered.certificate };
  }

  /** The part of the snapshot at `height` that begins at `from`; `undefined` where that is not held. */
  part(
    height: number,
    from: Uint8Array,
    nowMs: number,
  ): Extract<PeerMessage, { readonly type: 'state' }> | undefined {
    const held = this.#held.find(({ header }) => header.height === height);
    if (held === undefined) return undefined;
    held.askedAtMs = nowMs;
    const { leaves, siblings } = takeRange(held.map, from, ({ value }) => roomOf(value!), PART_BYTES_MAX);
    return { type: 'state', height, from, siblings, objects: leaves.map(({ value }) => value!) };
  }
}

function roomOf(object: StoredObject): number {
  return Math.max(OBJECT_BYTES_LEAST, storedObject.encode(object).length);
}
