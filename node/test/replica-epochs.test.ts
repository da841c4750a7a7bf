/**
 * One replica at the ends of epochs `[CKP-4]`, and as a witness of offences `[BFT-2]`: what it believes of headers whose
 * committee it does not know, what a former committee may still say, and when it writes evidence.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { Committee } from '../../consensus/checkpoint/committee.ts';
import type { Header } from '../../consensus/checkpoint/header.ts';
import { compareBytes, toHex } from '../../consensus/codec/bytes.ts';
import { endEpoch } from '../../consensus/contracts/transitions/seats.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { callPayloadHash, composeCall, signCall, signedCall } from '../../consensus/vertex/call.ts';
import { type Offence, offence, offencePayloadHash } from '../../consensus/vertex/offence.ts';
import { signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { LAZY_HEIGHTS } from '../replica/author.ts';
import { Desk } from './one-replica.ts';

const test = suite('replica over epochs');
const EPOCH = 3;

const offencesOf = (desk: Desk): Offence[] =>
  desk.notices().flatMap((notice) => (notice.type === 'offence' ? [notice.offence] : []));
const evidenceOf = (desk: Desk): Vertex[] =>
  desk.effects.flatMap((effect) =>
    effect.type === 'gossip' ? effect.vertices.filter(({ kind }) => kind === 'evidence') : [],
  );

/** Certifies empty checkpoints up to a height. */
async function advance(desk: Desk, height: number): Promise<void> {
  while (desk.replica.ledger.height < height) await desk.certify([]);
}

/** A header of an epoch that the desk cannot know yet, with a certificate that it cannot judge. */
function strangeHeader(desk: Desk, height: number): Header {
  const { seats } = desk.genesis.committee;
  const strange = new Committee({
    epoch: 7,
    firstHeight: height,
    lastHeight: height,
    seats: [...seats].reverse(),
  });
  const hashes = { committeeHash: strange.hash, nextCommitteeHash: strange.hash };
  return { ...desk.replica.ledger.header, ...hashes, epoch: 7, height, previous: zero32 };
}

test('goes from committee to committee by execution, and starts again in the middle of an epoch', async () => {
  const desk = await Desk.open({ epochHeights: EPOCH });
  const first = desk.replica.ledger.committee;
  await advance(desk, 2);
  assert.is(desk.replica.ledger.committee, first);
  assert.ok(desk.replica.ledger.endsNext);
  await advance(desk, 3);
  const { ledger } = desk.replica;
  assert.is(ledger.committee.epoch, 1);
  assert.equal(ledger.header.nextCommitteeHash, ledger.committee.hash);
  assert.is(ledger.newestCommittee, first);
  assert.equal(ledger.committee.seats, first.seats);
  await advance(desk, 5);
  await desk.restart();
  assert.is(desk.replica.ledger.committee.epoch, 1);
  assert.equal(desk.replica.ledger.committeeOf(first.hash)?.record, first.record);
  await advance(desk, 10);
  assert.is(desk.replica.ledger.committee.epoch, 3);
});

test('a header of a later epoch is a claim: asked about, but only more than f seats that make it hold the node back', async () => {
  const desk = await Desk.open({ epochHeights: EPOCH, others: 4 });
  await advance(desk, 1);
  const header = strangeHeader(desk, 100);
  const certificate = [desk.certificateOf(header)];
  const claim = (from: number) => desk.hear(from, { type: 'certified', speaks: true, header, certificate });
  const asked = () => desk.sent().some(({ message }) => message.type === 'getCheckpoint');
  for (const stranger of [5, 6, 7]) await claim(stranger);
  desk.nowMs += 1_000;
  await desk.step({ type: 'tick' });
  assert.ok(asked(), 'they may be right');
  assert.is(desk.replica.gauges().target, 1, 'but nobody has shown it');
  await claim(0);
  assert.is(desk.replica.gauges().target, 1, 'one seat may lie');
  const author = {
    type: 'author',
    kind: 'readings',
    payload: new Uint8Array(0),
    payloadHash: zero32,
  } as const;
  assert.is((await desk.step(author)).type, 'taken');
  await claim(1);
  assert.is(desk.replica.gauges().target, 100, 'two of four do not');
  assert.ok(100 > desk.replica.ledger.height + LAZY_HEIGHTS);
  assert.is((await desk.step(author)).type, 'refused', 'so far behind it says nothing');
  await desk.step({ type: 'disconnected', peer: desk.keys[1]! });
  assert.is((await desk.step(author)).type, 'taken');
});

test('a peer that lags behind the end of an epoch is not refused for the header that it shows', async () => {
  const desk = await Desk.open({ epochHeights: EPOCH, others: 4 });
  const { header, certificate } = await desk.certify([]);
  await advance(desk, EPOCH + 1);
  assert.ok(desk.replica.ledger.newestCommittee.epoch > header.epoch);
  await desk.hear(1, { type: 'certified', speaks: true, header, certificate: [certificate] });
  const refusals = desk.effects.filter(
    (effect) => effect.type === 'notice' && effect.notice.type === 'refused',
  );
  assert.equal(refusals, []);
});

test('a certificate of a former committee above its end convicts all who signed it, and moves nothing', async () => {
  const desk = await Desk.open();
  const former = desk.genesis.committee;
  await advance(desk, 1);
  const { network } = desk.genesis;
  const composed = composeCall({
    ...{ network, transition: endEpoch.name, salts: [zero32, zero32] as const },
    values: endEpoch.args.encodeParts({ height: 3 }),
    nonce: new Uint8Array(16),
    deadline: desk.nowMs + 60_000,
  });
  const signatures = [0, 1, 2]
    .map((seat) => signCall(composed, desk.signers[seat]!))
    .sort((x, y) => compareBytes(x.key, y.key));
  const call = { ...composed, signatures };
  const plain = desk.vertex(5, { kind: 'transaction', payloadHash: callPayloadHash(call) });
  const vertex = signVertex(plain, signedCall.encode(call), desk.signers[5]!);
  await desk.gossip(5, vertex);
  await desk.certify([vertex]);
  assert.ok(desk.replica.ledger.endsNext);
  await advance(desk, 4);
  assert.is(desk.replica.ledger.committee.epoch, 1);
  assert.ok(former.holds(5), 'its record does not say that it ended');

  const hashes = { committeeHash: former.hash, nextCommitteeHash: former.hash };
  const header = { ...desk.replica.ledger.header, ...hashes, epoch: 0, height: 5 };
  await desk.hear(5, { type: 'certified', speaks: true, header, certificate: [desk.certificateOf(header)] });
  assert.equal(
    offencesOf(desk)
      .map(({ key }) => toHex(key))
      .sort(),
    desk.keys.slice(0, 3).sort(),
  );
  assert.is(evidenceOf(desk).length, 3);
  assert.is(desk.replica.gauges().target, 4);
  const forged = { ...header, time: header.time + 1 };
  await desk.hear(5, {
    type: 'certified',
    speaks: true,
    header: forged,
    certificate: [desk.certificateOf(header)],
  });
  assert.equal(offencesOf(desk), []);
});

function twoCommits(desk: Desk, seat: number, height: number): Offence {
  const { network } = desk.genesis;
  const { committee } = desk.replica.ledger;
  const sayings = [1, 2].map((value) => {
    const said = { view: 0, headerId: hash('header', Uint8Array.of(value)), newView: zero32 };
    const body = voteBytes({ network, committeeHash: committee.hash, height, ...said });
    const signature = signDigest(desk.signers[seat]!, 'vote-commit', network, body);
    return { type: 'vote' as const, phase: 'commit' as const, ...said, signature };
  });
  const ordered = sayings.sort((a, b) => (toHex(a.headerId) < toHex(b.headerId) ? -1 : 1));
  return { key: desk.signers[seat]!.publicKey, committee: committee.hash, height, sayings: ordered };
}

/** A seat's two commits, heard over its own stream. */
async function hearTwoCommits(desk: Desk, seat: number): Promise<void> {
  const height = desk.replica.ledger.height + 1;
  for (const said of twoCommits(desk, seat, height).sayings) {
    if (said.type !== 'vote' || said.phase === 'proposal') continue;
    const { phase, view, headerId, newView, signature } = said;
    await desk.hear(seat, { type: 'vote', phase, height, view, headerId, newView, seat, signature });
  }
}

test('two votes of a seat: told once, written once, durably before it is gossiped', async () => {
  const desk = await Desk.open();
  await advance(desk, 1);
  await hearTwoCommits(desk, 2);
  assert.is(offencesOf(desk).length, 1);
  assert.equal(offencesOf(desk)[0]!.key, desk.signers[2]!.publicKey);
  assert.is(evidenceOf(desk).length, 1);
  const types = desk.effects.map(({ type }) => type);
  assert.ok(types.indexOf('sync') !== -1 && types.indexOf('sync') < types.indexOf('gossip'));
  await hearTwoCommits(desk, 2);
  assert.equal([offencesOf(desk).length, evidenceOf(desk).length], [0, 0]);
});

test('where somebody else’s evidence is here it waits; where that comes to nothing it writes its own', async () => {
  const desk = await Desk.open();
  await advance(desk, 1);
  const payload = offence.encode(twoCommits(desk, 2, 2));
  const plain = desk.vertex(6, { kind: 'evidence', payloadHash: offencePayloadHash(payload) });
  await desk.gossip(6, signVertex(plain, payload, desk.signers[6]!));
  assert.is(desk.replica.dag.get(plain.key)?.vertex.kind, 'evidence');
  await hearTwoCommits(desk, 2);
  assert.is(offencesOf(desk).length, 1, 'it has seen it as well');
  assert.is(evidenceOf(desk).length, 0);
  desk.nowMs += 4_900;
  await desk.step({ type: 'tick' });
  assert.is(evidenceOf(desk).length, 0);
  assert.ok(desk.replica.wakeAt <= desk.nowMs + 100);
  desk.nowMs += 200;
  await desk.step({ type: 'tick' });
  assert.is(evidenceOf(desk).length, 1);

  const other = await Desk.open();
  await advance(other, 1);
  const told = other.vertex(6, { kind: 'evidence', payloadHash: offencePayloadHash(payload) });
  const vertex = signVertex(told, payload, other.signers[6]!);
  await other.gossip(6, vertex);
  await hearTwoCommits(other, 2);
  await other.certify([vertex]);
  other.nowMs += 6_000;
  await other.step({ type: 'tick' });
  assert.is(evidenceOf(other).length, 0, 'that one took effect');
});

test.run();
