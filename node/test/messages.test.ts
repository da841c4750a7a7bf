/** Messages between banks over real nodes of one process: sealed, fetched, acknowledged, read; and whoever tries otherwise. */

import '../polyfill.ts';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asciiBytes, equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { ok } from '../../consensus/codec/result.ts';
import { message } from '../../consensus/contracts/objects/message.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import {
  ciphertextHash,
  contentHash,
  decodeBody,
  encodeBody,
  type MessageContext,
  messageBytesMax,
  messageContext,
  openingOf,
  openingProof,
} from '../../consensus/vertex/sealed-message.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { openSealed, sealTo } from '../crypto/hpke.ts';
import { randomPort } from '../crypto/native.ts';
import { MessageKeys } from '../keys/message-keys.ts';
import type { RunningNode } from '../node.ts';
import { MessageReceipts } from '../service/message-receipts.ts';
import { MessageSeals } from '../service/message-seals.ts';
import { Prover } from '../service/proofs.ts';
import {
  type Api,
  apiOf,
  type LocalNetwork,
  makeNetwork,
  passphrase,
  startAll,
  until,
} from './local-nodes.ts';

const test = suite('messages among nodes');

let network: LocalNetwork;
let nodes: Map<string, RunningNode>;
const node = (name: string): RunningNode => nodes.get(name)!;
const api = (name: string): Api => apiOf(node(name));
const party = (name: string): Uint8Array => fromHex(network.home(name).party)!;
const TEXT = 'The goods have arrived; we release pledge 7 — today.';

async function send(from: string, to: string, text: string): Promise<string> {
  const { callId, outcome } = await api(from).post('/v1/messages?wait=30000', {
    ...{ to: `lei:${network.home(to).lei}`, text },
  });
  assert.is(outcome.code, 'OK');
  return callId;
}
const stateAt = async (name: string, id: string): Promise<string> => {
  const response = await api(name).request('GET', `/v1/messages/${id}`);
  return response.ok ? ((await response.json()) as { state: string }).state : 'none';
};
const received = (id: string): Promise<void> =>
  until('it is received', async () => (await stateAt('a', id)) === 'RECEIVED', 30_000);

/** The keys in a node's file, as its operator could open them. */
const keysOf = (name: string): Promise<MessageKeys> =>
  MessageKeys.open({
    ...{ path: join(network.home(name).folder, 'messages.age'), passphrase, random: randomPort() },
  });

/** A look at the messages of a node, in the place of its own. */
function receiptsOf(name: string, keys: MessageKeys): MessageReceipts {
  const { replica, services } = node(name);
  const prover = new Prover(replica.ledger, services.store, services.head);
  const { signer } = network.home(name);
  const seals = new MessageSeals({ replica, store: services.store, signer, prover, keys });
  return new MessageReceipts({ replica, messages: services.messages, seals, keys });
}

test.before(async () => {
  network = await makeNetwork(
    [
      { name: 'a', role: 'bank', seat: true },
      { name: 'b', role: 'bank', seat: true },
      { name: 'c', role: 'bank', seat: true },
      { name: 'd', role: 'monitor', seat: true },
    ],
    { heartbeatMs: 1_000 },
  );
  nodes = await startAll(network);
});
test.after(async () => {
  for (const each of nodes.values()) await each.stop();
  await network.remove();
});

test('nobody writes to a bank without a key, and nobody but a bank has one or writes', async () => {
  const body = { to: `lei:${network.home('b').lei}`, text: TEXT };
  const without = await api('a').refused('POST', '/v1/messages', body);
  assert.equal([without.status, without.code], [404, 'E_NOT_FOUND']);
  assert.match(without.detail!, 'has stated no message key');
  const monitor = await api('d').refused('POST', '/v1/messages/key', {});
  assert.equal([monitor.status, monitor.code], [403, 'E_ROLE']);
  assert.equal((await keysOf('d')).publicKeys, [], 'and no secret is left behind');
  for (const name of ['b', 'c']) {
    const { outcome } = await api(name).post('/v1/messages/key?wait=30000', {});
    assert.is(outcome.code, 'OK');
  }
  const written = await api('d').refused('POST', '/v1/messages', body);
  assert.equal([written.status, written.code], [403, 'E_ROLE']);
});

let id = '';

test('sealed, fetched, acknowledged and read, without anybody’s hand in between', async () => {
  id = await send('a', 'b', TEXT);
  await received(id);
  const listed = await api('b').get('/v1/messages');
  assert.equal(
    [listed.messages[0].id, listed.messages[0].direction, listed.messages[0].read],
    [id, 'received', false],
  );
  const read = await api('b').post(`/v1/messages/${id}/read`, {});
  assert.is(Buffer.from(read.base64, 'base64').toString('utf8'), TEXT);
  assert.is(read.from, network.home('a').lei);
  assert.is((await api('b').get(`/v1/messages/${id}`)).read, true);
  await until('the sender lets it go', async () => !(await api('a').get(`/v1/messages/${id}`)).here);
  const again = await api('a').refused('POST', `/v1/messages/${id}/read`, {});
  assert.equal([again.status, again.code], [403, 'E_SCOPE'], 'sealed is sealed, also to its sender');
});

test('delivery is proved offline, to whoever has the genesis; and so is what it said [MSG-5]', async () => {
  for (const name of ['a', 'b']) {
    const bundle = await api(name).bytes(`/v1/objects/message/${id}/bundle`);
    const { verdict, facts } = verifyBundle(bundle, network.genesis, { nowMs: Date.now() });
    assert.is(verdict, 'valid', name);
    const shown = facts.map(({ text }) => text).join('\n');
    assert.match(shown, 'RECEIVED');
    assert.match(shown, network.home('a').party);
    assert.match(shown, network.home('b').party);
    const { content, salt } = await api(name).get(`/v1/messages/${id}/content`);
    assert.match(shown, content);
    const bytes = new TextEncoder().encode(TEXT);
    // As docs/guides/api.md says it.
    const told = createHash('sha256')
      .update(Buffer.from('54530021', 'hex'))
      .update(fromHex(salt)!)
      .update(bytes);
    assert.is(told.digest('hex'), content);
  }
});

test('the API of others shows that something was sent, and neither what, nor to whom', async () => {
  const refused = await api('c').refused('GET', `/v1/messages/${id}`);
  assert.equal([refused.status, refused.code], [403, 'E_SCOPE']);
  for (const way of ['read', 'remove'])
    assert.ok((await api('c').refused('POST', `/v1/messages/${id}/${way}`, {})).status >= 403, way);
  assert.equal((await api('c').get('/v1/messages')).messages, []);
  const object = await api('c').get(`/v1/objects/message/${id}`);
  assert.equal([object.classes, Object.keys(object.value)], [[0], ['state', 'call', 'height']]);
  const bundle = await api('c').bytes(`/v1/objects/message/${id}/bundle`);
  assert.not.match(Buffer.from(bundle).toString('hex'), network.home('b').party);
});

test('another bank that got hold of the bytes opens them with no key of its own, nor under another commitment', async () => {
  const secrets = await keysOf('c');
  const ciphertext = (await node('b').services.store.message(id))!;
  const { sender, recipient, key, size, content, proof } = node('b').replica.ledger.state.get(
    message,
    fromHex(id)!,
  )!;
  const context = { network: network.genesis.network, sender, recipient, key, size, content, proof };
  const secretOfB = (await keysOf('b')).secretOf(toHex(key))!;
  const open = (secret: Uint8Array, changes: object = {}) =>
    openSealed(secret, messageContext.encode({ ...context, ...changes }), ciphertext);
  assert.ok(decodeBody((await open(secretOfB))!, size), 'the test opens what can be opened');
  for (const own of secrets.publicKeys) assert.is(await open(secrets.secretOf(own)!), undefined);
  const other = hash('label', asciiBytes('other'));
  for (const changes of [
    { network: other },
    { sender: party('c') },
    { recipient: party('c') },
    { key: fromHex(secrets.publicKeys[0]!)! },
    { size: size + 1 },
    { content: other },
    { proof: other },
  ])
    assert.is(await open(secretOfB, changes), undefined, Object.keys(changes)[0]);
  for (const at of [0, 31, 32, 100, ciphertext.length - 1]) {
    const bent = ciphertext.slice();
    bent[at]! ^= 1;
    assert.is(await openSealed(secretOfB, messageContext.encode(context), bent), undefined, `byte ${at}`);
  }
  assert.ok(!Buffer.from(ciphertext).includes(Buffer.from('goods')));
});

/** A bank whose node keeps other bytes than it would seal, and commits to what it likes. */
async function commitTo(
  from: string,
  committed: Omit<MessageContext, 'network'>,
  ciphertext: Uint8Array,
): Promise<string> {
  const { messages, store } = node(from).services;
  const fields = Object.entries(committed).map(([field, value]) => [
    field,
    typeof value === 'number' ? value : toHex(value),
  ]);
  const args = {
    ...Object.fromEntries(fields),
    ...{ ciphertext: toHex(ciphertextHash(ciphertext)), until: Date.now() + 600_000 },
  };
  let id = '';
  const submitted = await messages.submit('send-message', args, undefined, async (callId, deadline) => {
    id = callId;
    const recipient = toHex(committed.recipient);
    const act = { act: 'keep', id, recipient, ciphertext, deadline } as const;
    const { effects } = node(from).replica.step({ type: 'mailbox', act }, Date.now());
    await store.write(
      effects.flatMap((effect) => (effect.type === 'store' ? [effect.write] : [])),
      true,
    );
    return ok(undefined);
  });
  assert.ok(submitted.ok);
  return id;
}

/** What came to b's node, and what its own look at it says. */
async function notAcknowledged(id: string, reason: string): Promise<void> {
  const isHere = () => node('b').replica.mailbox.find(id)?.box === 'in';
  await until('its recipient has it', isHere, 30_000);
  const news = await receiptsOf('b', await keysOf('b')).look(Date.now());
  assert.equal(
    news.find((each) => each.message === id),
    { message: id, code: 'E_OPENING', reason },
  );
  const read = await api('b').refused('POST', `/v1/messages/${id}/read`, {});
  assert.equal([read.status, read.code], [409, 'E_STATE']);
}

const dishonest: string[] = [];

test('another bank that commits to a copy of the bytes as its own gets no receipt: it does not open', async () => {
  const stolen = (await node('b').services.store.message(id))!;
  const { recipient, key, size, content, proof } = node('b').replica.ledger.state.get(message, fromHex(id)!)!;
  const copy = await commitTo('c', { sender: party('c'), recipient, key, size, content, proof }, stolen);
  await notAcknowledged(copy, 'it does not open under its commitment');
  dishonest.push(copy);
});

test('a sender that commits to another text, another opening or in another’s name than it seals gets no receipt', async () => {
  const { key } = node('b').replica.ledger.state.get(message, fromHex(id)!)!;
  const salt = hash('label', asciiBytes('salt'));
  const text = asciiBytes('what it says');
  const honest = {
    ...{ sender: party('c'), recipient: party('b'), key, size: 0 },
    ...{ content: contentHash(salt, text), proof: openingProof(openingOf(salt)) },
  };
  const { network: chain } = network.genesis;
  const other = hash('label', asciiBytes('other'));
  for (const [committed, from, reason] of [
    [{ content: other }, 'c', 'it says something else than it commits to'],
    [{ proof: other }, 'c', 'its opening is not the one it commits to'],
    [{}, 'a', 'it names another sender'],
  ] as const) {
    const all = { ...honest, ...committed };
    const body = encodeBody({ salt, lei: network.home(from).lei, text });
    const sealed = await sealTo(key, messageContext.encode({ network: chain, ...all }), body);
    const sent = await commitTo('c', all, sealed);
    await notAcknowledged(sent, reason);
    dishonest.push(sent);
  }
  // Longer than a receipt takes, and than it takes to try again.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  for (const each of dishonest) assert.is(await stateAt('b', each), 'SENT');
});

test('a further key: new messages are sealed to it, and earlier ones are read still [MSG-2]', async () => {
  const [first] = (await keysOf('b')).publicKeys;
  const before = await send('a', 'b', 'sealed to the first');
  await received(before);
  assert.is((await api('b').post('/v1/messages/key?wait=30000', {})).outcome.code, 'OK');
  const after = await send('a', 'b', 'sealed to the second');
  await received(after);
  const [, second] = (await keysOf('b')).publicKeys;
  const keyOf = (of: string) => toHex(node('a').replica.ledger.state.get(message, fromHex(of)!)!.key);
  assert.equal([keyOf(before), keyOf(after)], [first, second]);
  const read = await api('b').post(`/v1/messages/${before}/read`, {});
  assert.is(Buffer.from(read.base64, 'base64').toString(), 'sealed to the first');
});

test('a key that was replaced is wiped once no message needs it, and not before [MSG-9]', async () => {
  const sent = await send('a', 'c', 'to the first key of c');
  await received(sent);
  assert.is((await api('c').post('/v1/messages/key?wait=30000', {})).outcome.code, 'OK');
  const keys = await keysOf('c');
  const [first, second] = keys.publicKeys;
  await receiptsOf('c', keys).look(Date.now());
  assert.equal(keys.publicKeys, [first, second], 'the message is here still');
  await api('c').post(`/v1/messages/${sent}/remove`, {});
  await receiptsOf('c', keys).look(Date.now());
  assert.equal(keys.publicKeys, [second]);
  assert.equal((await keysOf('c')).publicKeys, [second], 'and in the file');
  assert.is((await api('c').get('/v1/messages')).messages[0].here, false);
});

test('a message of the greatest length, and of bytes that are no text; one byte more is refused', async () => {
  const bytes = randomPort().bytes(messageBytesMax);
  const { callId } = await api('a').post('/v1/messages?wait=30000', {
    ...{ to: network.home('b').party, base64: Buffer.from(bytes).toString('base64') },
  });
  await received(callId);
  const read = await api('b').post(`/v1/messages/${callId}/read`, {});
  assert.ok(equalBytes(new Uint8Array(Buffer.from(read.base64, 'base64')), bytes));
  const base64 = Buffer.alloc(messageBytesMax + 1).toString('base64');
  const long = await api('a').refused('POST', '/v1/messages', { to: network.home('b').party, base64 });
  assert.equal([long.status, long.code], [413, 'E_LIMIT_BYTES']);
});

test('under one nonce one message is sent, whatever its sender does who lost an answer', async () => {
  const nonce = '5a'.repeat(16);
  const to = network.home('b').party;
  const outcomes: string[] = [];
  for (const text of ['once', 'or twice']) {
    const { outcome } = await api('a')
      .post('/v1/messages?wait=30000', { to, text, nonce })
      .catch((error) => ({
        outcome: { code: /E_[A-Z]+/.exec(String(error))![0] },
      }));
    outcomes.push(outcome.code);
  }
  assert.equal(outcomes, ['OK', 'E_REPLAY']);
});

test.run();
