/** Messages between banks, one replica: what is kept, to whom it is given, what is asked for, taken and refused. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { message } from '../../consensus/contracts/objects/message.ts';
import { callPayloadHash, type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import { mailboxLimits } from '../replica/mailbox.ts';
import { Desk } from './one-replica.ts';
import { partyId } from './pending-calls.ts';
import { type DraftedMessage, draftMessage, keyCall, receiptCall } from './sealed-calls.ts';

const test = suite('mailbox');

/** This node; a bank that it writes with; one that has nothing to do with it. */
const OWN = 4;
const OTHER = 5;
const STRANGER = 6;
const DAY_MS = 86_400_000;

const partyAt = (desk: Desk, number: number): Uint8Array =>
  partyId(desk.genesis.network, desk.genesis.record.parties[number]!.lei);
const settingOf = (desk: Desk, number: number) => ({
  ...{ network: desk.genesis.network, signer: desk.signers[number]!, nowMs: desk.nowMs },
});

/** A vertex of the party `author` that carries the call; it lets anybody's chain alone. */
function carry(desk: Desk, call: SignedCall, author: number): Vertex {
  const { payloadHash, ...rest } = desk.vertex(author, {
    kind: 'transaction',
    payloadHash: callPayloadHash(call),
  });
  return signVertex({ ...rest, payloadHash }, signedCall.encode(call), desk.signers[author]!);
}

async function confirm(desk: Desk, ...calls: readonly (readonly [SignedCall, number])[]): Promise<void> {
  const vertices = calls.map(([call, author]) => carry(desk, call, author));
  for (const vertex of vertices) await desk.gossip(0, vertex);
  await desk.certify(vertices);
}

/** Both banks have stated keys, which are named by their numbers. */
async function open(...peers: readonly number[]): Promise<Desk> {
  const desk = await Desk.open({ own: OWN });
  await desk.certify([]);
  const keys = [OWN, OTHER, STRANGER].map(
    (each) => [keyCall(settingOf(desk, each), partyAt(desk, each), String(each)), each] as const,
  );
  for (const each of keys) await confirm(desk, each);
  for (const peer of peers) await connect(desk, peer);
  return desk;
}

const connect = (desk: Desk, peer: number) => desk.step({ type: 'connected', peer: desk.keys[peer]! });

const draft = (desk: Desk, from: number, to: number, name = 'one', lifeMs = DAY_MS): DraftedMessage =>
  draftMessage(settingOf(desk, from), partyAt(desk, from), partyAt(desk, to), {
    ...{ name, key: String(to), lifeMs },
  });
const keep = (desk: Desk, { id, ciphertext, call }: DraftedMessage, recipient: number) =>
  desk.step({
    type: 'mailbox',
    act: {
      ...{ act: 'keep', id: toHex(id), recipient: toHex(partyAt(desk, recipient)), ciphertext },
      deadline: call.header.deadline,
    },
  });
const answer = (...messages: readonly DraftedMessage[]): PeerMessage => ({
  ...{ type: 'sealed', messages: messages.map(({ id, ciphertext }) => ({ id, ciphertext })), absent: [] },
});
const ask = (...messages: readonly DraftedMessage[]): PeerMessage => ({
  ...{ type: 'getSealed', ids: messages.map(({ id }) => id) },
});
const served = (desk: Desk) =>
  desk.effects.flatMap((effect) =>
    effect.type === 'serveSealed' ? [[effect.ids.length, effect.absent.length]] : [],
  );
/** Peers that were asked in the last step, and for how many. */
const asked = (desk: Desk) =>
  desk
    .sent()
    .flatMap(({ peer, message: said }) =>
      said.type === 'getSealed' ? [[desk.keys.indexOf(peer), said.ids.length]] : [],
    );
const refusals = (desk: Desk): string[] =>
  desk.notices().flatMap((notice) => (notice.type === 'refused' ? [notice.code] : []));
const held = (desk: Desk, { id }: DraftedMessage) => desk.replica.mailbox.find(toHex(id));
const inStore = async (desk: Desk, { id }: DraftedMessage) => desk.store.message(toHex(id));
const act = (desk: Desk, what: 'read' | 'remove', { id }: DraftedMessage) =>
  desk.step({ type: 'mailbox', act: { act: what, id: toHex(id) } });
const codeOf = (desk: Desk): string => (desk.reply.type === 'refused' ? desk.reply.refusal.code : 'OK');

/** A message from the other bank that this node holds, its receipt on the ledger. */
async function deliver(desk: Desk, name: string): Promise<DraftedMessage> {
  const sent = draft(desk, OTHER, OWN, name);
  await confirm(desk, [sent.call, OTHER]);
  await desk.hear(OTHER, answer(sent));
  await confirm(desk, [receiptCall(settingOf(desk, OWN), sent), OTHER]);
  return sent;
}

// ---- sending [MSG-6]

test('what is sent is durable before it is asked for, given to the recipient alone, and kept until it is received', async () => {
  const desk = await open(OTHER, STRANGER);
  const sent = draft(desk, OWN, OTHER);
  assert.equal(await keep(desk, sent, OTHER), { type: 'message', id: toHex(sent.id) });
  assert.ok(desk.effects.some(({ type }) => type === 'sync'));
  assert.equal(await inStore(desk, sent), sent.ciphertext);
  await confirm(desk, [sent.call, OTHER]);

  await desk.hear(OTHER, ask(sent));
  assert.equal(served(desk), [[1, 0]]);
  await desk.hear(STRANGER, ask(sent));
  assert.equal(served(desk), [[0, 1]], 'it is told no more than that it gets nothing');
  await desk.restart();
  await connect(desk, OTHER);
  await desk.hear(OTHER, ask(sent));
  assert.equal(served(desk), [[1, 0]], 'after a restart');

  await confirm(desk, [receiptCall(settingOf(desk, OTHER), sent), OTHER]);
  assert.is(desk.replica.ledger.state.get(message, sent.id)!.state, 'RECEIVED');
  assert.is(held(desk, sent), undefined);
  assert.is(await inStore(desk, sent), undefined);
});

test('what is never committed to goes with its call’s deadline, and what is not received with its date', async () => {
  const desk = await open();
  const forgotten = draft(desk, OWN, OTHER, 'forgotten');
  const sent = draft(desk, OWN, OTHER, 'sent');
  await keep(desk, forgotten, OTHER);
  await keep(desk, sent, OTHER);
  await confirm(desk, [sent.call, OTHER]);
  await desk.elapse(30_000);
  assert.ok(held(desk, forgotten));
  // In steps that are no pauses of finality: those would stop the clock of the date.
  for (let minutes = 0; minutes < 70; minutes += 5) {
    await desk.elapse(300_000);
    await desk.certify([]);
  }
  await desk.elapse(20_000);
  assert.equal([held(desk, forgotten), await inStore(desk, forgotten)], [undefined, undefined]);
  assert.ok(held(desk, sent));
  for (let minutes = 0; minutes < 24 * 60; minutes += 9) {
    await desk.elapse(540_000);
    await desk.certify([]);
  }
  await desk.elapse(20_000);
  assert.is(held(desk, sent), undefined);
});

test('a box to one bank has room for so many; the others are written to all the same [MSG-8]', async () => {
  const desk = await open();
  for (let i = 0; i < mailboxLimits.perPartyMax; i++) {
    await keep(desk, draft(desk, OWN, OTHER, `m${i}`), OTHER);
    assert.is(codeOf(desk), 'OK');
  }
  await keep(desk, draft(desk, OWN, OTHER, 'more'), OTHER);
  assert.is(codeOf(desk), 'E_FULL');
  await keep(desk, draft(desk, OWN, STRANGER, 'other'), STRANGER);
  assert.is(codeOf(desk), 'OK');
});

// ---- fetching [MSG-7]

test('a commitment to this party makes it ask the sender’s node, and nobody else; what fits is durable and told of', async () => {
  const desk = await open(OTHER, STRANGER);
  const sent = draft(desk, OTHER, OWN);
  await confirm(desk, [sent.call, OTHER]);
  assert.equal(asked(desk), [[OTHER, 1]]);
  await desk.hear(OTHER, answer(sent));
  assert.equal(refusals(desk), []);
  assert.ok(desk.effects.some(({ type }) => type === 'sync'));
  assert.ok(desk.notices().some((notice) => notice.type === 'message' && notice.id === toHex(sent.id)));
  assert.equal(await inStore(desk, sent), sent.ciphertext);
  await desk.restart();
  assert.is(held(desk, sent)?.box, 'in');
  await connect(desk, OTHER);
  await desk.elapse(120_000);
  assert.equal(asked(desk), [], 'it has it');
});

test('messages to others are not asked for', async () => {
  const desk = await open(OTHER, STRANGER);
  await confirm(desk, [draft(desk, OTHER, STRANGER).call, OTHER]);
  assert.equal(asked(desk), []);
  await desk.elapse(60_000);
  assert.equal(asked(desk), []);
  assert.is(desk.replica.mailbox.list().length, 0);
});

test('nothing is injected: without a commitment, unasked, altered, cut, or the ciphertext of another message', async () => {
  const desk = await open(OTHER, STRANGER);
  const uncommitted = draft(desk, OTHER, OWN, 'uncommitted');
  await desk.hear(OTHER, answer(uncommitted));
  assert.equal(refusals(desk), ['E_UNKNOWN'], 'no commitment');

  const sent = draft(desk, OTHER, OWN);
  await confirm(desk, [sent.call, OTHER]);
  await desk.hear(STRANGER, answer(sent));
  assert.equal(refusals(desk), ['E_UNKNOWN'], 'not asked of this peer, be it the right one');

  const altered = { ...sent, ciphertext: sent.ciphertext.slice() };
  altered.ciphertext[100]! ^= 1;
  const cut = { ...sent, ciphertext: sent.ciphertext.slice(1) };
  const replayed = { ...sent, ciphertext: uncommitted.ciphertext };
  for (const [what, wrong] of Object.entries({ altered, cut, replayed })) {
    await desk.hear(OTHER, answer(wrong));
    assert.equal(refusals(desk), ['E_PAYLOAD'], what);
    assert.is(await inStore(desk, sent), undefined, what);
  }
  await desk.hear(OTHER, answer(sent));
  assert.equal(refusals(desk), []);
  assert.ok(held(desk, sent), 'and the right one is taken still');
});

test('who goes on sending what does not fit is not heard any more', async () => {
  const desk = await open(OTHER);
  const sent = draft(desk, OTHER, OWN);
  await confirm(desk, [sent.call, OTHER]);
  const wrong = answer({ ...sent, ciphertext: new Uint8Array(sent.ciphertext.length) });
  let heard = 0;
  for (let i = 0; i < 100; i++) {
    await desk.hear(OTHER, wrong);
    heard += refusals(desk).length;
  }
  assert.ok(heard < 30, `${heard}`);
});

test('a node that is away is asked when it connects; one that has it not is asked again, ever more slowly', async () => {
  const desk = await open();
  const sent = draft(desk, OTHER, OWN);
  await confirm(desk, [sent.call, OTHER]);
  await desk.elapse(300_000);
  assert.equal(asked(desk), []);
  await connect(desk, OTHER);
  assert.equal(asked(desk), [[OTHER, 1]]);
  const absent: PeerMessage = { type: 'sealed', messages: [], absent: [sent.id] };
  let questions = 0;
  const endMs = desk.nowMs + 600_000;
  while (desk.nowMs < endMs) {
    await desk.hear(OTHER, absent);
    questions += asked(desk).length;
    await desk.elapse(1_000);
    questions += asked(desk).length;
  }
  assert.ok(questions > 8 && questions < 40, `${questions}`);
  await connect(desk, OTHER);
  await desk.hear(OTHER, answer(sent));
  assert.ok(held(desk, sent));
});

test('a node finds after a restart what was sent to it and is not here', async () => {
  const desk = await open();
  const sent = draft(desk, OTHER, OWN);
  await confirm(desk, [sent.call, OTHER]);
  await desk.restart();
  await connect(desk, OTHER);
  assert.equal(asked(desk), [[OTHER, 1]]);
});

test('what another node of the party has received is not asked for any more', async () => {
  const desk = await open();
  const sent = draft(desk, OTHER, OWN);
  await confirm(desk, [sent.call, OTHER]);
  await confirm(desk, [receiptCall(settingOf(desk, OWN), sent), OTHER]);
  await connect(desk, OTHER);
  await desk.elapse(60_000);
  assert.equal(asked(desk), []);
});

// ---- the box of what came

test('it is read and removed once its receipt is on the ledger, not before', async () => {
  const desk = await open(OTHER);
  const sent = draft(desk, OTHER, OWN);
  await confirm(desk, [sent.call, OTHER]);
  await act(desk, 'read', sent);
  assert.is(codeOf(desk), 'E_NOT_FOUND', 'not here yet');
  await desk.hear(OTHER, answer(sent));
  for (const what of ['read', 'remove'] as const) {
    await act(desk, what, sent);
    assert.is(codeOf(desk), 'E_STATE', what);
  }
  await confirm(desk, [receiptCall(settingOf(desk, OWN), sent), OTHER]);
  await act(desk, 'read', sent);
  assert.is(codeOf(desk), 'OK');
  await desk.restart();
  assert.is(held(desk, sent)!.read, true);
  assert.equal(await inStore(desk, sent), sent.ciphertext);
  await act(desk, 'remove', sent);
  assert.is(codeOf(desk), 'OK');
  assert.is(await inStore(desk, sent), undefined);
  await desk.restart();
  await connect(desk, OTHER);
  await desk.elapse(60_000);
  assert.equal(asked(desk), [], 'and it does not come back');
});

test('a flood of one bank fills its own part of the box; the others’ messages come; room lets in what waits [MSG-8]', async () => {
  const desk = await open(OTHER, STRANGER);
  const flood = Array.from({ length: mailboxLimits.perPartyMax + 6 }, (_, i) =>
    draft(desk, OTHER, OWN, `f${i}`),
  );
  for (let from = 0; from < flood.length; from += 10)
    await confirm(desk, ...flood.slice(from, from + 10).map(({ call }) => [call, OTHER] as const));
  for (const each of flood) await desk.hear(OTHER, answer(each));
  const here = flood.filter((each) => held(desk, each) !== undefined);
  assert.is(here.length, mailboxLimits.perPartyMax);
  const other = draft(desk, STRANGER, OWN, 'quiet');
  await confirm(desk, [other.call, OTHER]);
  await desk.hear(STRANGER, answer(other));
  assert.ok(held(desk, other));

  await desk.elapse(60_000);
  assert.equal(asked(desk), [], 'nothing is asked for that has no room');
  const received = here.slice(0, 3);
  for (const each of received) {
    await confirm(desk, [receiptCall(settingOf(desk, OWN), each), OTHER]);
    await act(desk, 'read', each);
  }
  await desk.elapse(11_000);
  const rest = flood.filter((each) => held(desk, each) === undefined);
  for (const each of rest) await desk.hear(OTHER, answer(each));
  assert.is(rest.filter((each) => held(desk, each) !== undefined).length, 3, 'as many as were read');
  assert.equal(
    received.map((each) => held(desk, each)),
    [undefined, undefined, undefined],
    'what was read gave way',
  );
  assert.ok(desk.replica.mailbox.list().length <= mailboxLimits.perPartyMax + 1);
});

test('questions of a peer are charged to it, and a hundred a second are not answered', async () => {
  const desk = await open(OTHER);
  const sent = draft(desk, OWN, OTHER);
  await keep(desk, sent, OTHER);
  let answered = 0;
  for (let i = 0; i < 1_000; i++) {
    await desk.hear(OTHER, ask(sent));
    answered += served(desk).length;
  }
  assert.ok(answered >= 80 && answered <= 160, `${answered}`);
});

test('a message whose date passed before it was received is let go on both sides', async () => {
  const desk = await open(OTHER);
  const sent = draft(desk, OTHER, OWN, 'short', 30 * 60_000);
  await confirm(desk, [sent.call, OTHER]);
  await desk.hear(OTHER, answer(sent));
  assert.ok(held(desk, sent));
  for (let minutes = 0; minutes < 40; minutes += 5) {
    await desk.elapse(300_000);
    await desk.certify([]);
  }
  await desk.elapse(20_000);
  assert.is(held(desk, sent), undefined);
  const kept = await deliver(desk, 'kept');
  for (let minutes = 0; minutes < 25 * 60; minutes += 9) {
    await desk.elapse(540_000);
    await desk.certify([]);
  }
  await desk.elapse(20_000);
  assert.ok(held(desk, kept), 'what was received stays');
  assert.is(fromHex(held(desk, kept)!.id)!.length, 32);
});

test.run();
