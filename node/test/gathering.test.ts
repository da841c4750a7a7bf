/** Gathering signatures, one replica: what is taken, what is refused and why, who is told, how it ends. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes, toHex } from '../../consensus/codec/bytes.ts';
import { party } from '../../consensus/contracts/registry.ts';
import { enrolKey } from '../../consensus/contracts/transitions/enrol.ts';
import { expire } from '../../consensus/contracts/transitions/expire.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import {
  type CallHeader,
  callHeader,
  callPayloadHash,
  composeCall,
  type SignedCall,
  signCall,
  signedCall,
  verifyCallSignature,
} from '../../consensus/vertex/call.ts';
import { signDecline, verifyDecline } from '../../consensus/vertex/decline.ts';
import { signVertex } from '../../consensus/vertex/vertex.ts';
import { type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import type { PendingState } from '../replica/pending-call.ts';
import { pendingLimits } from '../replica/shelf.ts';
import { Desk } from './one-replica.ts';
import { countersignedCall, idOf, newSigner, partyId, signedBy } from './pending-calls.ts';

const test = suite('gathering signatures');

/** This node; the other party asked; parties that have nothing to do with it. */
const OWN = 4;
const OTHER = 5;
const STRANGER = 6;
const HOUR_MS = 3_600_000;

type Sent = { readonly peer: string; readonly message: PeerMessage };
const isAboutCalls = ({ message }: Sent): boolean =>
  message.type === 'callOffer' || message.type === 'callNews';

async function open(): Promise<Desk> {
  const desk = await Desk.open({ own: OWN });
  await desk.certify([]);
  for (const peer of [OTHER, STRANGER]) await desk.step({ type: 'connected', peer: desk.keys[peer]! });
  return desk;
}

const partyAt = (desk: Desk, number: number): Uint8Array =>
  partyId(desk.genesis.network, desk.genesis.record.parties[number]!.lei);

interface Wish {
  readonly name?: string;
  readonly parties?: readonly [number, number];
  readonly deadline?: number;
}

function callOf(desk: Desk, { name = 'NEW', parties = [OWN, OTHER], deadline }: Wish = {}): SignedCall {
  return countersignedCall({
    network: desk.genesis.network,
    parties: [partyAt(desk, parties[0]), partyAt(desk, parties[1])],
    deadline: deadline ?? desk.nowMs + HOUR_MS,
    name,
  });
}

const propose = (desk: Desk, call: SignedCall) =>
  desk.step({ type: 'pending', act: { act: 'propose', call } });
const sign = (desk: Desk, call: SignedCall) =>
  desk.step({ type: 'pending', act: { act: 'sign', call: toHex(idOf(call)) } });
const decline = (desk: Desk, call: SignedCall, reason: string) =>
  desk.step({ type: 'pending', act: { act: 'decline', call: toHex(idOf(call)), reason } });

const news = (call: SignedCall, from: SignedCall = call, asks = false): PeerMessage => ({
  ...{ type: 'callNews', call: idOf(call), signatures: from.signatures, declines: [], asks },
});
const offer = (call: SignedCall): PeerMessage => ({
  ...{ type: 'callOffer', call: signedCall.encode(call), declines: [] },
});

const stateOf = (desk: Desk, call: SignedCall): PendingState | undefined => {
  const { gathering } = desk.replica;
  const pending = gathering.find(toHex(idOf(call)));
  return pending && gathering.rules.stateOf(pending);
};
const told = (desk: Desk): Sent[] => desk.sent().filter(isAboutCalls);
const refusals = (desk: Desk): string[] =>
  desk.notices().flatMap((notice) => (notice.type === 'refused' ? [notice.code] : []));
const stored = (desk: Desk): number =>
  desk.effects.filter((effect) => effect.type === 'store' && effect.write.type === 'pending').length;
const transactions = (desk: Desk) =>
  [...desk.replica.dag.nodes()].map(({ vertex }) => vertex).filter(({ kind }) => kind === 'transaction');

// ---- one call [GTH-1]

test('a partial signature holds for one call: no other arguments, deadline, network, name, nonce or salt', async () => {
  const desk = await open();
  const call = callOf(desk);
  const signer = desk.signers[OTHER]!;
  const signature = signCall(call, signer);
  const holds = (header: CallHeader): boolean => verifyCallSignature(signature, header);
  assert.ok(holds(call.header));
  assert.not.ok(holds(callOf(desk, { name: 'OTHER' }).header), 'other arguments');
  assert.not.ok(holds(callOf(desk, { deadline: call.header.deadline + 1 }).header), 'a later deadline');
  assert.not.ok(holds({ ...call.header, network: hash('network', zero32) }), 'another network');
  assert.not.ok(holds({ ...call.header, suite: call.header.suite + 1 }), 'another suite');
  assert.not.ok(holds({ ...call.header, transition: 'enrol-device' }), 'another transition');
  assert.not.ok(holds({ ...call.header, nonce: new Uint8Array(16) }), 'another nonce');
  for (const part of [0, 1, 2])
    assert.not.ok(
      holds({ ...call.header, parts: call.header.parts.map((hashed, i) => (i === part ? zero32 : hashed)) }),
      `another part V${part}`,
    );
  // Not one bit of the header is free.
  const bytes = callHeader.encode(call.header);
  let decodable = 0;
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const turned = bytes.slice();
    turned[bit >> 3]! ^= 1 << (bit & 7);
    const header = callHeader.decode(turned);
    if (!header.ok) continue;
    decodable += 1;
    assert.not.ok(holds(header.value), `bit ${bit}`);
  }
  assert.ok(decodable > 1_000, `${decodable}`);

  const refused = signDecline(idOf(call), 'no', desk.genesis.network, signer);
  assert.ok(verifyDecline(refused, idOf(call), desk.genesis.network));
  assert.not.ok(verifyDecline({ ...refused, reason: 'yes' }, idOf(call), desk.genesis.network));
  assert.not.ok(verifyDecline(refused, idOf(callOf(desk, { name: 'OTHER' })), desk.genesis.network));
  assert.not.ok(verifyDecline(refused, idOf(call), zero32));
});

// ---- the holder

test('the holder asks the party that must sign and nobody else, never by gossip, and durably first', async () => {
  const desk = await open();
  const call = callOf(desk);
  assert.is((await propose(desk, call)).type, 'pending');
  assert.equal(
    told(desk).map(({ peer, message }) => [peer, message.type]),
    [[desk.keys[OTHER], 'callOffer']],
  );
  assert.not.ok(desk.effects.some((effect) => effect.type === 'gossip' || effect.type === 'broadcast'));
  assert.ok(desk.effects.some((effect) => effect.type === 'sync'));
  assert.is(stored(desk), 1);
  assert.is(stateOf(desk, call), 'gathering');
});

test('signatures in any order complete it; it is submitted once, whatever comes again, and becomes final', async () => {
  for (const ownFirst of [true, false]) {
    const desk = await open();
    const call = callOf(desk);
    await propose(desk, call);
    const signed = signedBy(call, desk.signers[OTHER]!);
    if (ownFirst) await sign(desk, call);
    await desk.hear(OTHER, news(call, signed));
    if (!ownFirst) await sign(desk, call);
    assert.is(stateOf(desk, call), 'submitted');
    const [vertex, ...more] = transactions(desk);
    assert.is(more.length, 0);
    assert.ok(
      desk.effects.some((effect) => effect.type === 'gossip'),
      'told in the step that completed it',
    );

    await desk.hear(OTHER, news(call, signed));
    await desk.hear(OTHER, offer(signed));
    assert.is(stored(desk), 0, 'nothing new');
    await sign(desk, call);
    await propose(desk, signed);
    await desk.elapse(120_000);
    assert.is(transactions(desk).length, 1);

    await desk.certify([vertex!]);
    assert.is(stateOf(desk, call), 'final');
    assert.ok(desk.replica.ledger.state.get(party, partyId(desk.genesis.network, leiOf(call))));
  }
});

const leiOf = (call: SignedCall): string => {
  const text = String.fromCharCode(...call.parts[1]!.value);
  return /TALLY[0-9A-Z]+/.exec(text)![0].slice(0, 20);
};

test('what is wrong with a signature is refused with its code, and what is right beside it is taken', async () => {
  const desk = await open();
  const call = callOf(desk);
  await propose(desk, call);
  const other = desk.signers[OTHER]!;
  const good = signCall(call, other);
  const elsewhere = signCall(callOf(desk, { name: 'ELSE' }), other);
  const cases: readonly [string, SignedCall['signatures'][number], string][] = [
    ['of another call', elsewhere, 'E_SIG'],
    [
      'by a wrong key',
      { key: other.publicKey, signature: signCall(call, desk.signers[STRANGER]!).signature },
      'E_SIG',
    ],
    ['of a party that is not asked', signCall(call, desk.signers[STRANGER]!), 'E_ROLE'],
    ['of a key that nobody enrolled', signCall(call, newSigner('NOBODY')), 'E_KEY_UNKNOWN'],
  ];
  for (const [what, signature, code] of cases) {
    await desk.hear(OTHER, { ...news(call), signatures: [signature] } as PeerMessage);
    assert.equal(refusals(desk), [code], what);
    assert.is(stored(desk), 0, what);
    assert.is(stateOf(desk, call), 'gathering');
  }
  await desk.hear(STRANGER, news(call, signedBy(call, other)));
  assert.equal(refusals(desk), ['E_ROLE'], 'only holder and parties asked are heard');
  await desk.hear(OTHER, news(callOf(desk, { name: 'ELSE' })));
  assert.equal(refusals(desk), ['E_NOT_FOUND'], 'news of a call that is not here');
  await desk.hear(OTHER, { ...news(call), signatures: [elsewhere, good].slice(1) } as PeerMessage);
  assert.is(stored(desk), 1);
  const { gathering } = desk.replica;
  const { call: kept } = gathering.find(toHex(idOf(call)))!;
  assert.is(kept.signatures.length, 2);
});

test('by hand: a file with the missing signature completes it; a bad one is refused with its code', async () => {
  const desk = await open();
  const call = callOf(desk);
  await propose(desk, signedBy(call, desk.own));
  const codeOf = async (offered: SignedCall): Promise<string> => {
    const reply = await propose(desk, offered);
    return reply.type === 'refused' ? reply.refusal.code : reply.type;
  };
  const forged = { ...signCall(call, desk.signers[STRANGER]!), key: desk.signers[OTHER]!.publicKey };
  assert.is(await codeOf({ ...call, signatures: [forged] }), 'E_SIG');
  assert.is(await codeOf(signedBy(call, desk.signers[STRANGER]!)), 'E_ROLE');
  assert.is(stateOf(desk, call), 'gathering');
  assert.is(await codeOf(signedBy(call, desk.signers[OTHER]!)), 'pending');
  assert.is(stateOf(desk, call), 'submitted');
});

test('a call for which nobody can be asked is refused with a code', async () => {
  const desk = await open();
  const call = callOf(desk);
  const { network } = desk.genesis;
  const codeOf = async (offered: SignedCall): Promise<string> => {
    const reply = await propose(desk, offered);
    return reply.type === 'refused' ? reply.refusal.code : reply.type;
  };
  const time = desk.replica.ledger.header.time;
  assert.is(await codeOf(callOf(desk, { deadline: time - 1 })), 'E_EXPIRED');
  assert.is(await codeOf(callOf(desk, { deadline: time + 100 * HOUR_MS })), 'E_SCHEMA');
  assert.is(await codeOf({ ...call, header: { ...call.header, network: zero32 } }), 'E_NETWORK');
  assert.is(await codeOf({ ...call, parts: [call.parts[0]!, call.parts[0]!, call.parts[2]!] }), 'E_PAYLOAD');
  const nobody = composeCall({
    ...{ network, transition: expire.name, salts: [zero32, zero32] as const },
    ...{ nonce: new Uint8Array(16), deadline: call.header.deadline },
    values: expire.args.encodeParts({ kind: 'grant', subject: zero32 }),
  });
  assert.is(await codeOf(nobody), 'E_SCHEMA', 'nobody has to sign it');
  const done = signedBy(call, desk.own, desk.signers[OTHER]!);
  const payload = signedCall.encode(done);
  await desk.step({ type: 'author', kind: 'transaction', payload, payloadHash: callPayloadHash(done) });
  await desk.certify(transactions(desk));
  assert.is(await codeOf(call), 'E_REPLAY');
  const stranger = await Desk.open({ stranger: true });
  const reply = await propose(stranger, call);
  assert.is(reply.type === 'refused' && reply.refusal.code, 'E_KEY_UNKNOWN');
});

test('a call that took effect by another way ends here as well; one that the ledger refuses ends with its code', async () => {
  const desk = await open();
  const [first, second] = [callOf(desk), callOf(desk, { deadline: desk.nowMs + 2 * HOUR_MS })];
  for (const call of [first, second]) await propose(desk, call);
  const done = signedBy(first, desk.own, desk.signers[OTHER]!);
  const payload = signedCall.encode(done);
  await desk.step({ type: 'author', kind: 'transaction', payload, payloadHash: callPayloadHash(done) });
  await desk.certify(transactions(desk));
  assert.is(stateOf(desk, first), 'final');

  // The same party, enrolled a second time.
  await sign(desk, second);
  await desk.hear(OTHER, news(second, signedBy(second, desk.signers[OTHER]!)));
  assert.is(stateOf(desk, second), 'submitted');
  await desk.certify(transactions(desk));
  assert.is(stateOf(desk, second), 'refused');
  assert.is(desk.replica.gathering.find(toHex(idOf(second)))!.ending!.code > 0, true);
  const notice = desk.notices().find((entry) => entry.type === 'pending');
  assert.is(notice?.type === 'pending' && notice.state, 'refused');
});

test('a call ends with its holder’s vertex: what others make of it, that is refused, ends nothing', async () => {
  const desk = await open();
  const call = callOf(desk);
  await propose(desk, call);
  await sign(desk, call);
  // A node of the other party forks its chain: its key is suspended.
  const forks = [0, 1].map((i) =>
    desk.vertex(OTHER, { sequence: 1, previous: zero32, payloadHash: hash('salt', Uint8Array.of(i)) }),
  );
  await desk.gossip(OTHER, ...forks);
  await desk.certify(forks);
  // It has all signatures, and says the call by that key, in the same checkpoint as the holder or before it.
  const done = signedBy(call, desk.own, desk.signers[OTHER]!);
  const [first] = forks;
  const vertex = signVertex(
    {
      ...desk.vertex(OTHER),
      sequence: 2,
      previous: first!.id,
      kind: 'transaction',
      payloadHash: callPayloadHash(done),
    },
    signedCall.encode(done),
    desk.signers[OTHER]!,
  );
  await desk.hear(OTHER, news(call, done));
  assert.is(stateOf(desk, call), 'submitted');
  const own = transactions(desk);
  await desk.gossip(1, vertex);
  assert.ok(desk.replica.dag.knows(vertex.key));
  await desk.certify([vertex]);
  assert.is(stateOf(desk, call), 'submitted');
  await desk.certify(own);
  assert.is(stateOf(desk, call), 'final');
});

test('what the holder could not have done, another’s vertex may: then it is final', async () => {
  const desk = await open();
  const call = callOf(desk);
  await propose(desk, call);
  await sign(desk, call);
  const done = signedBy(call, desk.own, desk.signers[OTHER]!);
  await desk.hear(OTHER, news(call, done));
  const own = transactions(desk);
  // The holder's chain is forked by another life of it: its vertex is refused.
  const fork = desk.vertex(OWN, { sequence: 1, previous: zero32, payloadHash: hash('salt', zero32) });
  await desk.gossip(1, fork);
  await desk.certify([fork, ...own]);
  assert.is(stateOf(desk, call), 'refused');
  const vertex = signVertex(
    { ...desk.vertex(OTHER), kind: 'transaction', payloadHash: callPayloadHash(done) },
    signedCall.encode(done),
    desk.signers[OTHER]!,
  );
  await desk.gossip(1, vertex);
  await desk.certify([vertex]);
  assert.is(stateOf(desk, call), 'final');
});

test('the deadline: nothing is signed or taken after it, with its code, and the call is gone an hour later', async () => {
  const desk = await open();
  const call = callOf(desk, { deadline: desk.nowMs + 60_000 });
  await propose(desk, call);
  desk.nowMs += 60_000;
  await desk.certify([]);
  assert.is(stateOf(desk, call), 'expired');
  const reply = await sign(desk, call);
  assert.is(reply.type === 'refused' && reply.refusal.code, 'E_EXPIRED');
  await desk.hear(OTHER, news(call, signedBy(call, desk.signers[OTHER]!)));
  assert.equal(refusals(desk), ['E_EXPIRED']);
  assert.equal(told(desk), [], 'nobody is told of it any more');
  desk.nowMs += HOUR_MS;
  await desk.certify([]);
  assert.is(stateOf(desk, call), undefined);
  assert.equal((await desk.store.load()).pendingCalls, []);
});

test('a key that is replaced meanwhile: its signature counts no more, is left out, and the new key signs', async () => {
  const desk = await open();
  const call = callOf(desk);
  await propose(desk, call);
  await desk.hear(OTHER, news(call, signedBy(call, desk.signers[OTHER]!)));
  const fresh = newSigner('FRESH');
  const replace = {
    party: partyAt(desk, OTHER),
    key: fresh.publicKey,
    kind: 'party' as const,
    monitor: undefined,
  };
  const swap = signedBy(
    composeCall({
      ...{ network: desk.genesis.network, transition: enrolKey.name, salts: [zero32, zero32] as const },
      ...{ nonce: new Uint8Array(16), deadline: call.header.deadline },
      values: enrolKey.args.encodeParts({ ...replace, replaces: desk.signers[OTHER]!.publicKey }),
    }),
    desk.signers[OTHER]!,
    fresh,
  );
  const payload = signedCall.encode(swap);
  await desk.step({ type: 'author', kind: 'transaction', payload, payloadHash: callPayloadHash(swap) });
  await desk.certify(transactions(desk));

  await sign(desk, call);
  assert.is(stateOf(desk, call), 'gathering', 'the revoked key does not count');
  await desk.hear(OTHER, news(call, signedBy(call, desk.signers[OTHER]!)));
  assert.equal(refusals(desk), ['E_ROLE'], 'a node of a revoked key is not heard');
  const again = signedBy(call, fresh);
  await desk.step({ type: 'connected', peer: toHex(fresh.publicKey) });
  const frame = peerMessage.encode(news(call, signedBy(call, desk.signers[OTHER]!)));
  await desk.step({ type: 'message', peer: toHex(fresh.publicKey), frame });
  assert.equal(refusals(desk), ['E_KEY_REVOKED']);
  const late = await propose(desk, signedBy(callOf(desk, { name: 'LATE' }), desk.signers[OTHER]!));
  assert.is(late.type === 'refused' && late.refusal.code, 'E_KEY_REVOKED');
  await desk.step({
    type: 'message',
    peer: toHex(fresh.publicKey),
    frame: peerMessage.encode(news(call, again)),
  });
  assert.is(stateOf(desk, call), 'submitted');
  const [vertex] = transactions(desk);
  const said = signedCall.decode(vertex!.payload);
  const keys = said.ok ? said.value.signatures.map((entry) => toHex(entry.key)) : [];
  assert.not.ok(keys.includes(desk.keys[OTHER]!), 'a revoked key would spoil the call');
  await desk.certify([vertex!]);
  assert.is(stateOf(desk, call), 'final');
});

// ---- a party asked

test('a party: asked, it signs nothing by itself; its own word reaches the holder durably; twice is once', async () => {
  const desk = await open();
  const call = signedBy(callOf(desk), desk.signers[OTHER]!);
  await desk.hear(OTHER, offer(call));
  assert.is(stateOf(desk, call), 'gathering');
  assert.equal(
    told(desk).map(({ peer, message }) => [peer, message.type === 'callNews' && message.asks]),
    [[desk.keys[OTHER], false]],
    'it says that it has it',
  );
  assert.equal(transactions(desk), []);
  await sign(desk, call);
  const [answer] = told(desk);
  if (answer?.message.type !== 'callNews') throw new Error('no answer');
  assert.equal(
    [answer.peer, answer.message.asks, answer.message.signatures.length],
    [desk.keys[OTHER], true, 3],
  );
  assert.ok(desk.effects.some((effect) => effect.type === 'sync'));
  assert.is(stateOf(desk, call), 'complete');
  assert.equal(transactions(desk), [], 'the holder submits');
  await sign(desk, call);
  assert.is(stored(desk), 0);
  // Its holder heard it: silence from now on.
  await desk.hear(OTHER, news(call, signedBy(call, desk.own)));
  await desk.elapse(600_000);
  assert.equal(told(desk), []);
  const cannot = await decline(desk, call, 'too late');
  assert.is(cannot.type === 'refused' && cannot.refusal.code, 'E_STATE');
});

test('an offer that this party need not sign, or that is no good, is refused with a code and not kept', async () => {
  const desk = await open();
  const call = callOf(desk);
  const time = desk.replica.ledger.header.time;
  const bad: readonly [SignedCall, string][] = [
    [callOf(desk, { parties: [OTHER, STRANGER] }), 'E_ROLE'],
    [callOf(desk, { deadline: time - 1 }), 'E_EXPIRED'],
    [callOf(desk, { deadline: time + 100 * HOUR_MS }), 'E_SCHEMA'],
    [{ ...call, header: { ...call.header, network: zero32 } }, 'E_NETWORK'],
    [{ ...call, parts: [call.parts[0]!, call.parts[0]!, call.parts[2]!] }, 'E_PAYLOAD'],
    [{ ...call, signatures: [{ ...call.signatures[0]!, signature: new Uint8Array(64) }] }, 'E_SIG'],
  ];
  for (const [offered, code] of bad) {
    await desk.hear(OTHER, offer(offered));
    assert.equal(refusals(desk), [code]);
    assert.is(desk.replica.gathering.list().length, 0, code);
  }
  await desk.hear(OTHER, { type: 'callOffer', call: new Uint8Array([1]), declines: [] });
  assert.equal(refusals(desk), ['E_ENC']);
});

test('a decline is told with its reason; whoever declined may still sign; the holder’s own withdraws the call', async () => {
  const desk = await open();
  const call = callOf(desk);
  await desk.hear(OTHER, offer(call));
  await decline(desk, call, 'not these goods');
  const [answer] = told(desk);
  assert.is(answer?.message.type === 'callNews' && answer.message.declines[0]!.reason, 'not these goods');
  assert.is(stateOf(desk, call), 'declined');
  await sign(desk, call);
  assert.is(stateOf(desk, call), 'gathering', 'the signature outweighs');

  const byHolder = signDecline(idOf(call), 'changed my mind', desk.genesis.network, desk.signers[OTHER]!);
  await desk.hear(OTHER, { ...news(call), declines: [byHolder] } as PeerMessage);
  assert.is(stateOf(desk, call), 'withdrawn');
  const second = callOf(desk, { name: 'SECOND' });
  await propose(desk, second);
  await decline(desk, second, 'typing error');
  assert.is(stateOf(desk, second), 'withdrawn');
  await desk.hear(OTHER, news(second, signedBy(second, desk.own, desk.signers[OTHER]!)));
  assert.equal(transactions(desk), [], 'withdrawn, so not submitted');
  const cannot = await sign(desk, second);
  assert.is(cannot.type === 'refused' && cannot.refusal.code, 'E_STATE');

  const third = callOf(desk, { name: 'THIRD' });
  await desk.hear(OTHER, offer(third));
  const forged = { ...signDecline(idOf(third), 'no', zero32, desk.signers[OTHER]!) };
  await desk.hear(OTHER, { ...news(third), declines: [forged] } as PeerMessage);
  assert.equal(refusals(desk), ['E_SIG']);
  const foreign = signDecline(idOf(third), 'no', desk.genesis.network, desk.signers[STRANGER]!);
  await desk.hear(OTHER, { ...news(third), declines: [foreign] } as PeerMessage);
  assert.equal(refusals(desk), ['E_ROLE']);
  assert.is(stateOf(desk, third), 'gathering');
});

// ---- bounds, loss, restarts

test('room is bounded by party, what is over makes room, and messages are charged', async () => {
  const desk = await open();
  const offers = Array.from({ length: pendingLimits.perPartyMax + 1 }, (_, i) =>
    callOf(desk, { name: `N${i}`, deadline: desk.nowMs + (i === 0 ? 60_000 : HOUR_MS) }),
  );
  const last = offers.pop()!;
  for (const call of offers) {
    desk.nowMs += 100;
    await desk.hear(OTHER, offer(call));
    assert.equal(refusals(desk), []);
  }
  await desk.hear(OTHER, offer(last));
  assert.equal(refusals(desk), ['E_FULL']);
  assert.is(desk.replica.gathering.list().length, pendingLimits.perPartyMax);
  const own = callOf(desk, { name: 'OWN' });
  assert.is((await propose(desk, own)).type, 'pending', 'one party takes up no other’s room');
  desk.nowMs += 60_000;
  await desk.certify([]);
  await desk.hear(OTHER, offer(last));
  assert.equal(refusals(desk), [], 'the one that expired made room');
  assert.is(stateOf(desk, offers[0]!), undefined);
  assert.is((await desk.store.load()).pendingCalls.length, pendingLimits.perPartyMax + 1);

  let allowed = 0;
  for (; allowed < 200; allowed++) {
    await desk.hear(OTHER, offer(last));
    if (refusals(desk).includes('E_ALLOWANCE')) break;
  }
  assert.ok(allowed > 10 && allowed < 60, `${allowed} offers at once`);
});

test('whatever others ask of this node, it can still ask for signatures itself', async () => {
  const parties = Math.ceil(pendingLimits.totalMax / pendingLimits.perPartyMax);
  const desk = await Desk.open({ own: OWN, others: parties + 1 });
  await desk.certify([]);
  for (let party = 0; party < parties; party++) {
    const number = OTHER + party;
    for (let i = 0; i < pendingLimits.perPartyMax; i++) {
      desk.nowMs += 100;
      await desk.hear(number, offer(callOf(desk, { name: `N${party}A${i}`, parties: [OWN, number] })));
      assert.equal(refusals(desk), []);
    }
  }
  assert.is(desk.replica.gathering.list().length, pendingLimits.totalMax);
  const last = OTHER + parties - 1;
  await desk.hear(last, offer(callOf(desk, { name: 'LAST', parties: [OWN, last] })));
  assert.equal(refusals(desk), ['E_FULL']);
  assert.is((await propose(desk, callOf(desk, { name: 'OWN' }))).type, 'pending');
});

test('what is not heard is told again, ever more slowly; nothing once it is heard', async () => {
  const desk = await open();
  const call = callOf(desk);
  await propose(desk, call);
  let offers = 0;
  const untilMs = desk.nowMs + 600_000;
  while (desk.nowMs < untilMs) {
    desk.nowMs += 1_000;
    await desk.step({ type: 'tick' });
    offers += told(desk).length;
  }
  assert.ok(offers >= 10 && offers <= 20, `${offers} in ten minutes`);
  await desk.hear(OTHER, news(call));
  offers = 0;
  for (let i = 0; i < 300; i++) {
    desk.nowMs += 1_000;
    await desk.step({ type: 'tick' });
    offers += told(desk).length;
  }
  assert.is(offers, 0);
  await desk.step({ type: 'disconnected', peer: desk.keys[OTHER]! });
  await desk.step({ type: 'connected', peer: desk.keys[OTHER]! });
  assert.is(told(desk).length, 1, 'whoever comes back is told at once');
});

test('a restart forgets nothing, and submits nothing twice', async () => {
  const desk = await open();
  const [mine, theirs] = [callOf(desk), callOf(desk, { name: 'THEIRS' })];
  await propose(desk, signedBy(mine, desk.own));
  await desk.hear(OTHER, offer(theirs));
  await decline(desk, theirs, 'later');
  await desk.restart();
  assert.equal([stateOf(desk, mine), stateOf(desk, theirs)], ['gathering', 'declined']);
  await desk.step({ type: 'connected', peer: desk.keys[OTHER]! });
  assert.equal(
    told(desk)
      .map(({ message }) => message.type)
      .sort(),
    ['callNews', 'callOffer'],
  );
  await desk.hear(OTHER, news(mine, signedBy(mine, desk.signers[OTHER]!)));
  assert.is(stateOf(desk, mine), 'submitted');
  await desk.restart();
  await desk.step({ type: 'connected', peer: desk.keys[OTHER]! });
  await desk.elapse(60_000);
  assert.is(stateOf(desk, mine), 'submitted');
  assert.is(transactions(desk).length, 1);
  await desk.certify(transactions(desk));
  assert.is(stateOf(desk, mine), 'final');
  await desk.restart();
  assert.is(stateOf(desk, mine), 'final');
});

test('a call larger than it may become with its signatures is refused', async () => {
  const desk = await open();
  const call = callOf(desk);
  const filler = Array.from({ length: 60 }, (_, i) => newSigner(`F${i}`));
  const large = signedBy(call, ...filler);
  const sorted = [...large.signatures].sort((a, b) => compareBytes(a.key, b.key));
  assert.is(
    (await propose(desk, { ...large, signatures: sorted })).type,
    'pending',
    '61 signatures and two to come',
  );
  const over = signedBy(callOf(desk, { name: 'OVER' }), ...filler, newSigner('G1'), newSigner('G2'));
  await propose(desk, over);
  await sign(desk, over);
  const reply = await propose(desk, signedBy(callOf(desk, { name: 'OVER' }), desk.signers[OTHER]!));
  assert.is(
    reply.type === 'refused' && reply.refusal.code,
    'E_SIG',
    '65 signatures are more than a call takes',
  );
});

test.run();
