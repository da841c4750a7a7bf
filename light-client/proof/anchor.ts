/**
 * Why a checkpoint header is to be believed: it carries q signatures, or it stands in the history of one that does
 * `[CKP-2]`. Every proof of the ledger ends here. docs/spec/proofs.md.
 */

import { certificateSchema, checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import { type CommitteeChange, checkChange } from '../../consensus/checkpoint/change.ts';
import type { Committee } from '../../consensus/checkpoint/committee.ts';
import { type Header, headerId, headerSchema, isInHistory } from '../../consensus/checkpoint/header.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { hash32, type Infer, list, record } from '../../consensus/codec/schema.ts';

export const certifiedHeader = record('certified-header', {
  header: headerSchema,
  certificate: certificateSchema,
});
export type CertifiedHeader = Infer<typeof certifiedHeader>;

/** A certified header, and the path to an older one in its history; no path where it is the header itself. */
export const anchorProof = record('anchor', { certified: certifiedHeader, path: list(hash32, 64) });
export type AnchorProof = Infer<typeof anchorProof>;

export interface TrustRoot {
  readonly network: Uint8Array;
  readonly committee: Committee;
}

export function checkCertified({ header, certificate }: CertifiedHeader, root: TrustRoot): Result<number[]> {
  return checkCertificate(header, certificate, root.committee, root.network);
}

/** The trust root once these changes of committee have taken place, one after the other `[LC-1]`. */
export function followChanges(changes: readonly CommitteeChange[], root: TrustRoot): Result<TrustRoot> {
  const { network } = root;
  let { committee } = root;
  for (const change of changes) {
    const next = checkChange(change, committee, network);
    if (!next.ok) return next;
    committee = next.value;
  }
  return ok({ network, committee });
}

/** `target` is the certified header, or one of its ancestors. The certificate itself is checked by `checkCertified`. */
export function checkAnchored(target: Header, anchor: AnchorProof): Result<Header> {
  const { header } = anchor.certified;
  const id = headerId(target);
  if (target.height === header.height) {
    if (anchor.path.length === 0 && equalBytes(id, headerId(header))) return ok(target);
    return refuse('E_PROOF', { reason: 'not the certified header', height: target.height });
  }
  const history = { size: header.height, root: header.historyRoot, path: anchor.path };
  return isInHistory(id, target.height, history)
    ? ok(target)
    : refuse('E_PROOF', { reason: 'not in the certified header’s history', height: target.height });
}
