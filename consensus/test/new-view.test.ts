/** View-changes and new-views `[BFT-4]` `[BFT-5]`: what each must prove, and which value a new view is bound to. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeQuorum, phaseDomain, voteBytes } from '../checkpoint/certificate.ts';
import { type Header, headerId } from '../checkpoint/header.ts';
import type { Code } from '../codec/codes.ts';
import { limits } from '../codec/limits.ts';
import { signDigest } from '../crypto/ed25519.ts';
import { zero32 } from '../crypto/hash.ts';
import {
  type NewViewProof,
  newViewHash,
  type PreparedProof,
  proposalMessage,
  type ViewChangeMessage,
  viewChangeBytes,
  viewChangeMessage,
} from '../pbft/messages.ts';
import { checkNewView, checkViewChange } from '../pbft/new-view.ts';
import { hashOf } from './arbitraries.ts';
import { HEIGHT, headerOf, makeCommittee, rulesOf } from './pbft-schedule.ts';
import { installCheapSignatures } from './test-signer.ts';

installCheapSignatures();
const test = suite('new view');

// n = 6: q = 5, f = 1.
const { committee, signers } = makeCommittee(6);
const rules = rulesOf(committee);
const { network } = rules;
const [X, Y] = [headerOf(1, committee), headerOf(2, committee)];

function prepared(
  view: number,
  header: Header,
  seats: readonly number[] = [0, 1, 2, 3, 4],
  newView = view === 0 ? zero32 : hashOf(view),
): PreparedProof {
  const body = voteBytes({
    network,
    committeeHash: committee.hash,
    height: HEIGHT,
    view,
    headerId: headerId(header),
    newView,
  });
  const signatures = new Map(
    seats.map((seat) => [seat, signDigest(signers[seat]!, phaseDomain.prepare, network, body)]),
  );
  return { view, header, newView, quorum: makeQuorum(signatures, committee) };
}

function viewChange(seat: number, view: number, proof?: PreparedProof, by = seat): ViewChangeMessage {
  // What cannot be signed is said all the same.
  const subject = proof && {
    view: Math.min(proof.view, Number.MAX_SAFE_INTEGER - 1),
    headerId: headerId(proof.header),
  };
  const body = viewChangeBytes({
    network,
    committeeHash: committee.hash,
    height: HEIGHT,
    view,
    prepared: subject,
  });
  return {
    height: HEIGHT,
    view,
    prepared: proof,
    seat,
    signature: signDigest(signers[by]!, 'view-change', network, body),
  };
}

const proofOf = (...viewChanges: ViewChangeMessage[]): NewViewProof => ({ viewChanges });
const plain = (view: number, ...seats: number[]) => seats.map((seat) => viewChange(seat, view));

function codeOf(result: { readonly ok: true } | { readonly ok: false; readonly code: Code }): Code | 'OK' {
  return result.ok ? 'OK' : result.code;
}

function chosen(proof: NewViewProof | undefined, view: number): Header | undefined | Code {
  const choice = checkNewView(proof, HEIGHT, view, rules);
  return choice.ok ? choice.value?.header : choice.code;
}

test('q view-changes without anything prepared leave the leader free', () => {
  assert.is(chosen(proofOf(...plain(3, 0, 1, 2, 3, 4)), 3), undefined);
  assert.is(chosen(proofOf(...plain(3, 1, 2, 3, 4, 5)), 3), undefined);
  assert.is(chosen(proofOf(...plain(3, 0, 1, 2, 3, 4, 5)), 3), undefined, 'more than q is no harm');
});

test('one that has something prepared binds all', () => {
  for (const seat of [0, 2, 4]) {
    const changes = [0, 1, 2, 3, 4].map((other) =>
      viewChange(other, 3, other === seat ? prepared(0, X) : undefined),
    );
    assert.equal(chosen(proofOf(...changes), 3), X);
  }
});

test('of several the one prepared in the greatest view wins, wherever it stands', () => {
  const proofs = [prepared(1, Y), undefined, prepared(4, X), prepared(2, Y), prepared(0, Y)];
  for (let turn = 0; turn < 5; turn++) {
    const changes = proofs.map((_, seat) => viewChange(seat, 7, proofs[(seat + turn) % 5]));
    assert.equal(chosen(proofOf(...changes), 7), X);
  }
});

test('fewer than q, one seat twice, or out of order: no new view', () => {
  assert.is(chosen(undefined, 3), 'E_VOTE');
  assert.is(chosen(proofOf(...plain(3, 0, 1, 2, 3)), 3), 'E_VOTE');
  assert.is(chosen(proofOf(...plain(3, 0, 1, 2, 3, 3)), 3), 'E_VOTE');
  assert.is(chosen(proofOf(...plain(3, 1, 0, 2, 3, 4)), 3), 'E_VOTE');
  assert.is(chosen(proofOf(...plain(3, 0, 1, 2, 3), viewChange(4, 2)), 3), 'E_VOTE', 'one of another view');
  assert.is(chosen(proofOf(...plain(2, 0, 1, 2, 3, 4)), 3), 'E_VOTE', 'all of another view');
  assert.is(
    chosen(proofOf(...plain(3, 0, 1, 2, 3), viewChange(4, 3, undefined, 5)), 3),
    'E_SIG',
    'signed by another seat',
  );
});

test('the same, for another height, is another thing', () => {
  const choice = checkNewView(proofOf(...plain(3, 0, 1, 2, 3, 4)), HEIGHT + 1, 3, rules);
  assert.is(codeOf(choice), 'E_VOTE');
  assert.is(codeOf(checkViewChange({ ...viewChange(0, 3), height: HEIGHT + 1 }, HEIGHT + 1, rules)), 'E_SIG');
});

test('a view-change proves what it says was prepared', () => {
  const check = (proof: PreparedProof, view = 3) =>
    codeOf(checkViewChange(viewChange(1, view, proof), HEIGHT, rules));
  assert.is(check(prepared(2, X)), 'OK');
  assert.is(check(prepared(2, X, [0, 1, 2, 3])), 'E_CERTIFICATE', 'fewer than q');
  assert.is(check({ ...prepared(2, X), view: 1 }), 'E_CERTIFICATE', 'prepared in another view');
  assert.is(check({ ...prepared(2, X), header: Y }), 'E_CERTIFICATE', 'another value');
  assert.is(check({ ...prepared(2, X), newView: hashOf(9) }), 'E_CERTIFICATE', 'under another new-view');
  assert.is(check(prepared(3, X)), 'E_VOTE', 'not in a lower view');
  assert.is(check(prepared(9, X)), 'E_VOTE');
  assert.is(
    check({ ...prepared(2, X), header: { ...X, height: HEIGHT - 1 } }),
    'E_VOTE',
    'of another height',
  );
  assert.is(
    check({ ...prepared(2, X), view: Number.MAX_SAFE_INTEGER }, Number.MAX_SAFE_INTEGER),
    'E_VOTE',
    'and nothing throws',
  );
});

test('what a view-change says was prepared is signed: nobody can add, take or change it', () => {
  const check = (message: ViewChangeMessage) => codeOf(checkViewChange(message, HEIGHT, rules));
  assert.is(check({ ...viewChange(1, 3), prepared: prepared(2, X) }), 'E_SIG');
  assert.is(check({ ...viewChange(1, 3, prepared(2, X)), prepared: undefined }), 'E_SIG');
  assert.is(check({ ...viewChange(1, 3, prepared(2, X)), prepared: prepared(1, X) }), 'E_SIG');
  assert.is(check({ ...viewChange(1, 3), view: 4 }), 'E_SIG');
  assert.is(check({ ...viewChange(1, 3), seat: 2 }), 'E_SIG');
  assert.is(check({ ...viewChange(1, 3), seat: 6 }), 'E_VOTE', 'no such seat');
});

test('commits are no prepares: a prepared proof made of commits proves nothing', () => {
  const body = voteBytes({
    network,
    committeeHash: committee.hash,
    height: HEIGHT,
    view: 2,
    headerId: headerId(X),
    newView: zero32,
  });
  const signatures = new Map(
    [0, 1, 2, 3, 4].map((seat) => [seat, signDigest(signers[seat]!, phaseDomain.commit, network, body)]),
  );
  const proof = { view: 2, header: X, newView: zero32, quorum: makeQuorum(signatures, committee) };
  assert.is(codeOf(checkViewChange(viewChange(0, 3, proof), HEIGHT, rules)), 'E_CERTIFICATE');
});

test('a new-view’s hash names exactly these view-changes', () => {
  const five = proofOf(...plain(3, 0, 1, 2, 3, 4));
  assert.equal(newViewHash(undefined), zero32);
  assert.equal(newViewHash(five), newViewHash(proofOf(...plain(3, 0, 1, 2, 3, 4))));
  assert.not.equal(newViewHash(five), newViewHash(proofOf(...plain(3, 0, 1, 2, 3, 5))));
  assert.not.equal(newViewHash(five), newViewHash(proofOf(...plain(3, 0, 1, 2, 3, 4, 5))));
});

test('the largest messages there can be still fit a frame', () => {
  const signatures = Array.from({ length: limits.seatsMax }, () => new Uint8Array(64));
  const big = Number.MAX_SAFE_INTEGER;
  const header = { ...X, epoch: big, height: big, time: big, outcomesCount: big };
  const proof = { view: big, header, newView: zero32, quorum: { bitmap: new Uint8Array(8), signatures } };
  const change = { height: big, view: big, prepared: proof, seat: 63, signature: new Uint8Array(64) };
  const newView = { viewChanges: Array.from({ length: limits.seatsMax }, () => change) };
  const proposal = proposalMessage.encode({
    ...{ view: big, header, previousCertificate: { height: big, view: big, quorum: proof.quorum }, newView },
    ...{ anchor: new Uint8Array(limits.vertexHeaderBytesMax), seat: 63, signature: new Uint8Array(64) },
  });
  assert.ok(proposal.length < limits.frameBytesMax, `${proposal.length} bytes`);
  assert.ok(viewChangeMessage.encode(change).length < 8_192);
});

test.run();
