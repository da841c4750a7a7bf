/** Messages between banks: what the ledger keeps of them, who sees it, and the form in which they are sealed. */

import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asciiBytes, fromHex, toHex } from '../codec/bytes.ts';
import { message, messageHead, messageKey } from '../contracts/objects/message.ts';
import { visibleClasses } from '../contracts/views.ts';
import { exchangeKeyDefect } from '../crypto/x25519.ts';
import {
  ciphertextBytes,
  decodeBody,
  encodeBody,
  messageBytesMax,
  sizeClasses,
  sizeClassOf,
} from '../vertex/sealed-message.ts';
import { idOf, leiOf, type PartyName, World } from './contract-world.ts';
import { exchangeKey, receive, saltOf, send, stateKey } from './message-steps.ts';

const test = suite('messages between banks');

test('keys are numbered, the newest is found under the party, and the earlier ones stay [MSG-2]', () => {
  const world = World.enrolled();
  stateKey({ world });
  const second = exchangeKey('second');
  const { id } = stateKey({ world }, 'bankB', second);
  assert.equal(world.read(messageHead, idOf('bankB')).newest, second);
  assert.is(world.read(messageHead, idOf('bankB')).number, 2);
  const first = world.read(messageKey, exchangeKey('bankB'));
  assert.equal([first.number, toHex(first.party)], [1, toHex(idOf('bankB'))]);
  assert.equal(world.read(messageKey, second).call, id);
});

test('the receipt leaves what was committed to as it was, and says when [MSG-5]', () => {
  const world = World.enrolled();
  stateKey({ world });
  const { id } = send({ world });
  const before = world.read(message, id);
  assert.equal([before.state, before.receivedAt], ['SENT', undefined]);
  const { refusal, id: receipt } = receive({ world }, id);
  assert.is(refusal, undefined);
  const after = world.read(message, id);
  const { height, time: receivedAt } = world;
  assert.equal(after, { ...before, state: 'RECEIVED', receivedAt, call: receipt, height });
});

test('sender and recipient see who wrote whom; everybody else sees that something was sent [MSG-4]', () => {
  const world = World.enrolled();
  stateKey({ world });
  const { id } = send({ world });
  const seen = (name: PartyName) => visibleClasses(world.stored(message, id), idOf(name), world);
  for (const one of ['bankA', 'bankB'] as const) assert.equal(seen(one), [0, 1, 2]);
  for (const other of ['monitor', 'monitor2', 'acme', 'appraiser'] as const) assert.equal(seen(other), [0]);
  assert.equal(Object.keys(message.classes[0].toJson(world.read(message, id)) as object), [
    'state',
    'call',
    'height',
  ]);
});

test('a body is as long as its class, whatever it says, and comes back [MSG-3]', () => {
  const lei = leiOf('bankA');
  for (const length of [0, 1, 255, 256, 257, 1_024, 5_000, messageBytesMax]) {
    const text = new Uint8Array(length).fill(length % 251);
    const size = sizeClassOf(length);
    const body = encodeBody({ salt: saltOf(), lei, text });
    assert.is(body.length, sizeClasses[size]! + 56);
    assert.is(ciphertextBytes(size), body.length + 48);
    assert.equal(decodeBody(body, size), { salt: saltOf(), lei, text });
  }
  assert.throws(() => sizeClassOf(messageBytesMax + 1), /at most 65536/);
});

test('a body in any other form than the one is none [MSG-3]', () => {
  const body = encodeBody({ salt: saltOf(), lei: leiOf('bankA'), text: asciiBytes('ten bytes!') });
  const bent = (at: number, byte: number): Uint8Array => {
    const copy = body.slice();
    copy[at] = byte;
    return copy;
  };
  assert.is(decodeBody(body, 1), undefined, 'of another class');
  assert.is(decodeBody(body.subarray(1), 0), undefined, 'cut');
  assert.is(decodeBody(bent(body.length - 1, 1), 0), undefined, 'padding that says something');
  assert.is(decodeBody(bent(52, 255), 0), undefined, 'longer than it is');
  assert.is(decodeBody(bent(40, 0xc3), 0), undefined, 'no LEI');
  const padded = new Uint8Array(sizeClasses[1] + 56);
  padded.set(body);
  assert.is(decodeBody(padded, 1), undefined, 'padded to a greater class');
});

test('a key of small order shares no secret, and is told from the others [MSG-2]', () => {
  const publicOf = (raw: Uint8Array) =>
    createPublicKey({
      key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(raw).toString('base64url') },
      format: 'jwk',
    });
  const der = Buffer.concat([fromHex('302e020100300506032b656e04220420')!, saltOf()]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const share = (raw: Uint8Array) => diffieHellman({ privateKey, publicKey: publicOf(raw) });
  const small = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
  ].map((hex) => fromHex(hex)!);
  for (const raw of small) {
    assert.is(exchangeKeyDefect(raw), 'point of small order', toHex(raw));
    assert.throws(() => share(raw), undefined, toHex(raw));
  }
  // p and p + 1 are 0 and 1 again; a set top bit is ignored by X25519.
  for (const hex of [`ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`, `09${'00'.repeat(30)}80`])
    assert.is(exchangeKeyDefect(fromHex(hex)!), 'non-canonical encoding', hex);
  assert.is(exchangeKeyDefect(exchangeKey('bankB')), undefined);
  assert.is(share(exchangeKey('bankB')).length, 32);
  assert.is(exchangeKeyDefect(fromHex(`eb${'ff'.repeat(30)}7f`)!), undefined, 'the greatest that is good');
});

test.run();
