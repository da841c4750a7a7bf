/**
 * What a seat signs about a height `[BFT-6]`: the bytes under each phase's domain. They stand here, left of the rooms
 * that vote, because evidence against a seat is a vertex, and a vertex is judged by its bytes `[BFT-2]` `[ADM-1]`.
 */

import { choice, hash32, type Infer, int, record, signature64, tagged } from '../codec/schema.ts';
import { SUITE, verifyDigest } from '../crypto/ed25519.ts';
import { type Domain, zero32 } from '../crypto/hash.ts';

const voteBody = record('vote-body', {
  suite: int(0, 255),
  network: hash32,
  committeeHash: hash32,
  height: int(1),
  view: int(0),
  headerId: hash32,
  /** Hash of the new-view that opened this view; zero in view 0 and for commits. */
  newView: hash32,
});

/** What a vote signs besides its phase, which is the signature's domain. */
export interface VoteSubject {
  readonly network: Uint8Array;
  readonly committeeHash: Uint8Array;
  readonly height: number;
  readonly view: number;
  readonly headerId: Uint8Array;
  readonly newView: Uint8Array;
}

export function voteBytes(subject: VoteSubject): Uint8Array {
  return voteBody.encode({ suite: SUITE, ...subject });
}

const viewChangeBody = record('view-change-body', {
  suite: int(0, 255),
  network: hash32,
  committeeHash: hash32,
  height: int(1),
  view: int(1),
  /** View of the prepared value plus one; 0 for none. */
  preparedIn: int(0),
  preparedId: hash32,
});

export function viewChangeBytes(subject: {
  readonly network: Uint8Array;
  readonly committeeHash: Uint8Array;
  readonly height: number;
  readonly view: number;
  readonly prepared: { readonly view: number; readonly headerId: Uint8Array } | undefined;
}): Uint8Array {
  const { prepared, ...rest } = subject;
  return viewChangeBody.encode({
    suite: SUITE,
    ...rest,
    preparedIn: prepared === undefined ? 0 : prepared.view + 1,
    preparedId: prepared?.headerId ?? zero32,
  });
}

const sayingPhases = ['proposal', 'prepare', 'commit'] as const;
export const sayingDomain: { readonly [P in (typeof sayingPhases)[number]]: Domain } = {
  proposal: 'proposal',
  prepare: 'vote-prepare',
  commit: 'vote-commit',
};

/** One thing that a key signed, without the height and the committee that it is about. */
export const saying = tagged('saying', {
  vote: record('vote-saying', {
    phase: choice(...sayingPhases),
    view: int(0),
    headerId: hash32,
    newView: hash32,
    signature: signature64,
  }),
  viewChange: record('view-change-saying', {
    view: int(1),
    preparedIn: int(0),
    preparedId: hash32,
    signature: signature64,
  }),
});
export type Saying = Infer<typeof saying>;

/** Who said it, of what. */
export interface SayingSubject {
  readonly network: Uint8Array;
  readonly committee: Uint8Array;
  readonly height: number;
  readonly key: Uint8Array;
}

export function verifySaying(said: Saying, { network, committee, height, key }: SayingSubject): boolean {
  const about = { suite: SUITE, network, committeeHash: committee, height };
  if (said.type === 'viewChange') {
    const { view, preparedIn, preparedId, signature } = said;
    const body = viewChangeBody.encode({ ...about, view, preparedIn, preparedId });
    return verifyDigest(signature, 'view-change', network, body, key);
  }
  const { phase, view, headerId, newView, signature } = said;
  const body = voteBody.encode({ ...about, view, headerId, newView });
  return verifyDigest(signature, sayingDomain[phase], network, body, key);
}
