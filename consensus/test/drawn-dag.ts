/** DAGs from drawings: vertices by name, without keys and signatures; what stands on what is all that counts here. */

import { asciiBytes, compareBytes, toHex } from '../codec/bytes.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import { type AddResult, type DagNode, OpenDag } from '../dag/open-dag.ts';
import { type OrderRules, orderCone } from '../dag/order.ts';
import type { Vertex, VertexKind } from '../vertex/vertex.ts';

const nothing = new Uint8Array(0);

export interface Drawing {
  readonly name: string;
  readonly author: string;
  readonly parents?: readonly string[];
  readonly time?: number;
  readonly kind?: VertexKind;
  /** Continues this vertex of the same author; left out for an author's first. */
  readonly previous?: string;
  readonly sequence?: number;
  readonly checkpointHeight?: number;
}

export const idOf = (name: string): Uint8Array => hash('vertex', asciiBytes(name));
export const keyOf = (name: string): string => toHex(idOf(name));

export function drawnVertex({
  name,
  author,
  parents = [],
  time = 0,
  kind = 'readings',
  previous,
  sequence,
}: Drawing): Vertex {
  const id = idOf(name);
  return {
    ...{ suite: 1, network: zero32, author: hash('label', asciiBytes(author)), authorKey: author },
    ...{
      sequence: sequence ?? (previous === undefined ? 1 : 2),
      previous: previous === undefined ? zero32 : idOf(previous),
    },
    ...{ checkpoint: zero32, parents: parents.map(idOf).sort(compareBytes), time, kind, payloadHash: zero32 },
    ...{ id, key: toHex(id), headerBytes: nothing, signature: nothing, payload: nothing },
  };
}

/** Sketches a DAG: `seats` named s0, s1, … and anybody else; each author's chain goes on by itself. */
export class Sketch {
  readonly dag: OpenDag;
  readonly names = new Map<string, string>();
  readonly drawings: Drawing[] = [];
  readonly #ends = new Map<string, { name: string; sequence: number }>();

  constructor(window = 1_024) {
    this.dag = new OpenDag(window);
  }

  /** An ordinary vertex. */
  vertex(name: string, author: string, parents: readonly string[] = [], fields: Partial<Drawing> = {}): this {
    return this.draw({ name, author, parents, ...fields });
  }

  /** A witness of seat `seat` at `time` over `parents`. */
  witness(name: string, seat: number, time: number, parents: readonly string[]): this {
    return this.draw({ name, author: `s${seat}`, parents, time, kind: 'witness' });
  }

  draw(drawing: Drawing): this {
    const end = this.#ends.get(drawing.author);
    const full = {
      ...(end === undefined ? {} : { previous: end.name }),
      sequence: (end?.sequence ?? 0) + 1,
      ...drawing,
    };
    this.#ends.set(full.author, { name: full.name, sequence: full.sequence });
    this.drawings.push(full);
    const added = this.add(full);
    if (added.kind !== 'added') throw new Error(`${drawing.name}: ${JSON.stringify(added)}`);
    return this;
  }

  add(drawing: Drawing): AddResult {
    this.names.set(keyOf(drawing.name), drawing.name);
    return this.dag.add(drawnVertex(drawing), drawing.checkpointHeight ?? 0);
  }

  node(name: string): DagNode {
    return this.dag.get(keyOf(name))!;
  }

  nameOf({ vertex }: DagNode): string {
    return this.names.get(vertex.key)!;
  }

  /** Names in the final order that `anchor` gives. */
  order(anchor: string, seats: number, rules: Partial<OrderRules> = {}): string[] {
    const cone = this.dag.cone(this.node(anchor));
    return orderCone(cone, { ...rulesOf(seats), ...rules }).map((node) => this.nameOf(node));
  }
}

export function rulesOf(seats: number): OrderRules {
  const numbers = Array.from({ length: seats }, (_, seat) => [`s${seat}`, seat] as const);
  return {
    seats: new Map(numbers),
    quorum: Math.floor((2 * seats) / 3) + 1,
    faults: Math.floor((seats - 1) / 3),
    previousHeader: zero32,
  };
}
