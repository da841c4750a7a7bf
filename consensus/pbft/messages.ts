/** What seats say to each other about one height (protocol §8), and how each saying is signed `[BFT-6]`. */

import { certificateSchema, quorumSignatures } from '../checkpoint/certificate.ts';
import { headerSchema } from '../checkpoint/header.ts';
import { concatBytes } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import { bytes, choice, hash32, type Infer, int, list, maybe, record, signature64 } from '../codec/schema.ts';
import { hash, zero32 } from '../crypto/hash.ts';

export { viewChangeBytes } from '../vertex/sayings.ts';

const seat = int(0, limits.seatsMax - 1);

/** A prepare or a commit. */
export const voteMessage = record('vote', {
  phase: choice('prepare', 'commit'),
  height: int(1),
  view: int(0),
  headerId: hash32,
  /** Hash of the view's new-view; zero in view 0 and for commits. */
  newView: hash32,
  seat,
  signature: signature64,
});
export type VoteMessage = Infer<typeof voteMessage>;

/** Proof that a value was prepared: the header and q prepares of one view. */
export const preparedProof = record('prepared', {
  view: int(0),
  header: headerSchema,
  newView: hash32,
  quorum: quorumSignatures,
});
export type PreparedProof = Infer<typeof preparedProof>;

export const viewChangeMessage = record('view-change', {
  height: int(1),
  /** The view that is asked for. */
  view: int(1),
  prepared: maybe(preparedProof),
  seat,
  signature: signature64,
});
export type ViewChangeMessage = Infer<typeof viewChangeMessage>;

/** q view-changes for one view, of distinct seats in ascending order: why a leader may propose in it. */
export const newViewProof = record('new-view', { viewChanges: list(viewChangeMessage, limits.seatsMax, 1) });
export type NewViewProof = Infer<typeof newViewProof>;

/** Pre-prepare, and in views above 0 the new-view with it. */
export const proposalMessage = record('proposal', {
  view: int(0),
  header: headerSchema,
  /** Certificate of the header before; absent for height 1. */
  previousCertificate: maybe(certificateSchema),
  newView: maybe(newViewProof),
  /** The anchor vertex, so that a seat need not ask for it; empty when the anchor repeats. */
  anchor: bytes(limits.vertexHeaderBytesMax),
  seat,
  signature: signature64,
});
export type ProposalMessage = Infer<typeof proposalMessage>;

/** Names a new-view inside the prepares that rest on it. */
export function newViewHash(proof: NewViewProof | undefined): Uint8Array {
  if (proof === undefined) return zero32;
  return hash('new-view', concatBytes(...proof.viewChanges.map((entry) => viewChangeMessage.encode(entry))));
}

/** One line of the vote log `[BFT-1]`: written durably before the message it holds is sent. */
export const voteLogEntry = record('vote-log', {
  height: int(1),
  view: int(0),
  phase: choice('proposal', 'prepare', 'commit', 'view-change'),
  /** The value signed: a header id; for a view-change the prepared id or zero. */
  value: hash32,
  /** What a commit rests on, to be shown in a later view-change. */
  prepared: maybe(preparedProof),
});
export type VoteLogEntry = Infer<typeof voteLogEntry>;
