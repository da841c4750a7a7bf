/** Who is linked with whom, and along which links gossip is relayed. Drawn once, by the seed. docs/spec/simulator.md. */

import type { Random } from '../random.ts';

/** Up to so many nodes, everybody is linked with everybody. */
const CLIQUE_MAX = 16;
/** Links that a further node keeps to those before it. */
const LINKS_OUT = 4;
/** Links that a node picks to relay along; with those that picked it, at most about twice as many. */
export const RELAY_DEGREE = 8;

export interface Topology {
  /** By node: numbers of those that it is linked with, ascending. */
  readonly links: readonly (readonly number[])[];
  /** By node: those of them to which it relays gossip. */
  readonly relays: readonly (readonly number[])[];
}

/** The first `seats` of `nodes` are linked with each other. */
export function drawTopology(nodes: number, seats: number, random: Random): Topology {
  const links = Array.from({ length: nodes }, () => new Set<number>());
  const join = (a: number, b: number) => {
    links[a]!.add(b);
    links[b]!.add(a);
  };
  for (let node = 1; node < nodes; node++) {
    const before = Array.from({ length: node }, (_, i) => i);
    const whole = node < seats || nodes <= CLIQUE_MAX;
    for (const other of whole ? before : random.sample(before, LINKS_OUT)) join(node, other);
  }
  const sorted = links.map((others) => [...others].sort((a, b) => a - b));
  const relays = links.map(() => new Set<number>());
  for (const [node, others] of sorted.entries()) {
    for (const other of random.sample(others, RELAY_DEGREE)) {
      relays[node]!.add(other);
      relays[other]!.add(node);
    }
  }
  return { links: sorted, relays: relays.map((others) => [...others].sort((a, b) => a - b)) };
}
