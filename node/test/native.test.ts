/** Node's own primitives agree with the portable ones, and are as fast as they are meant to be. */

import { getPublicKey, sign } from '@noble/ed25519';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hashBytes, verifyZip215 } from '../../consensus/crypto/primitives.ts';
import { installNativePrimitives, nativeSigner, randomPort, systemClock } from '../crypto/native.ts';

const native = suite('native primitives');
native.before(installNativePrimitives);

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

native('hash as the portable ones do, into plain arrays', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
      const digest = hashBytes(data);
      assert.equal(digest, sha256(data));
      assert.is(Object.getPrototypeOf(digest), Uint8Array.prototype);
    }),
  );
  const view = new Uint8Array(Array.from({ length: 64 }, (_, index) => index)).subarray(10, 20);
  assert.equal(hashBytes(view), sha256(view), 'a view, not what lies around it');
});

native('sign as the portable ones do, and accept no signature but that', () => {
  fc.assert(
    fc.property(
      bytes(32),
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(63),
      fc.integer({ min: 1, max: 255 }),
      (secret, message, at, flip) => {
        const signer = nativeSigner(secret);
        assert.equal(signer.publicKey, getPublicKey(secret));
        const signature = signer.sign(message);
        assert.equal(signature, sign(message, secret));
        assert.ok(verifyZip215(signature, message, signer.publicKey));
        signature[at]! ^= flip;
        assert.not.ok(verifyZip215(signature, message, signer.publicKey));
      },
    ),
    { numRuns: 40 },
  );
  assert.throws(
    () => nativeSigner(new Uint8Array(31)),
    '"secret" expected Uint8Array of length 32, got length=31',
  );
});

native('refuse keys and signatures that are none, without throwing', () => {
  fc.assert(
    fc.property(
      bytes(64),
      bytes(32),
      (signature, publicKey) => !verifyZip215(signature, new Uint8Array(3), publicKey),
    ),
    { numRuns: 40 },
  );
  assert.not.ok(verifyZip215(new Uint8Array(64), new Uint8Array(3), new Uint8Array(31)));
});

native('accept what ZIP-215 accepts and OpenSSL does not: a key of small order', () => {
  const smallOrder = new Uint8Array(32);
  smallOrder[0] = 1;
  const signature = new Uint8Array(64);
  signature[0] = 1;
  assert.ok(verifyZip215(signature, new Uint8Array(5), smallOrder));
});

native('how fast', () => {
  const message = randomPort().bytes(200);
  const signer = nativeSigner(randomPort().bytes(32));
  const signature = signer.sign(message);
  const rate = (count: number, work: () => void): string => {
    const startedMs = performance.now();
    for (let run = 0; run < count; run++) work();
    return `${Math.round(count / ((performance.now() - startedMs) / 1_000))}/s`;
  };
  const verified = rate(2_000, () => verifyZip215(signature, message, signer.publicKey));
  const signed = rate(2_000, () => signer.sign(message));
  console.log(
    `native: ${verified} verified, ${signed} signed, ${rate(100_000, () => hashBytes(message))} hashed of 200 bytes`,
  );
});

native('the clock and the dice', () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
  assert.is(randomPort().bytes(7).length, 7);
  assert.not.equal(randomPort().bytes(32), randomPort().bytes(32));
});

native.run();
