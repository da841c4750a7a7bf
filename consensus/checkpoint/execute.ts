/**
 * Execution `[ORD-3..5]`: runs ordered vertices against the state and gives each its outcome. A pure function: the
 * same order gives the same outcomes and the same state root on every node.
 */

import { equalBytes } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import { invariant } from '../codec/result.ts';
import { advanceClock } from '../contracts/clock.ts';
import { runCall } from '../contracts/engine.ts';
import { transitions } from '../contracts/index.ts';
import type { StoredObject } from '../contracts/object.ts';
import type { Policy } from '../contracts/policy.ts';
import type { SeatRules } from '../contracts/seats/rules.ts';
import { type Change, Draft, type LedgerState } from '../contracts/state.ts';
import { zero32 } from '../crypto/hash.ts';
import type { MerkleMap } from '../merkle/map.ts';
import { type SignedCall, signedCall } from '../vertex/call.ts';
import type { Vertex } from '../vertex/vertex.ts';
import { Authors } from './authors.ts';
import type { Committee } from './committee.ts';
import { openEvidence } from './evidence.ts';
import { runEvidence } from './offences.ts';
import { makeOutcome, type Outcome } from './outcome.ts';
import { succeed } from './succession.ts';
import { Work } from './work.ts';

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

export function execute(
  ordered: readonly Vertex[],
  state: LedgerState,
  context: ExecutionContext,
): Execution {
  const draft = new Draft(state);
  advanceClock(draft.openly(), context, context.policy);
  const authors = new Authors(draft);
  const work = new Work(draft, context.seating);
  const outcomes = ordered.map((vertex) => {
    const { code, conflict, free } = confirm(vertex, authors, draft, context);
    if (code === 'OK') work.count(vertex, free);
    return makeOutcome(vertex.id, code, conflict);
  });
  authors.flush();
  work.write();
  const { height, time, seating: committee, seatRules: rules } = context;
  const nextCommittee = succeed(draft, { height, time, committee, rules });
  const changes = draft.changes();
  return { outcomes, changes, map: state.rootAfter(changes), nextCommittee };
}

/** What became of a vertex. */
interface Verdict {
  readonly code: Code;
  readonly conflict: Uint8Array;
  /** Nobody is charged for it `[RWD-4]`. */
  readonly free: boolean;
}

const verdict = (code: Code, conflict: Uint8Array = zero32, free = false): Verdict => ({
  code,
  conflict,
  free,
});

/** Advances the author's chain, then lets the vertex take effect unless its author may not act. */
function confirm(vertex: Vertex, authors: Authors, draft: Draft, context: ExecutionContext): Verdict {
  const { chain: before, active } = authors.of(vertex);
  const continues = vertex.sequence === before.lastSequence + 1 && equalBytes(vertex.previous, before.lastId);
  const topSequence = Math.max(before.topSequence, vertex.sequence);
  if (!continues) {
    authors.put(vertex, { ...before, topSequence, suspended: true });
    return verdict('E_FORK', before.lastId);
  }
  authors.put(vertex, { ...before, lastSequence: vertex.sequence, lastId: vertex.id, topSequence });
  if (before.suspended) return verdict('E_KEY_SUSPENDED', before.lastId);
  if (!active) return verdict('E_KEY_REVOKED');
  if (vertex.kind !== 'transaction' && vertex.kind !== 'evidence') return verdict('OK');
  // What runs now may read or change any of this.
  authors.flush();
  if (vertex.kind === 'transaction') return runTransaction(vertex, draft, context);
  const { code, conflict } = runEvidence(vertex, draft, context);
  return verdict(code, conflict);
}

function runTransaction(vertex: Vertex, draft: Draft, context: ExecutionContext): Verdict {
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
  return verdict(refusal?.code ?? 'OK', refusal?.conflict, isFree(call.value));
}

/** The network's own calls, and those that nobody signs, which are done for all. */
function isFree({ header, signatures }: SignedCall): boolean {
  return signatures.length === 0 || transitions.get(header.transition)?.row === 0;
}
