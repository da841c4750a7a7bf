/** This node's own author chain `[VTX-2]` `[VTX-4]`: which vertex comes next, and what it attaches to. */

import { compareBytes, equalBytes } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { type Signer, SUITE } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { DagNode, OpenDag } from '../../consensus/dag/open-dag.ts';
import { signVertex, type Vertex, type VertexKind } from '../../consensus/vertex/vertex.ts';
import type { Ledger } from './ledger.ts';

/** A vertex is lazy when it cites a checkpoint this far behind the newest (protocol §5). */
export const LAZY_HEIGHTS = 8;
const PARENTS_MIN = 2;

/** The last vertex of the own chain; sequence 0 before the first. */
export interface ChainEnd {
  readonly sequence: number;
  readonly id: Uint8Array;
  readonly time: number;
  /** Height of the checkpoint that it cites. */
  readonly checkpointHeight: number;
}

export class Author {
  readonly #signer: Signer;
  readonly #network: Uint8Array;
  #end: ChainEnd;

  constructor(signer: Signer, network: Uint8Array, end: ChainEnd) {
    this.#signer = signer;
    this.#network = network;
    this.#end = end;
  }

  get end(): ChainEnd {
    return this.#end;
  }

  /**
   * The chain goes on after this vertex, which was taken in: one just signed, or one of an earlier life whose store was
   * lost and that others still had.
   */
  follow({ author, sequence, id, time }: Vertex, checkpointHeight: number): void {
    if (sequence <= this.#end.sequence || !equalBytes(author, this.#signer.publicKey)) return;
    this.#end = { sequence, id, time, checkpointHeight };
  }

  /** Signs the next vertex of the chain. Nobody may see it before it was taken in and the chain moved on. */
  write(
    kind: VertexKind,
    payload: Uint8Array,
    payloadHash: Uint8Array,
    parents: readonly Uint8Array[],
    checkpoint: Uint8Array,
    nowMs: number,
  ): Vertex {
    const { sequence, id, time } = this.#end;
    const others = parents.filter((parent) => !equalBytes(parent, id));
    const header = {
      network: this.#network,
      sequence: sequence + 1,
      previous: sequence === 0 ? zero32 : id,
      checkpoint,
      parents: others.sort(compareBytes),
      time: Math.max(nowMs, time + 1),
      kind,
      payloadHash,
    };
    return signVertex(header, payload, this.#signer);
  }
}

/**
 * Parents for an ordinary vertex (protocol §5): 2 to 8 tips, more as the pool grows so that it stays bounded; not
 * lazy ones, and not more than half by one author. `pick(n)` chooses a number below n.
 */
export function chooseTips(dag: OpenDag, height: number, pick: (below: number) => number): Uint8Array[] {
  const pool = [...dag.tips()].filter((tip) => tip.checkpointHeight >= height - LAZY_HEIGHTS);
  const wanted = Math.min(limits.parentsMax, Math.max(PARENTS_MIN, Math.ceil(pool.length / 4)));
  const chosen: Uint8Array[] = [];
  const perAuthor = new Map<string, number>();
  while (chosen.length < wanted && pool.length > 0) {
    const [tip] = pool.splice(pick(pool.length), 1);
    const ofAuthor = perAuthor.get(tip!.authorKey) ?? 0;
    if (ofAuthor >= Math.ceil(wanted / 2)) continue;
    perAuthor.set(tip!.authorKey, ofAuthor + 1);
    chosen.push(tip!.vertex.id);
  }
  return chosen;
}

/** A witness that is not signed: to see what it would confirm before it is worth sending. */
export function trialWitness(authorKey: string, ancestors: readonly DagNode[], time: number): DagNode {
  const empty = new Uint8Array(0);
  const header = {
    suite: SUITE,
    network: zero32,
    author: zero32,
    sequence: 1,
    previous: zero32,
    checkpoint: zero32,
    parents: [],
    time,
  };
  const bytes = { id: zero32, payloadHash: zero32, headerBytes: empty, signature: empty, payload: empty };
  const vertex: Vertex = { ...header, ...bytes, kind: 'witness', key: '', authorKey };
  return { authorKey, sequence: 1, time, checkpointHeight: 0, vertex, ancestors, open: true };
}

/**
 * Parents for a witness: every tip it can name, so that it covers all that is held `[WIT-1]`. Where there are more they
 * take turns, so that no flood of one stakeholder's tips keeps another's waiting.
 */
export function witnessParents(
  dag: OpenDag,
  ledger: Ledger,
): {
  readonly ids: Uint8Array[];
  readonly nodes: DagNode[];
  readonly complete: boolean;
} {
  const tips = [...dag.tips()];
  const complete = tips.length <= limits.witnessParentsMax;
  const nodes = complete ? tips : inTurns(tips, ledger).slice(0, limits.witnessParentsMax);
  return { ids: nodes.map((node) => node.vertex.id), nodes, complete };
}

/**
 * One tip of each party, then a second of each, and so on; within a party one of each key, and of a key the oldest.
 * Whoever has a seat comes first in a turn: its witness brings along all that it has covered.
 */
function inTurns(tips: readonly DagNode[], ledger: Ledger): DagNode[] {
  const hasSeat = ({ authorKey }: DagNode) => ledger.committee.seatOf.has(authorKey);
  const partyOf = ({ vertex }: DagNode) => ledger.standingOf(vertex).party ?? vertex.authorKey;
  const seatsFirst = [...tips.filter(hasSeat), ...tips.filter((tip) => !hasSeat(tip))];
  const byKey = takeTurns(seatsFirst, ({ authorKey }) => authorKey);
  return takeTurns(byKey, partyOf);
}

/** The first of each group, in the given order; then the second of each, and so on. */
function takeTurns<T>(items: readonly T[], groupOf: (item: T) => string): T[] {
  const taken = new Map<string, number>();
  const turns: T[][] = [];
  for (const item of items) {
    const group = groupOf(item);
    const turn = taken.get(group) ?? 0;
    taken.set(group, turn + 1);
    const others = turns[turn];
    if (others === undefined) turns.push([item]);
    else others.push(item);
  }
  return turns.flat();
}
