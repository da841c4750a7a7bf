/** What a certified checkpoint leaves behind: its record in the store, and which open vertices it makes dead `[VTX-2]`. */

import type { Certificate } from '../../consensus/checkpoint/certificate.ts';
import { committeeChange, endsEpoch } from '../../consensus/checkpoint/change.ts';
import type { AncestorFacts, OpenDag } from '../../consensus/dag/open-dag.ts';
import type { HistoryNode } from '../../consensus/merkle/history.ts';
import { type DecisionProof, decisionProof } from '../../consensus/pbft/offence.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { CheckpointRecord } from '../ports.ts';
import type { Ledger } from './ledger.ts';
import type { BuiltCheckpoint } from './proposal.ts';

/** What the DAG remembers of vertices that were open and are settled now. */
export function factsOf(
  vertices: readonly Vertex[],
  dag: OpenDag,
): { readonly key: string; readonly facts: AncestorFacts }[] {
  return vertices.map(({ key }) => {
    const { authorKey, sequence, time, checkpointHeight } = dag.get(key)!;
    return { key, facts: { authorKey, sequence, time, checkpointHeight } };
  });
}

/** As it is stored; `ledger` has moved on to it. */
export function recordOf(
  { header, vertices, execution }: BuiltCheckpoint,
  certificate: Certificate,
  ledger: Ledger,
  rest: {
    readonly historyNodes: readonly HistoryNode[];
    readonly proof: DecisionProof | undefined;
    readonly droppedDecisions: readonly number[];
  },
): CheckpointRecord {
  const { historyNodes, proof, droppedDecisions } = rest;
  const committee = execution.nextCommittee.record;
  return {
    ...{ header, certificate, outcomes: execution.outcomes, historyNodes, droppedDecisions },
    vertices: vertices.map((vertex) => vertex.key),
    // The first checkpoint brings the genesis objects to the store along with its own changes.
    changes: header.height === 1 ? ledger.state.all() : execution.changes,
    committeeChange: endsEpoch(header)
      ? committeeChange.encode({ header, certificate, committee })
      : undefined,
    decision: proof && decisionProof.encode(proof),
  };
}

/** Keys of open vertices that can never be confirmed: branches that lost, beyond the window. */
export function deadIn(dag: OpenDag, ledger: Ledger): string[] {
  const horizon = ledger.height - ledger.genesis.record.pace.settledWindow;
  if (horizon <= 0) return [];
  const dead: string[] = [];
  for (const { vertex, checkpointHeight, sequence } of dag.nodes()) {
    if (checkpointHeight >= horizon) continue;
    if (sequence <= ledger.standingOf(vertex).topSequence) dead.push(vertex.key);
  }
  return dead;
}
