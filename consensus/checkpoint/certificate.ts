/** Votes of one phase, and the certificate that q commits make `[CKP-6]`; what a vote signs is vertex/sayings.ts. */

import { equalBytes } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import { ok, type Result, refuse } from '../codec/result.ts';
import { bytes, type Infer, int, list, record, signature64 } from '../codec/schema.ts';
import { SUITE, verifyDigest } from '../crypto/ed25519.ts';
import type { Domain } from '../crypto/hash.ts';
import { sayingDomain, voteBytes } from '../vertex/sayings.ts';
import type { Committee } from './committee.ts';
import { type Header, headerId } from './header.ts';

export { type VoteSubject, voteBytes } from '../vertex/sayings.ts';

const bitmapBytesMax = limits.seatsMax / 8;

export type VotePhase = 'prepare' | 'commit';
export const phaseDomain: { readonly [P in VotePhase]: Domain } = sayingDomain;

/** Distinct seats, and one signature of each, in ascending order of seats. */
export const quorumSignatures = record('quorum', {
  /** Bit (seat mod 8) of byte ⌊seat / 8⌋; no byte more than needed, no spare bit set. */
  bitmap: bytes(bitmapBytesMax),
  signatures: list(signature64, limits.seatsMax),
});
export type QuorumSignatures = Infer<typeof quorumSignatures>;

export const certificateSchema = record('certificate', {
  height: int(1),
  view: int(0),
  quorum: quorumSignatures,
});
export type Certificate = Infer<typeof certificateSchema>;

export function makeQuorum(
  signatures: ReadonlyMap<number, Uint8Array>,
  committee: Committee,
): QuorumSignatures {
  const seats = [...signatures.keys()].sort((a, b) => a - b);
  const bitmap = new Uint8Array(Math.ceil(committee.size / 8));
  for (const seat of seats) bitmap[seat >> 3]! |= 1 << (seat & 7);
  return { bitmap, signatures: seats.map((seat) => signatures.get(seat)!) };
}

/** Seats of a bitmap, ascending; `undefined` when its length or a spare bit is wrong. */
export function seatsOf(bitmap: Uint8Array, committee: Committee): number[] | undefined {
  if (bitmap.length !== Math.ceil(committee.size / 8)) return undefined;
  const seats: number[] = [];
  for (let seat = 0; seat < bitmap.length * 8; seat++) {
    if ((bitmap[seat >> 3]! & (1 << (seat & 7))) === 0) continue;
    if (seat >= committee.size) return undefined;
    seats.push(seat);
  }
  return seats;
}

/** q or more distinct seats of `committee` signed `body` under `domain` `[BFT-5]`. */
export function checkQuorum(
  quorum: QuorumSignatures,
  domain: Domain,
  network: Uint8Array,
  body: Uint8Array,
  committee: Committee,
): Result<number[]> {
  const seats = seatsOf(quorum.bitmap, committee);
  if (seats === undefined || seats.length !== quorum.signatures.length)
    return refuse('E_CERTIFICATE', { reason: 'bitmap does not fit' });
  if (seats.length < committee.quorum)
    return refuse('E_CERTIFICATE', { seats: seats.length, quorum: committee.quorum });
  for (const [index, seat] of seats.entries()) {
    if (!verifyDigest(quorum.signatures[index]!, domain, network, body, committee.record.seats[seat]!)) {
      return refuse('E_CERTIFICATE', { reason: 'signature does not verify', seat });
    }
  }
  return ok(seats);
}

/** The certificate certifies this header: the whole of what a light client checks about it `[CKP-6]`. */
export function checkCertificate(
  header: Header,
  certificate: Certificate,
  committee: Committee,
  network: Uint8Array,
): Result<number[]> {
  if (header.suite !== SUITE) return refuse('E_SUITE', { suite: header.suite });
  if (!equalBytes(header.network, network)) return refuse('E_NETWORK', { height: header.height });
  if (certificate.height !== header.height)
    return refuse('E_CERTIFICATE', { height: certificate.height, header: header.height });
  if (!equalBytes(header.committeeHash, committee.hash))
    return refuse('E_CERTIFICATE', { reason: 'another committee', height: header.height });
  if (header.epoch !== committee.epoch)
    return refuse('E_CERTIFICATE', {
      reason: 'another epoch',
      epoch: header.epoch,
      committee: committee.epoch,
    });
  if (!committee.holds(header.height))
    return refuse('E_CERTIFICATE', { reason: 'outside its committee’s heights', height: header.height });
  const body = voteBytes({
    network,
    committeeHash: committee.hash,
    height: header.height,
    view: certificate.view,
    headerId: headerId(header),
    newView: new Uint8Array(32),
  });
  return checkQuorum(certificate.quorum, phaseDomain.commit, network, body, committee);
}
