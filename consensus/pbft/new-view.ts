/** View-changes and new-views `[BFT-4]` `[BFT-5]`: what each must prove, and the value a new view is bound to. */

import { checkQuorum, phaseDomain, voteBytes } from '../checkpoint/certificate.ts';
import type { Committee } from '../checkpoint/committee.ts';
import { headerId } from '../checkpoint/header.ts';
import { ok, type Result, refuse } from '../codec/result.ts';
import { verifyDigest } from '../crypto/ed25519.ts';
import {
  type NewViewProof,
  type PreparedProof,
  type ViewChangeMessage,
  viewChangeBytes,
} from './messages.ts';

interface Rules {
  readonly network: Uint8Array;
  readonly committee: Committee;
}

/** The seat signed it, and q distinct seats prepared what it says was prepared, in a lower view of this height. */
export function checkViewChange(
  message: ViewChangeMessage,
  height: number,
  rules: Rules,
): Result<ViewChangeMessage> {
  const { network, committee } = rules;
  const voter = committee.record.seats[message.seat];
  if (voter === undefined || message.height !== height)
    return refuse('E_VOTE', { reason: 'no such seat or height' });
  const { prepared } = message;
  // Before anything is encoded: one view above the greatest integer there is nothing.
  if (prepared !== undefined && (prepared.view >= message.view || prepared.header.height !== height)) {
    return refuse('E_VOTE', { reason: 'prepared in no lower view' });
  }
  const subject = prepared && { view: prepared.view, headerId: headerId(prepared.header) };
  const body = viewChangeBytes({
    network,
    committeeHash: committee.hash,
    height,
    view: message.view,
    prepared: subject,
  });
  if (!verifyDigest(message.signature, 'view-change', network, body, voter))
    return refuse('E_SIG', { part: 'view-change' });
  if (prepared !== undefined) {
    const { view, newView } = prepared;
    const vote = voteBytes({
      network,
      committeeHash: committee.hash,
      height,
      view,
      headerId: subject!.headerId,
      newView,
    });
    const quorum = checkQuorum(prepared.quorum, phaseDomain.prepare, network, vote, committee);
    if (!quorum.ok) return quorum;
  }
  return ok(message);
}

/** q valid view-changes of distinct seats for this view; gives the prepared value it must re-propose, if any. */
export function checkNewView(
  proof: NewViewProof | undefined,
  height: number,
  view: number,
  rules: Rules,
): Result<PreparedProof | undefined> {
  if (proof === undefined) return refuse('E_VOTE', { reason: 'no new-view' });
  let chosen: PreparedProof | undefined;
  let before = -1;
  for (const message of proof.viewChanges) {
    if (message.view !== view || message.seat <= before)
      return refuse('E_VOTE', { reason: 'view-changes of another view, or not ascending' });
    before = message.seat;
    const checked = checkViewChange(message, height, rules);
    if (!checked.ok) return checked;
    if (message.prepared !== undefined && (chosen === undefined || message.prepared.view > chosen.view))
      chosen = message.prepared;
  }
  if (proof.viewChanges.length < rules.committee.quorum)
    return refuse('E_VOTE', { reason: 'fewer than q view-changes' });
  return ok(chosen);
}
