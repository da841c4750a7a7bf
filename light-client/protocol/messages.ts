/** What a light client and a full node say to each other: one request, one answer, on one long-lived stream. */

import { committeeChange } from '../../consensus/checkpoint/change.ts';
import { limits } from '../../consensus/codec/limits.ts';
import {
  bytes,
  fixed,
  hash32,
  type Infer,
  int,
  list,
  maybe,
  record,
  tagged,
  text,
} from '../../consensus/codec/schema.ts';
import { anchorProof, certifiedHeader } from '../proof/anchor.ts';
import { inclusionProof } from '../proof/inclusion.ts';
import { stateProof } from '../proof/state-proof.ts';

export const CHANGES_PER_ANSWER_MAX = 32;
/** A node steps through them in one turn, so no more than takes it some milliseconds. */
export const SUBMITTED_TOGETHER_MAX = 64;

const envelopeBytes = bytes(limits.batchBytesMax + limits.vertexHeaderBytesMax + 128);
/** OK, or why the vertex was not taken. */
const verdict = { code: text(24, 1), detail: text(200) };

const requestBody = tagged('light-request', {
  /** The newest certified header. */
  head: record('head', {}),
  /** Takes an encoded vertex envelope into the DAG. */
  submit: record('submit', { envelope: envelopeBytes }),
  /** Proof of a vertex' outcome to the certified header that the client holds at height `under`, if it is final there. */
  proveVertex: record('prove-vertex', { id: hash32, under: int(0) }),
  /** Proof of an object, or of its absence, in the newest certified state. */
  proveObject: record('prove-object', { objectType: text(16, 1), id: hash32 }),
  /** The author's chain as the node holds it: where a gateway that lost its outbox must go on. */
  chain: record('chain', { key: fixed(32) }),
  /** Changes of committee from this epoch's end on, the first few. */
  changes: record('changes', { epoch: int(0) }),
  /** Takes several, in this order; each has a verdict of its own. */
  submitMany: record('submit-many', { envelopes: list(envelopeBytes, SUBMITTED_TOGETHER_MAX, 1) }),
});
export type LightRequest = Infer<typeof requestBody>;

const responseBody = tagged('light-response', {
  head: record('head', { certified: maybe(certifiedHeader) }),
  submitted: record('submitted', verdict),
  vertex: record('vertex', { proof: maybe(inclusionProof) }),
  object: record('object', { proof: stateProof, anchor: anchorProof }),
  chain: record('chain', { sequence: int(0), id: hash32 }),
  refused: record('refused', { code: text(24, 1), detail: text(200) }),
  changes: record('changes', { changes: list(committeeChange, CHANGES_PER_ANSWER_MAX) }),
  /** In the order of the request. */
  submittedMany: record('submitted-many', {
    verdicts: list(record('verdict', verdict), SUBMITTED_TOGETHER_MAX, 1),
  }),
});
export type LightResponse = Infer<typeof responseBody>;

/** `id` pairs a response with its request; 0 marks what the node sends unasked: a `head` for each new checkpoint. */
export const lightRequest = record('request', { id: int(1, 0xffffffff), body: requestBody });
export const lightResponse = record('response', { id: int(0, 0xffffffff), body: responseBody });
