/** Certificates `[CKP-6]` `[BFT-5]` `[BFT-6]`: what q commits prove, and each way in which they do not. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Certificate,
  certificateSchema,
  checkCertificate,
  makeQuorum,
  phaseDomain,
  seatsOf,
  type VotePhase,
  type VoteSubject,
  voteBytes,
} from '../checkpoint/certificate.ts';
import { Committee } from '../checkpoint/committee.ts';
import { type Header, headerId, headerSchema } from '../checkpoint/header.ts';
import { toHex } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import { limits } from '../codec/limits.ts';
import { SUITE, signDigest } from '../crypto/ed25519.ts';
import { zero32 } from '../crypto/hash.ts';
import { hashOf } from './arbitraries.ts';
import { cheapSigner, installCheapSignatures } from './test-signer.ts';

installCheapSignatures();
const test = suite('certificate');

const network = hashOf(900);
const signers = Array.from({ length: 10 }, (_, i) => cheapSigner(i));
const committeeOf = (size: number, lastHeight = 1_000): Committee =>
  new Committee({
    epoch: 0,
    firstHeight: 5,
    lastHeight,
    seats: signers.slice(0, size).map((signer) => signer.publicKey),
  });
const committee = committeeOf(7);

const header: Header = {
  ...{
    suite: SUITE,
    network,
    epoch: 0,
    height: 42,
    previous: hashOf(1),
    time: 1_767_571_200_000,
    anchor: hashOf(2),
  },
  ...{ outcomesRoot: hashOf(3), outcomesCount: 3, stateRoot: hashOf(4), historyRoot: hashOf(5) },
  ...{ committeeHash: committee.hash, nextCommitteeHash: committee.hash },
};

function vote(
  seat: number,
  change: Partial<VoteSubject> = {},
  phase: VotePhase = 'commit',
  signedNetwork = network,
): Uint8Array {
  const subject = {
    network,
    committeeHash: committee.hash,
    height: 42,
    view: 3,
    headerId: headerId(header),
    newView: zero32,
    ...change,
  };
  return signDigest(signers[seat]!, phaseDomain[phase], signedNetwork, voteBytes(subject));
}

function certify(
  seats: readonly number[],
  by: (seat: number) => Uint8Array = vote,
  of = committee,
): Certificate {
  return { height: 42, view: 3, quorum: makeQuorum(new Map(seats.map((seat) => [seat, by(seat)])), of) };
}

const good = certify([0, 2, 3, 5, 6]);

function codeOf(certificate: Certificate, of: Header = header, by = committee, on = network): Code | 'OK' {
  const checked = checkCertificate(of, certificate, by, on);
  return checked.ok ? 'OK' : checked.code;
}

test('q seats or more certify, whichever they are, and say who they were', () => {
  for (const seats of [
    [0, 1, 2, 3, 4],
    [2, 3, 4, 5, 6],
    [0, 1, 2, 3, 4, 5, 6],
  ]) {
    const checked = checkCertificate(header, certify(seats), committee, network);
    assert.equal(checked.ok && checked.value, seats);
  }
});

test('one seat fewer certifies nothing, for every n', () => {
  for (let size = 1; size <= 10; size++) {
    const of = committeeOf(size);
    const changed = { ...header, committeeHash: of.hash };
    const by = (seat: number) => vote(seat, { committeeHash: of.hash, headerId: headerId(changed) });
    const seats = Array.from({ length: of.quorum }, (_, seat) => size - 1 - seat);
    assert.is(codeOf(certify(seats, by, of), changed, of), 'OK', `n = ${size}`);
    if (of.quorum > 1)
      assert.is(codeOf(certify(seats.slice(1), by, of), changed, of), 'E_CERTIFICATE', `n = ${size}`);
  }
});

test('every field of the header is covered', () => {
  for (const field of headerSchema.fieldNames) {
    const value = header[field as keyof Header];
    const changed = { ...header, [field]: typeof value === 'number' ? value + 1 : hashOf(77) };
    assert.is.not(codeOf(good, changed), 'OK', field);
  }
});

test('suite, network, committee and heights are those of the chain', () => {
  assert.is(codeOf(good, { ...header, suite: 2 }), 'E_SUITE');
  assert.is(codeOf(good, { ...header, network: hashOf(8) }), 'E_NETWORK');
  assert.is(codeOf(good, header, committee, hashOf(8)), 'E_NETWORK');
  assert.is(
    codeOf(good, header, committeeOf(7, 41)),
    'E_CERTIFICATE',
    'another committee, whose heights are over',
  );
  const over = committeeOf(7, 41);
  const changed = { ...header, committeeHash: over.hash };
  const by = (seat: number) => vote(seat, { committeeHash: over.hash, headerId: headerId(changed) });
  assert.is(
    codeOf(certify([0, 1, 2, 3, 4], by, over), changed, over),
    'E_CERTIFICATE',
    'outside its committee’s heights',
  );
  assert.is(codeOf({ ...good, height: 43 }), 'E_CERTIFICATE');
});

test('commits of one view only, and nothing but commits', () => {
  assert.is(codeOf({ ...good, view: 2 }), 'E_CERTIFICATE');
  assert.is(
    codeOf(certify([0, 1, 2, 3, 4], (seat) => vote(seat, { view: seat === 4 ? 2 : 3 }))),
    'E_CERTIFICATE',
  );
  assert.is(codeOf(certify([0, 1, 2, 3, 4], (seat) => vote(seat, {}, 'prepare'))), 'E_CERTIFICATE');
  assert.is(codeOf(certify([0, 1, 2, 3, 4], (seat) => vote(seat, { newView: hashOf(6) }))), 'E_CERTIFICATE');
  assert.is(codeOf(certify([0, 1, 2, 3, 4], (seat) => vote(seat, { height: 41 }))), 'E_CERTIFICATE');
  assert.is(codeOf(certify([0, 1, 2, 3, 4], (seat) => vote(seat, {}, 'commit', hashOf(8)))), 'E_CERTIFICATE');
  assert.is(codeOf(certify([0, 1, 2, 3, 4], (seat) => vote(seat, { headerId: hashOf(9) }))), 'E_CERTIFICATE');
});

test('distinct seats, each with its own signature, in their order', () => {
  const { bitmap, signatures } = good.quorum;
  const withQuorum = (quorum: Partial<Certificate['quorum']>): Certificate => ({
    ...good,
    quorum: { bitmap, signatures, ...quorum },
  });
  const [first, second, ...rest] = signatures;
  assert.is(codeOf(withQuorum({ signatures: [second!, first!, ...rest] })), 'E_CERTIFICATE', 'swapped');
  assert.is(
    codeOf(withQuorum({ signatures: signatures.map(() => first!) })),
    'E_CERTIFICATE',
    'one seat five times',
  );
  assert.is(
    codeOf(withQuorum({ signatures: signatures.slice(1) })),
    'E_CERTIFICATE',
    'one bit without a signature',
  );
  assert.is(
    codeOf(withQuorum({ signatures: [...signatures, first!] })),
    'E_CERTIFICATE',
    'one signature without a bit',
  );
  assert.is(
    codeOf(withQuorum({ bitmap: Uint8Array.of(bitmap[0]! ^ 0b11) })),
    'E_CERTIFICATE',
    'another seat’s bit',
  );
});

test('the bitmap has no byte more or less than the committee needs, and no spare bit', () => {
  const { bitmap, signatures } = good.quorum;
  for (const wrong of [
    new Uint8Array(0),
    Uint8Array.of(...bitmap, 0),
    Uint8Array.of(0, ...bitmap),
    Uint8Array.of(bitmap[0]! | 0x80),
  ]) {
    assert.is(codeOf({ ...good, quorum: { bitmap: wrong, signatures } }), 'E_CERTIFICATE', toHex(wrong));
  }
  assert.equal(seatsOf(Uint8Array.of(0b0110_1101), committee), [0, 2, 3, 5, 6]);
  assert.is(seatsOf(Uint8Array.of(0b1000_0000), committee), undefined);
  assert.equal(seatsOf(Uint8Array.of(0xff, 0b11), committeeOf(10)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.is(seatsOf(Uint8Array.of(0xff, 0b100), committeeOf(10)), undefined);
});

test('a certificate that cannot be of this network is refused before a signature is looked at', () => {
  const forged = { ...good, quorum: { ...good.quorum, signatures: good.quorum.signatures.slice(0, 4) } };
  const checked = checkCertificate(header, forged, committee, network);
  assert.ok(!checked.ok && checked.facts['reason'] === 'bitmap does not fit');
});

test('R073: a header with its certificate takes at most 1 KB at n = 7, whoever signed', () => {
  const all = certify([0, 1, 2, 3, 4, 5, 6]);
  const largest = { ...header, height: Number.MAX_SAFE_INTEGER, time: Number.MAX_SAFE_INTEGER };
  const bytes = headerSchema.encode(largest).length + certificateSchema.encode(all).length;
  console.log(`R073: ${bytes} bytes`);
  assert.ok(bytes <= 1_024, `${bytes} bytes`);
});

test('round trip, and what the largest takes', () => {
  const decoded = certificateSchema.decode(certificateSchema.encode(good));
  assert.equal(decoded.ok && decoded.value, good);
  const largest = {
    height: Number.MAX_SAFE_INTEGER,
    view: Number.MAX_SAFE_INTEGER,
    quorum: {
      bitmap: new Uint8Array(8).fill(0xff),
      signatures: Array.from({ length: limits.seatsMax }, () => new Uint8Array(64)),
    },
  };
  assert.ok(certificateSchema.encode(largest).length < 4_500);
});

test.run();
