/**
 * Checkpoint proposals: how a leader builds one, and what a seat checks before it votes `[ORD-1..4]` `[CKP-3]`.
 * Both run the same order and the same execution.
 */

import { type Execution, execute } from '../../consensus/checkpoint/execute.ts';
import { type Header, headerSchema } from '../../consensus/checkpoint/header.ts';
import { outcomesRoot } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { SUITE } from '../../consensus/crypto/ed25519.ts';
import type { DagNode, OpenDag } from '../../consensus/dag/open-dag.ts';
import { orderCone } from '../../consensus/dag/order.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { Ledger } from './ledger.ts';

/** A header with all that follows from it here. */
export interface BuiltCheckpoint {
  readonly header: Header;
  readonly vertices: readonly Vertex[];
  readonly execution: Execution;
}

/** What an anchor confirms, in order and within the caps `[ORD-4]`. */
export function confirmedBy(anchor: DagNode | undefined, dag: OpenDag, ledger: Ledger): Vertex[] {
  // A repeated anchor may be of a seat that left with the last epoch: then it confirms nothing more.
  if (anchor === undefined || !isWitness(anchor, ledger)) return [];
  const { committee } = ledger;
  const ordered = orderCone(dag.cone(anchor), {
    seats: committee.seatOf,
    quorum: committee.quorum,
    faults: committee.faults,
    previousHeader: ledger.headerId,
  });
  const { verticesPerCheckpointMax, callBytesPerCheckpointMax } = ledger.genesis.record.pace;
  const confirmed: Vertex[] = [];
  let callBytes = 0;
  for (const { vertex } of ordered) {
    callBytes += vertex.payload.length;
    if (confirmed.length === verticesPerCheckpointMax || callBytes > callBytesPerCheckpointMax) break;
    confirmed.push(vertex);
  }
  return confirmed;
}

/** A witness by a seat of the committee that decides the next height. */
function isWitness({ vertex, authorKey }: DagNode, { committee }: Ledger): boolean {
  return vertex.kind === 'witness' && committee.seatOf.has(authorKey);
}

/** Executes confirmed vertices on the ledger's newest state and composes the header. */
export function buildCheckpoint(
  anchor: Uint8Array,
  vertices: readonly Vertex[],
  time: number,
  ledger: Ledger,
): BuiltCheckpoint {
  const { committee, genesis } = ledger;
  const execution = execute(vertices, ledger.state, ledger.executionContext(time));
  const header: Header = {
    suite: SUITE,
    network: genesis.network,
    epoch: committee.epoch,
    height: ledger.height + 1,
    previous: ledger.headerId,
    time,
    anchor,
    outcomesRoot: outcomesRoot(execution.outcomes),
    outcomesCount: execution.outcomes.length,
    stateRoot: execution.map.root,
    historyRoot: ledger.nextHistory().history.root,
    committeeHash: committee.hash,
    nextCommitteeHash: execution.nextCommittee.hash,
  };
  return { header, vertices, execution };
}

/**
 * Judges a proposal against own DAG, state and clock; `wait` while its anchor is not solid here. A value with a
 * prepared certificate was judged in time by others and is not judged again.
 */
export function checkProposal(
  header: Header,
  judge: {
    readonly dag: OpenDag;
    readonly ledger: Ledger;
    readonly nowMs: number;
    readonly view: number;
    readonly prepared: boolean;
  },
): Result<BuiltCheckpoint> | 'wait' {
  const { dag, ledger, nowMs, view, prepared } = judge;
  const { clockAheadMs, clockBehindMs, heartbeatMs } = ledger.genesis.record.pace;
  const before = ledger.header;
  if (header.time <= before.time)
    return refuse('E_HEADER', { reason: 'time does not grow', time: header.time, previous: before.time });
  if (!prepared) {
    const latest = Math.max(nowMs + clockAheadMs, before.time + 1);
    if (header.time > latest)
      return refuse('E_HEADER', { reason: 'time ahead of the clock', time: header.time, latest });
    const earliest = nowMs - clockBehindMs * 2 ** Math.min(view, 20);
    if (header.time < earliest)
      return refuse('E_HEADER', { reason: 'time behind the clock', time: header.time, earliest });
  }
  const anchor = dag.get(toHex(header.anchor));
  // The last anchor again, as at an idle heartbeat: whoever only followed the last checkpoint need not hold it.
  const repeats = equalBytes(header.anchor, before.anchor) && header.outcomesCount === 0;
  if (anchor === undefined && !repeats) {
    // A settled witness confirms nothing more: whoever names it had better repeat the last anchor.
    if (dag.isSettled(toHex(header.anchor)))
      return refuse('E_HEADER', { reason: 'anchor is settled already' });
    return 'wait';
  }
  if (anchor !== undefined && !repeats && !isWitness(anchor, ledger)) {
    return refuse('E_HEADER', { reason: 'anchor is not a seat’s witness' });
  }
  const vertices = confirmedBy(anchor, dag, ledger);
  if (vertices.length === 0 && header.time < before.time + heartbeatMs) {
    return refuse('E_HEADER', { reason: 'confirms nothing before a heartbeat is due' });
  }
  const built = buildCheckpoint(header.anchor, vertices, header.time, ledger);
  if (!equalBytes(headerSchema.encode(built.header), headerSchema.encode(header)))
    return refuse('E_HEADER', differences(built.header, header));
  return ok(built);
}

/** Names the first field in which two headers differ, with both values. */
export function differences(own: Header, other: Header): { readonly [fact: string]: string | number } {
  const mine = headerSchema.toJson(own) as { readonly [field: string]: string | number };
  const theirs = headerSchema.toJson(other) as { readonly [field: string]: string | number };
  for (const field of headerSchema.fieldNames) {
    if (mine[field] !== theirs[field])
      return { field, own: mine[field]!, other: theirs[field]!, height: own.height };
  }
  return { height: own.height };
}
