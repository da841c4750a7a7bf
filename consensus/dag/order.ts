/**
 * The order nobody steers `[ORD-1]` `[ORD-2]`: which vertices of an anchor's open past cone are confirmed, and in
 * which order. A pure function of the cone and the committee. docs/spec/order.md.
 */

import { compareBytes } from '../codec/bytes.ts';
import { hash } from '../crypto/hash.ts';
import type { DagNode } from './open-dag.ts';

/** A seat has no witness over a vertex. */
const NEVER = Number.POSITIVE_INFINITY;

export interface OrderRules {
  /** Author key (hex) of each seat → its number. */
  readonly seats: ReadonlyMap<string, number>;
  /** q: seats that must cover a vertex. */
  readonly quorum: number;
  /** f: a stamp is the (f+1)-th smallest time, so that at least one honest seat was not later. */
  readonly faults: number;
  /** Id of the header before this checkpoint; makes ties unpredictable until then. */
  readonly previousHeader: Uint8Array;
}

interface Candidate {
  /** Its place in the cone. */
  readonly place: number;
  readonly stamp: number;
  readonly tie: Uint8Array;
}

/** Confirmed vertices of `cone` (ancestors first, as `OpenDag.cone` gives it), in their final order. */
export function orderCone(cone: readonly DagNode[], rules: OrderRules): DagNode[] {
  const placeOf = new Map(cone.map((node, place) => [node, place]));
  const coverage = coverTimes(cone, placeOf, rules.seats);
  const candidates: (Candidate | undefined)[] = cone.map(() => undefined);
  let heldFrom = NEVER;
  for (const [place, node] of cone.entries()) {
    const times = coverage.subarray(place * rules.seats.size, (place + 1) * rules.seats.size).sort();
    const stamp = times[rules.faults] ?? NEVER;
    if (stamp === NEVER) continue;
    if ((times[rules.quorum - 1] ?? NEVER) < NEVER) {
      candidates[place] = { place, stamp, tie: hash('order', rules.previousHeader, node.vertex.id) };
    } else if (node.vertex.kind !== 'witness') heldFrom = Math.min(heldFrom, stamp);
  }
  // A vertex that more than f seats saw, but not yet q, may still turn out to be the earlier one: later stamps wait.
  // Not for witnesses: they have no effect to be early with, and in a quiet network nobody would cover them again.
  for (const [place, candidate] of candidates.entries())
    if (candidate !== undefined && candidate.stamp >= heldFrom) candidates[place] = undefined;
  return takeInOrder(cone, placeOf, candidates);
}

/** Per vertex of the cone and seat, in a row, the earliest time among that seat's witnesses over it within the cone. */
function coverTimes(
  cone: readonly DagNode[],
  placeOf: ReadonlyMap<DagNode, number>,
  seats: ReadonlyMap<string, number>,
): Float64Array {
  const coverage = new Float64Array(cone.length * seats.size).fill(NEVER);
  for (let place = cone.length - 1; place >= 0; place--) {
    const node = cone[place]!;
    const at = place * seats.size;
    const seat = node.vertex.kind === 'witness' ? seats.get(node.authorKey) : undefined;
    if (seat !== undefined) coverage[at + seat] = Math.min(coverage[at + seat]!, node.time);
    for (const ancestor of node.ancestors) {
      const below = placeOf.get(ancestor);
      if (below === undefined) continue;
      for (let s = 0; s < seats.size; s++) {
        const time = coverage[at + s]!;
        if (time < coverage[below * seats.size + s]!) coverage[below * seats.size + s] = time;
      }
    }
  }
  return coverage;
}

/** Repeatedly the least (stamp, tie) among candidates whose ancestors are taken. */
function takeInOrder(
  cone: readonly DagNode[],
  placeOf: ReadonlyMap<DagNode, number>,
  candidates: readonly (Candidate | undefined)[],
): DagNode[] {
  /** Open ancestors that are not taken yet, by place; and who waits for whom. */
  const waiting = new Uint16Array(cone.length);
  const children: (number[] | undefined)[] = [];
  const ready = new Heap();
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    const { place } = candidate;
    for (const ancestor of cone[place]!.ancestors) {
      if (!ancestor.open) continue;
      waiting[place]! += 1;
      const above = placeOf.get(ancestor)!;
      const siblings = children[above];
      if (siblings === undefined) children[above] = [place];
      else siblings.push(place);
    }
    if (waiting[place] === 0) ready.push(candidate);
  }
  const ordered: DagNode[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    ordered.push(cone[next.place]!);
    for (const child of children[next.place] ?? []) {
      waiting[child]! -= 1;
      if (waiting[child] === 0) ready.push(candidates[child]!);
    }
  }
  return ordered;
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.stamp !== b.stamp ? a.stamp < b.stamp : compareBytes(a.tie, b.tie) < 0;
}

/** Binary heap, least candidate first. */
class Heap {
  readonly #items: Candidate[] = [];

  push(item: Candidate): void {
    const items = this.#items;
    items.push(item);
    for (let at = items.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!isBefore(items[at]!, items[above]!)) return;
      [items[at], items[above]] = [items[above]!, items[at]!];
      at = above;
    }
  }

  pop(): Candidate | undefined {
    const items = this.#items;
    const least = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return least;
    items[0] = last;
    for (let at = 0; ; ) {
      let child = 2 * at + 1;
      if (child >= items.length) return least;
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child += 1;
      if (!isBefore(items[child]!, items[at]!)) return least;
      [items[at], items[child]] = [items[child]!, items[at]!];
      at = child;
    }
  }
}
