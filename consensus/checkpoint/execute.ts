/**
 * Execution `[ORD-3..5]`: runs ordered vertices against the state and gives each its outcome. A pure function: the
 * same order gives the same outcomes and the same state root on every node.
 */

import { equalBytes } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import { invariant } from '../codec/result.ts';
import { advanceClock } from '../contracts/clock.ts';
import { runCall } from '../contracts/engine.ts';
import type { ObjectType, StoredObject } from '../contracts/object.ts';
import type { Policy } from '../contracts/policy.ts';
import type { SeatRules } from '../contracts/seats/rules.ts';
import { type Change, Draft, type LedgerState } from '../contracts/state.ts';
import { zero32 } from '../crypto/hash.ts';
import type { MerkleMap } from '../merkle/map.ts';
import { signedCall } from '../vertex/call.ts';
import type { Vertex } from '../vertex/vertex.ts';
import { Authors } from './authors.ts';
import type { Committee } from './committee.ts';
import { openEvidence } from './evidence.ts';
import { runEvidence } from './offences.ts';
import { makeOutcome, type Outcome } from './outcome.ts';
import { succeed } from './succession.ts';

export interface ExecutionContext {
  readonly network: Uint8Array;
  readonly policy: Policy;
  readonly height: number;
  readonly time: number;
  /** Time of the header before: a long step between the two stops the clocks `[CTR-11]`. */
  readonly previousTime: number;
  /** The committee that decides this height, and how committees change. */
  readonly seating: Committee;
  readonly seatRules: SeatRules;
  /** Hex ids of the last headers before this one, with their times: what evidence may cite. */
  readonly recentHeaders: ReadonlyMap<string, number>;
}

export interface Execution {
  readonly outcomes: readonly Outcome[];
  readonly changes: readonly Change[];
  /** The state map once `changes` are committed. */
  readonly map: MerkleMap<StoredObject>;
  /** The committee of the height after; another one at the end of an epoch `[CKP-4]`. */
  readonly nextCommittee: Committee;
}

const noSalts = [zero32, zero32] as const;

export function execute(
  ordered: readonly Vertex[],
  state: LedgerState,
  context: ExecutionContext,
): Execution {
  const draft = new Draft(state);
  const writer = {
    get: <T>(type: ObjectType<T>, id: Uint8Array) => draft.get(type, id),
    put: <T>(type: ObjectType<T>, id: Uint8Array, value: T) => draft.put(type, id, value, noSalts),
  };
  advanceClock(writer, context, context.policy);
  const authors = new Authors(draft);
  const outcomes = ordered.map((vertex) => confirm(vertex, authors, draft, context));
  authors.flush();
  const { height, time, seating: committee, seatRules: rules } = context;
  const nextCommittee = succeed(draft, { height, time, committee, rules });
  const changes = draft.changes();
  return { outcomes, changes, map: state.rootAfter(changes), nextCommittee };
}

/** Advances the author's chain, then lets the vertex take effect unless its author may not act. */
function confirm(vertex: Vertex, authors: Authors, draft: Draft, context: ExecutionContext): Outcome {
  const { chain: before, active } = authors.of(vertex);
  const continues = vertex.sequence === before.lastSequence + 1 && equalBytes(vertex.previous, before.lastId);
  const topSequence = Math.max(before.topSequence, vertex.sequence);
  if (!continues) {
    authors.put(vertex, { ...before, topSequence, suspended: true });
    return makeOutcome(vertex.id, 'E_FORK', before.lastId);
  }
  authors.put(vertex, { ...before, lastSequence: vertex.sequence, lastId: vertex.id, topSequence });
  if (before.suspended) return makeOutcome(vertex.id, 'E_KEY_SUSPENDED', before.lastId);
  if (!active) return makeOutcome(vertex.id, 'E_KEY_REVOKED', zero32);
  if (vertex.kind !== 'transaction' && vertex.kind !== 'evidence')
    return makeOutcome(vertex.id, 'OK', zero32);
  // What runs now may read or change any of this.
  authors.flush();
  const run = vertex.kind === 'evidence' ? runEvidence : runTransaction;
  const { code, conflict } = run(vertex, draft, context);
  return makeOutcome(vertex.id, code, conflict);
}

function runTransaction(
  vertex: Vertex,
  draft: Draft,
  context: ExecutionContext,
): { code: Code; conflict: Uint8Array } {
  const call = signedCall.decode(vertex.payload);
  invariant(call.ok, 'a transaction in the DAG carries a call that was checked on arrival');
  const { network, time, height, policy, seating, seatRules, recentHeaders } = context;
  const refusal = runCall(call.value, vertex.id, draft, {
    network,
    time,
    height,
    policy,
    seating,
    seatRules,
    evidence: (proofBytes) => openEvidence(proofBytes, network, recentHeaders),
  });
  return { code: refusal?.code ?? 'OK', conflict: refusal?.conflict ?? zero32 };
}
