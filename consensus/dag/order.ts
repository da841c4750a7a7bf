/**
 * The order nobody steers `[ORD-1]` `[ORD-2]`: which vertices of an anchor's open past cone are confirmed, and in
 * which order. A pure function of the cone and the committee. docs/spec/order.md.
 */

import { compareBytes } from '../codec/bytes.ts';
import { hash } from '../crypto/hash.ts';
import type { DagNode } from './open-dag.ts';

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
  readonly node: DagNode;
  readonly stamp: number;
  readonly tie: Uint8Array;
}

/** Confirmed vertices of `cone` (ancestors first, as `OpenDag.cone` gives it), in their final order. */
export function orderCone(cone: readonly DagNode[], rules: OrderRules): DagNode[] {
  const coverage = coverTimes(cone, rules.seats);
  const candidates = new Map<DagNode, Candidate>();
  let heldFrom = Number.POSITIVE_INFINITY;
  for (const node of cone) {
    const times = coverage.get(node)!.filter(Number.isFinite).sort();
    const stamp = times[rules.faults];
    if (stamp === undefined) continue;
    if (times.length >= rules.quorum) {
      candidates.set(node, { node, stamp, tie: hash('order', rules.previousHeader, node.vertex.id) });
    } else if (node.vertex.kind !== 'witness') heldFrom = Math.min(heldFrom, stamp);
  }
  // A vertex that more than f seats saw, but not yet q, may still turn out to be the earlier one: later stamps wait.
  // Not for witnesses: they have no effect to be early with, and in a quiet network nobody would cover them again.
  for (const [node, { stamp }] of candidates) if (stamp >= heldFrom) candidates.delete(node);
  return takeInOrder(cone, candidates);
}

/** Per vertex and seat, the earliest time among that seat's witnesses over it within the cone. */
function coverTimes(
  cone: readonly DagNode[],
  seats: ReadonlyMap<string, number>,
): Map<DagNode, Float64Array> {
  const coverage = new Map(
    cone.map((node) => [node, new Float64Array(seats.size).fill(Number.POSITIVE_INFINITY)]),
  );
  for (let i = cone.length - 1; i >= 0; i--) {
    const node = cone[i]!;
    const times = coverage.get(node)!;
    const seat = node.vertex.kind === 'witness' ? seats.get(node.authorKey) : undefined;
    if (seat !== undefined) times[seat] = Math.min(times[seat]!, node.time);
    for (const ancestor of node.ancestors) {
      const below = coverage.get(ancestor);
      if (below === undefined) continue;
      for (let s = 0; s < times.length; s++) if (times[s]! < below[s]!) below[s] = times[s]!;
    }
  }
  return coverage;
}

/** Repeatedly the least (stamp, tie) among candidates whose ancestors are taken. */
function takeInOrder(cone: readonly DagNode[], candidates: ReadonlyMap<DagNode, Candidate>): DagNode[] {
  const waiting = new Map<DagNode, number>();
  const children = new Map<DagNode, DagNode[]>();
  const ready = new Heap();
  for (const node of cone) {
    const candidate = candidates.get(node);
    if (candidate === undefined) continue;
    const ancestors = node.ancestors.filter((ancestor) => ancestor.open);
    for (const ancestor of ancestors) {
      const siblings = children.get(ancestor);
      if (siblings === undefined) children.set(ancestor, [node]);
      else siblings.push(node);
    }
    if (ancestors.length === 0) ready.push(candidate);
    else waiting.set(node, ancestors.length);
  }
  const ordered: DagNode[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    ordered.push(next.node);
    for (const child of children.get(next.node) ?? []) {
      const left = waiting.get(child)! - 1;
      waiting.set(child, left);
      if (left === 0) ready.push(candidates.get(child)!);
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
