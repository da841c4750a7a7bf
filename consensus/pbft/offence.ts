/**
 * Finding offences `[BFT-2]`: `OffenceWatch` holds what each seat was seen to sign at one height against the rest of it,
 * and `findGuilty` does so with the proofs behind two decisions that cannot both be. docs/spec/committee.md.
 */

import {
  type Certificate,
  checkCertificate,
  checkQuorum,
  phaseDomain,
  type QuorumSignatures,
  seatsOf,
  voteBytes,
} from '../checkpoint/certificate.ts';
import type { Committee } from '../checkpoint/committee.ts';
import { type Header, headerId } from '../checkpoint/header.ts';
import { equalBytes, toHex } from '../codec/bytes.ts';
import { type Infer, list, maybe, record } from '../codec/schema.ts';
import { zero32 } from '../crypto/hash.ts';
import { contradiction, makeOffence, type Offence } from '../vertex/offence.ts';
import type { Saying } from '../vertex/sayings.ts';
import {
  newViewProof,
  type PreparedProof,
  preparedProof,
  type ViewChangeMessage,
  type VoteMessage,
} from './messages.ts';
import { checkNewView } from './new-view.ts';

/** Sayings held of one seat: those of some 16 views. */
const SAYINGS_MAX = 64;
/** New-views kept with a decision: those of the last views. */
export const newViewsMax = 8;

interface Rules {
  readonly network: Uint8Array;
  readonly committee: Committee;
}

/** Holds sayings of one height; the caller has verified their signatures. One offence a seat is enough. */
export class OffenceWatch {
  readonly #committee: Committee;
  readonly #height: number;
  readonly #said = new Map<number, Saying[]>();
  readonly #guilty = new Set<number>();

  constructor(committee: Committee, height: number) {
    this.#committee = committee;
    this.#height = height;
  }

  /** An offence of this seat was found: what else it says proves nothing more. */
  isGuilty(seat: number): boolean {
    return this.#guilty.has(seat);
  }

  /** Takes note of what a seat signed; the offence that it makes with what it signed before, if any. */
  note(seat: number, said: Saying): Offence | undefined {
    const key = this.#committee.record.seats[seat];
    if (key === undefined || this.#guilty.has(seat)) return undefined;
    const before = this.#said.get(seat) ?? [];
    const other = before.find((earlier) => contradiction(earlier, said) !== undefined);
    if (other !== undefined) {
      this.#guilty.add(seat);
      this.#said.delete(seat);
      return makeOffence({ key, committee: this.#committee.hash, height: this.#height }, other, said);
    }
    if (!before.some((earlier) => isSame(earlier, said)))
      this.#said.set(seat, [...before, said].slice(-SAYINGS_MAX));
    return undefined;
  }
}

function isSame(a: Saying, b: Saying): boolean {
  if (a.type === 'viewChange') return b.type === 'viewChange' && a.view === b.view;
  return b.type === 'vote' && a.phase === b.phase && a.view === b.view;
}

export function voteSaying({ phase, view, headerId: id, newView, signature }: VoteMessage): Saying {
  return { type: 'vote', phase, view, headerId: id, newView, signature };
}

export function proposalSaying(
  view: number,
  id: Uint8Array,
  newView: Uint8Array,
  signature: Uint8Array,
): Saying {
  return { type: 'vote', phase: 'proposal', view, headerId: id, newView, signature };
}

export function viewChangeSaying({ view, prepared, signature }: ViewChangeMessage): Saying {
  const preparedId = prepared === undefined ? zero32 : headerId(prepared.header);
  return { type: 'viewChange', view, preparedIn: (prepared?.view ?? -1) + 1, preparedId, signature };
}

/** Why a height was decided as it was: kept beside its certificate, to name whoever lied should it come to a fork. */
export const decisionProof = record('decision-proof', {
  /** The q prepares on which the commits rest. */
  prepared: maybe(preparedProof),
  /** New-views of the views above 0 that led there. */
  newViews: list(newViewProof, newViewsMax),
});
export type DecisionProof = Infer<typeof decisionProof>;

export interface Decision {
  readonly header: Header;
  readonly certificate: Certificate;
  readonly proof: DecisionProof | undefined;
}

/**
 * The seats that lied, where two certified headers of one height differ (R050). Both decisions are foreign: what does
 * not verify in them is left out. Empty when they are no fork, or when the proofs of the later view are missing.
 */
export function findGuilty(first: Decision, second: Decision, { network, committee }: Rules): Offence[] {
  const { height } = first.header;
  if (second.header.height !== height || equalBytes(headerId(first.header), headerId(second.header)))
    return [];
  const watch = new OffenceWatch(committee, height);
  const found: Offence[] = [];
  const note = (seat: number, said: Saying): void => {
    const offence = watch.note(seat, said);
    if (offence !== undefined) found.push(offence);
  };
  const noteQuorum = (quorum: QuorumSignatures, vote: Omit<Saying & { type: 'vote' }, 'signature'>): void => {
    for (const [index, seat] of (seatsOf(quorum.bitmap, committee) ?? []).entries())
      note(seat, { ...vote, signature: quorum.signatures[index]! });
  };
  const notePrepared = ({ view, header, newView, quorum }: PreparedProof): void =>
    noteQuorum(quorum, { type: 'vote', phase: 'prepare', view, headerId: headerId(header), newView });

  for (const { header, certificate, proof } of [first, second]) {
    if (!checkCertificate(header, certificate, committee, network).ok) continue;
    const id = headerId(header);
    noteQuorum(certificate.quorum, {
      ...{ type: 'vote', phase: 'commit', view: certificate.view, headerId: id, newView: zero32 },
    });
    const { prepared, newViews = [] } = proof ?? {};
    if (prepared !== undefined && isPrepared(prepared, height, { network, committee }))
      notePrepared(prepared);
    for (const newView of newViews) {
      const view = newView.viewChanges[0]!.view;
      if (!checkNewView(newView, height, view, { network, committee }).ok) continue;
      for (const change of newView.viewChanges) {
        note(change.seat, viewChangeSaying(change));
        if (change.prepared !== undefined) notePrepared(change.prepared);
      }
    }
  }
  return found;
}

function isPrepared(
  { view, header, newView, quorum }: PreparedProof,
  height: number,
  { network, committee }: Rules,
): boolean {
  if (header.height !== height) return false;
  const committeeHash = committee.hash;
  const body = voteBytes({ network, committeeHash, height, view, headerId: headerId(header), newView });
  return checkQuorum(quorum, phaseDomain.prepare, network, body, committee).ok;
}

/** Seats that certified a header outside their committee's heights: one signature of each is an offence `[BFT-2]`. */
export function findOutside(header: Header, certificate: Certificate, committee: Committee): Offence[] {
  const { hash } = committee;
  return (seatsOf(certificate.quorum.bitmap, committee) ?? []).flatMap((seat, index) => {
    const key = committee.record.seats[seat];
    const signature = certificate.quorum.signatures[index];
    if (key === undefined || signature === undefined) return [];
    const { view } = certificate;
    const said = {
      type: 'vote',
      phase: 'commit',
      view,
      headerId: headerId(header),
      newView: zero32,
    } as const;
    return [makeOffence({ key, committee: hash, height: header.height }, { ...said, signature })];
  });
}

/** Names an offence: one of a key at a height is enough. */
export function offenceName({ key, height }: Pick<Offence, 'key' | 'height'>): string {
  return `${toHex(key)}/${height}`;
}
