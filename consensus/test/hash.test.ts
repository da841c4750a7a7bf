/** Domain-separated hashing `[HASH-1]`: the tags are part of the protocol, so they stand here a second time. */

import { createHash, createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes, toHex, uint32Bytes } from '../codec/bytes.ts';
import { type Domain, hash, zero32 } from '../crypto/hash.ts';
import { hashBytes, installPrimitives, verifyZip215 } from '../crypto/primitives.ts';
import { byteString, repeat, signerOf } from './arbitraries.ts';

const hashing = suite('hash');

const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(data).digest());

/** Append only. A tag that moves makes every hash and signature of every running network worthless. */
// biome-ignore format: a table
const domainsInOrder: readonly Domain[] = [
  'network', 'vertex', 'vertex-signature', 'call', 'call-signature', 'payload', 'commitment', 'salt', 'batch',
  'frame-signature', 'frame-salt', 'object-key', 'label', 'map-path', 'map-leaf', 'map-node', 'object-value',
  'header', 'committee', 'order', 'vote-prepare', 'vote-commit', 'proposal', 'view-change', 'new-view',
  'connection', 'batch-summary', 'summary-salt', 'evidence', 'seed', 'draw', 'call-decline',
];

hashing.after(() => installPrimitives({ sha256 }));

hashing('each domain is SHA-256 over "TS", its number in 16 bits, and the parts', () => {
  for (const [number, domain] of domainsInOrder.entries()) {
    const tag = concatBytes(Uint8Array.of(0x54, 0x53), uint32Bytes(number).subarray(2));
    const parts = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    assert.is(toHex(hash(domain, ...parts)), toHex(sha256(concatBytes(tag, ...parts))), domain);
  }
});

hashing(
  'inputs of every length, put together in one place or not, and no digest changes with the next',
  () => {
    const tag = Uint8Array.of(0x54, 0x53, 0, 1);
    const seen: (readonly [digest: Uint8Array, hex: string])[] = [];
    for (let length = 0; length <= 1_100; length += length < 980 ? 37 : 1) {
      const whole = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
      const split = whole.length >> 1;
      const digest = hash('vertex', whole.subarray(0, split), whole.subarray(split));
      seen.push([digest, toHex(sha256(concatBytes(tag, whole)))]);
    }
    for (const [digest, hex] of seen) assert.is(toHex(digest), hex);
  },
);

hashing('frozen: the empty vertex, and one of two parts', () => {
  assert.is(toHex(hash('vertex')), toHex(sha256(Uint8Array.of(0x54, 0x53, 0, 1))));
  assert.is(toHex(hash('vertex')), '22006b38d6e20421334c672798337d93a47e2687856930608d60ffab3363e7a3');
  assert.is(
    toHex(hash('order', repeat(1), repeat(2))),
    'bcef95b594103bac0bb1b577e29ba0adf21b0aed6c2b352b3cf34b7632ba22d6',
  );
});

hashing('the portable SHA-256 is that of the runtime, at every length around a block', () => {
  for (let length = 0; length < 200; length++) {
    assert.is(toHex(hashBytes(repeat(length, length))), toHex(sha256(repeat(length, length))));
  }
  fc.assert(fc.property(byteString(0, 2000), (data) => toHex(hashBytes(data)) === toHex(sha256(data))));
});

function verifyNatively(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  return verify(
    null,
    message,
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
    signature,
  );
}

hashing('a replacement that is not SHA-256, or does not verify, is not installed', () => {
  const verifyAlways = (): boolean => true;
  const verifyNever = (): boolean => false;
  assert.throws(() => installPrimitives({ sha256: (data) => data.slice(0, 32) }), /"primitives.sha256"/);
  assert.throws(() => installPrimitives({ sha256, verifyBatch: verifyAlways }), /"primitives.verifyBatch"/);
  assert.throws(() => installPrimitives({ sha256, verifyBatch: verifyNever }), /"primitives.verifyBatch"/);
  assert.throws(
    () => installPrimitives({ sha256, verify: verifyAlways }),
    /"primitives.verify" is not Ed25519/,
  );
  assert.throws(
    () => installPrimitives({ sha256, verify: verifyNever }),
    /"primitives.verify" is not Ed25519/,
  );
  assert.throws(() => installPrimitives({ sha256, verify: verifyNatively }), /does not follow ZIP-215/);
  assert.is(toHex(hashBytes(repeat(1))), toHex(sha256(repeat(1))));
});

hashing('a native SHA-256 that answers with a Buffer works as well', () => {
  installPrimitives({ sha256: (data) => createHash('sha256').update(data).digest() });
  assert.is(toHex(hash('vertex')), '22006b38d6e20421334c672798337d93a47e2687856930608d60ffab3363e7a3');
});

hashing('verification takes any bytes for an answer of no', () => {
  const { publicKey } = signerOf(1);
  fc.assert(
    fc.property(byteString(0, 80), byteString(0, 40), (signature, key) => {
      assert.is(verifyZip215(signature, repeat(0), publicKey), false);
      assert.is(verifyZip215(repeat(0, 64), repeat(0), key.length === 32 ? publicKey : key), false);
    }),
    { numRuns: 50 },
  );
});

hashing('the zero hash is 32 zero bytes', () => {
  assert.is(toHex(zero32), '00'.repeat(32));
});

hashing.run();
