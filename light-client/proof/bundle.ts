/**
 * Proof bundles: one file, one statement, everything needed to check it offline against the genesis. Binary, in the
 * one canonical encoding, so that no byte can change without the bundle failing. docs/spec/proofs.md.
 */

import { changesMax, committeeChange } from '../../consensus/checkpoint/change.ts';
import { readingProof } from '../../consensus/checkpoint/evidence.ts';
import { vertexProof } from '../../consensus/checkpoint/outcome.ts';
import { limits } from '../../consensus/codec/limits.ts';
import {
  choice,
  hash32,
  type Infer,
  int,
  list,
  maybe,
  record,
  tagged,
  text,
} from '../../consensus/codec/schema.ts';
import { goodsSchemes, receiptsPerUnitMax } from '../../consensus/contracts/objects/unit.ts';
import { callHeader, callSignature, signedCall } from '../../consensus/vertex/call.ts';
import { anchorProof } from './anchor.ts';
import { shownPart, stateProof } from './state-proof.ts';

export const BUNDLE_VERSION = 2;
export const bundleBytesMax = 1 << 20;

/** What a bundle of `bundleBytesMax` bytes has room for, about. */
export const historyHopsMax = 256;

/** A call that took effect, with the parts of its arguments that are shown. */
const shownCall = record('shown-call', {
  header: callHeader,
  signatures: list(callSignature, limits.signersMax),
  parts: list(shownPart, 3, 3),
});

/** One call of a history: its record, which names the call before, and the proof that its vertex took effect. */
const hop = record('hop', {
  record: stateProof,
  vertex: vertexProof,
  /** From the vertex's header to the certified one `[CKP-2]`; empty where it is that. */
  path: list(hash32, 64),
  call: shownCall,
});
export type Hop = Infer<typeof hop>;

const statement = tagged('statement', {
  /** A sensor's frame is on the ledger; with the device's record, also that the sensor itself signed it. */
  reading: record('reading-statement', { proof: readingProof, device: maybe(stateProof) }),
  /** A call took effect, or was refused with a code because of something that stood in its way. */
  call: record('call-statement', { proof: vertexProof, call: signedCall }),
  /** An object stands in the state with these values. */
  object: record('object-statement', { proof: stateProof }),
  /** A unit is registered, and carries no pledge; or, with `except`, none but that one. */
  unpledged: record('unpledged-statement', {
    scheme: choice(...goodsSchemes),
    label: text(80, 1),
    except: maybe(hash32),
    unit: stateProof,
    encumbrance: stateProof,
  }),
  /**
   * The search certificate: what stands under an identifier of goods, with every receipt and every pledge that the
   * unit and its encumbrance name, or that there is nothing. All of it under one header.
   */
  search: record('search-statement', {
    scheme: choice(...goodsSchemes),
    label: text(80, 1),
    unit: stateProof,
    encumbrance: stateProof,
    receipts: list(stateProof, receiptsPerUnitMax),
    pledges: list(stateProof, limits.pledgesPerUnitMax),
  }),
  /** `[CTR-25]` An object as it is, and every call that made it so, oldest first. */
  history: record('history-statement', { object: stateProof, hops: list(hop, historyHopsMax, 1) }),
});
export type Statement = Infer<typeof statement>;

export const bundleSchema = record('proof-bundle', {
  version: int(BUNDLE_VERSION, BUNDLE_VERSION),
  network: hash32,
  statement,
  /** From the genesis' committee to the one that certified the anchor, each change in its turn `[LC-1]`. */
  changes: list(committeeChange, changesMax),
  /** From every checkpoint header named above to a certified one. All of them are one header or lie in its history. */
  anchor: anchorProof,
});
export type Bundle = Infer<typeof bundleSchema>;
