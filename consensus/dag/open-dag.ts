/**
 * The open part of the DAG: vertices that are solid (all ancestors here) and not yet settled, with the tips among
 * them; and what is remembered of settled ones. `[VTX-2]` `[VTX-7]` `[ORD-1]` docs/spec/dag.md.
 *
 * Bounded by the callers: admission limits what enters, checkpoints settle what is here, `forget` drops the window.
 */

import { toHex } from '../codec/bytes.ts';
import { type Refusal, refuse } from '../codec/result.ts';
import { ancestorsOf, type Vertex } from '../vertex/vertex.ts';
import { type AncestorFacts, SettledWindow } from './settled-window.ts';

export type { AncestorFacts } from './settled-window.ts';

/** An open vertex and its open ancestors; `ancestors` is emptied when it settles, so that history can be freed. */
export interface DagNode extends AncestorFacts {
  /** Without the payload of readings, which only the store keeps. */
  readonly vertex: Vertex;
  ancestors: readonly DagNode[];
  open: boolean;
}

export type AddResult =
  | { readonly kind: 'added'; readonly node: DagNode }
  | { readonly kind: 'missing'; readonly ids: readonly Uint8Array[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const RECALLED_MAX = 4_096;

export class OpenDag {
  readonly #nodes = new Map<string, DagNode>();
  readonly #tips = new Map<string, DagNode>();
  readonly #settled: SettledWindow;
  /** Facts of ancestors settled before the window, looked up in the store; freely evicted. */
  readonly #recalled = new Map<string, AncestorFacts>();

  /** `salt`: 32 bits that no author can foresee. */
  constructor(window: number, salt = 0) {
    this.#settled = new SettledWindow(window, salt);
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(vertexKey: string): DagNode | undefined {
    return this.#nodes.get(vertexKey);
  }

  isSettled(vertexKey: string): boolean {
    return this.#settled.has(vertexKey);
  }

  /** Takes note of an ancestor that settled before the window, as the store remembers it. */
  recall(vertexKey: string, facts: AncestorFacts): void {
    if (this.#recalled.size >= RECALLED_MAX) this.#recalled.clear();
    this.#recalled.set(vertexKey, facts);
  }

  knows(vertexKey: string): boolean {
    return this.#nodes.has(vertexKey) || this.#settled.has(vertexKey);
  }

  nodes(): IterableIterator<DagNode> {
    return this.#nodes.values();
  }

  /** Open vertices without an open child, oldest arrival first. */
  tips(): IterableIterator<DagNode> {
    return this.#tips.values();
  }

  /** Adds a vertex whose bytes were checked; says which ancestors are missing, or why it can never be valid. */
  add(vertex: Vertex, checkpointHeight: number): AddResult {
    if (this.knows(vertex.key)) return { kind: 'known' };
    const missing: Uint8Array[] = [];
    const ancestors: DagNode[] = [];
    const facts: { id: string; facts: AncestorFacts }[] = [];
    for (const id of ancestorsOf(vertex)) {
      const key = toHex(id);
      const node = this.#nodes.get(key);
      const known = node ?? this.#settled.get(key) ?? this.#recalled.get(key);
      if (known === undefined) missing.push(id);
      else facts.push({ id: key, facts: known });
      if (node !== undefined) ancestors.push(node);
    }
    if (missing.length > 0) return { kind: 'missing', ids: missing };
    const previousKey = toHex(vertex.previous);
    for (const ancestor of facts) {
      const isPrevious = vertex.sequence > 1 && ancestor.id === previousKey;
      const refusal = checkAgainst(vertex, checkpointHeight, ancestor, isPrevious);
      if (refusal !== undefined) return { kind: 'refused', refusal };
    }
    const { authorKey, sequence, time } = vertex;
    const node: DagNode = { authorKey, sequence, time, checkpointHeight, vertex, ancestors, open: true };
    this.#nodes.set(vertex.key, node);
    for (const ancestor of ancestors) this.#tips.delete(ancestor.vertex.key);
    this.#tips.set(vertex.key, node);
    return { kind: 'added', node };
  }

  /** Marks vertices as settled by the checkpoint at `height`, whether or not they were held here. */
  settle(height: number, vertices: readonly { readonly key: string; readonly facts: AncestorFacts }[]): void {
    for (const { key, facts } of vertices) {
      this.drop(key);
      this.#settled.add(key, facts, height);
    }
    this.#settled.advance(height);
  }

  /** Forgets an open vertex: settled now, or dead `[VTX-2]`. */
  drop(vertexKey: string): void {
    const node = this.#nodes.get(vertexKey);
    if (node === undefined) return;
    node.open = false;
    node.ancestors = [];
    this.#nodes.delete(vertexKey);
    this.#tips.delete(vertexKey);
  }

  /** The open past cone of a node, itself included, every ancestor before its descendants. */
  cone(anchor: DagNode): DagNode[] {
    const ordered: DagNode[] = [];
    if (!anchor.open) return ordered;
    const seen = new Set([anchor]);
    /** The way down to the present node, and how many ancestors of each node on it were looked at. */
    const path = [anchor];
    const looked = [0];
    while (path.length > 0) {
      const top = path.length - 1;
      const ancestor = path[top]!.ancestors[looked[top]!++];
      if (ancestor === undefined) {
        ordered.push(path.pop()!);
        looked.pop();
      } else if (ancestor.open && !seen.has(ancestor)) {
        seen.add(ancestor);
        path.push(ancestor);
        looked.push(0);
      }
    }
    return ordered;
  }
}

/** Validity against one ancestor: own chain continues, the cited checkpoint does not go back `[VTX-2]` `[VTX-3]`. */
function checkAgainst(
  vertex: Vertex,
  checkpointHeight: number,
  { id: ancestorKey, facts: ancestor }: { readonly id: string; readonly facts: AncestorFacts },
  isPrevious: boolean,
): Refusal | undefined {
  if (checkpointHeight < ancestor.checkpointHeight) {
    return refuse('E_CHECKPOINT', {
      vertex: vertex.key,
      reason: 'older than its ancestors’',
      ancestor: ancestorKey,
    });
  }
  if (!isPrevious) return undefined;
  if (ancestor.authorKey !== vertex.authorKey || ancestor.sequence !== vertex.sequence - 1) {
    return refuse('E_CHAIN', { vertex: vertex.key, sequence: vertex.sequence, previous: ancestorKey });
  }
  if (vertex.kind === 'witness' && vertex.time <= ancestor.time) {
    return refuse('E_CHAIN', { vertex: vertex.key, reason: 'a witness’s time must grow', time: vertex.time });
  }
  return undefined;
}
