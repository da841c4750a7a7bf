/** Sealing, held against RFC 9180 as written out here over Node's own primitives; and the keys on disk. */

import '../polyfill.ts';
import {
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
} from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { openSealed, publicKeyOf, sealTo } from '../crypto/hpke.ts';
import { randomPort } from '../crypto/native.ts';
import { KeyFileError } from '../keys/age-file.ts';
import { createKeyFile } from '../keys/key-file.ts';
import { MessageKeys } from '../keys/message-keys.ts';

const test = suite('sealing');
const random = randomPort();
const nothing = Buffer.alloc(0);

/** RFC 9180 §4. */
function labeled(suiteId: Buffer) {
  const extract = (salt: Uint8Array, label: string, ikm: Uint8Array): Buffer =>
    createHmac('sha256', salt)
      .update(Buffer.concat([Buffer.from('HPKE-v1'), suiteId, Buffer.from(label), ikm]))
      .digest();
  const expand = (prk: Buffer, label: string, info: Uint8Array, length: number): Buffer => {
    const lengthBytes = Buffer.from([length >> 8, length & 255]);
    const all = Buffer.concat([lengthBytes, Buffer.from('HPKE-v1'), suiteId, Buffer.from(label), info]);
    // HKDF-Expand alone: one block is enough, T(1) = HMAC(prk, info ‖ 1).
    return createHmac('sha256', prk)
      .update(Buffer.concat([all, Buffer.from([1])]))
      .digest()
      .subarray(0, length);
  };
  return { extract, expand };
}
const kem = labeled(Buffer.from('4b454d0020', 'hex'));
const hpke = labeled(Buffer.from('48504b45002000010002', 'hex'));

function privateKeyOf(secret: Uint8Array) {
  const raw = kem.expand(kem.extract(nothing, 'dkp_prk', secret), 'sk', nothing, 32);
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), raw]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
const rawPublic = (key: ReturnType<typeof privateKeyOf>): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12);

/** Opens as RFC 9180 §5.1.1 and §5.2 say. */
function openByHand(secret: Uint8Array, context: Uint8Array, sealed: Uint8Array): Buffer {
  const privateKey = privateKeyOf(secret);
  const enc = Buffer.from(sealed.subarray(0, 32));
  const der = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), enc]);
  const shared = diffieHellman({
    privateKey,
    publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }),
  });
  const kemContext = Buffer.concat([enc, rawPublic(privateKey)]);
  const sharedSecret = kem.expand(kem.extract(nothing, 'eae_prk', shared), 'shared_secret', kemContext, 32);
  const info = Buffer.from('tallystick message 1');
  const schedule = Buffer.concat([
    Buffer.from([0]),
    hpke.extract(nothing, 'psk_id_hash', nothing),
    hpke.extract(nothing, 'info_hash', info),
  ]);
  const keySecret = hpke.extract(sharedSecret, 'secret', nothing);
  const decipher = createDecipheriv(
    'aes-256-gcm',
    hpke.expand(keySecret, 'key', schedule, 32),
    hpke.expand(keySecret, 'base_nonce', schedule, 12),
  );
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(sealed.length - 16));
  return Buffer.concat([decipher.update(sealed.subarray(32, sealed.length - 16)), decipher.final()]);
}

test('the expansion written out here is HKDF’s', () => {
  const prk = createHmac('sha256', nothing).update('ikm').digest();
  const expanded = createHmac('sha256', prk)
    .update(Buffer.concat([Buffer.from('info'), Buffer.from([1])]))
    .digest();
  assert.is(expanded.toString('hex'), Buffer.from(hkdfSync('sha256', 'ikm', '', 'info', 32)).toString('hex'));
});

test('what is sealed opens by the letter of RFC 9180, and the key pair is the one that it derives [MSG-3]', async () => {
  for (let i = 0; i < 20; i++) {
    const secret = random.bytes(32);
    const publicKey = await publicKeyOf(secret);
    assert.is(toHex(publicKey), rawPublic(privateKeyOf(secret)).toString('hex'));
    const [context, body] = [random.bytes(i), random.bytes(31 * i)];
    const sealed = await sealTo(publicKey, context, body);
    assert.is(sealed.length, body.length + 48);
    assert.is(openByHand(secret, context, sealed).toString('hex'), toHex(body));
    assert.is(toHex((await openSealed(secret, context, sealed))!), toHex(body));
  }
});

test('the same text is sealed differently each time; bytes that are no sealed body do not open', async () => {
  const secret = random.bytes(32);
  const publicKey = await publicKeyOf(secret);
  const [context, body] = [random.bytes(8), random.bytes(100)];
  const [one, other] = [await sealTo(publicKey, context, body), await sealTo(publicKey, context, body)];
  assert.is.not(toHex(one), toHex(other));
  for (const length of [0, 1, 31, 32, 47, 48]) {
    assert.is(await openSealed(secret, context, one.subarray(0, length)), undefined, `${length} bytes`);
    assert.is(await openSealed(secret, context, new Uint8Array(length)), undefined, `${length} zeros`);
  }
  assert.is(await openSealed(random.bytes(32), context, one), undefined, 'another secret');
  assert.is(await openSealed(secret, random.bytes(8), one), undefined, 'another context');
});

// ---- keys on disk [MSG-9]

const keysAt = (path: string, passphrase = 'right'): Promise<MessageKeys> =>
  MessageKeys.open({ path, passphrase, random, workFactor: 2 });

test('secrets are on disk before their public key is told, for their owner alone; those forgotten are gone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-keys-'));
  const path = join(folder, 'messages.age');
  const keys = await keysAt(path);
  assert.equal(keys.publicKeys, []);
  // At once: the file must hold them all.
  const made = (await Promise.all([keys.add(), keys.add(), keys.add()])).map((key) => toHex(key!));
  assert.is((await stat(path)).mode & 0o777, 0o600);
  const again = await keysAt(path);
  assert.equal(again.publicKeys, made);
  for (const name of made) assert.equal(again.secretOf(name), keys.secretOf(name));
  assert.is(toHex(await publicKeyOf(again.secretOf(made[1]!)!)), made[1]);

  const secret = keys.secretOf(made[1]!)!;
  await keys.forget([made[1]!, 'ff'.repeat(32)]);
  assert.equal([keys.publicKeys, keys.secretOf(made[1]!)], [[made[0], made[2]], undefined]);
  assert.is(toHex(secret), '00'.repeat(32), 'also in memory');
  assert.equal((await keysAt(path)).publicKeys, [made[0], made[2]]);
  while ((await keys.add()) !== undefined);
  assert.is(keys.publicKeys.length, 64);
  await rm(folder, { recursive: true });
});

test('a file that does not open, or holds something else, is named, and the node does not start without its keys', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-keys-'));
  const path = join(folder, 'messages.age');
  await (await keysAt(path)).add();
  const failure = (from: string, passphrase?: string): Promise<Error> =>
    keysAt(from, passphrase).then(
      () => assert.unreachable(),
      (error) => error,
    );
  const wrong = await failure(path, 'wrong');
  assert.instance(wrong, KeyFileError);
  assert.match(wrong.message, `${path}: wrong passphrase`);
  const bent = join(folder, 'bent.age');
  await writeFile(bent, (await readFile(path, 'utf8')).slice(0, -80));
  assert.instance(await failure(bent), KeyFileError);
  assert.match((await failure(bent)).message, `key file ${bent}: `);
  const other = join(folder, 'key.age');
  await createKeyFile(other, 'right', { workFactor: 2 });
  assert.match((await failure(other)).message, 'a line of it is no TALLY-MESSAGE-KEY-1 line');
  await rm(folder, { recursive: true });
});

test.run();
