/**
 * Signatures `[SIG-1]`: one acceptance rule, ZIP-215, by noble and in WebAssembly, which Node's own verifier does not
 * follow; and which keys may enrol. The odd signatures are built here from points and scalars, as no honest signer would.
 */

import { createPublicKey, verify as nativeVerify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Point, sign } from '@noble/ed25519';
import { sha256 } from '@noble/hashes/sha2.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedData } from '../../tooling/shared-data.ts';
import { asciiBytes, concatBytes, fromHex, toHex } from '../codec/bytes.ts';
import { keyDefect, signDigest, verifyDigest } from '../crypto/ed25519.ts';
import { installPrimitives, verifyZip215 } from '../crypto/primitives.ts';
import { makeBatchVerifier } from '../crypto/zip215/verifier.ts';
import { flipped, hashOf, repeat, signerOf } from './arbitraries.ts';
import {
  forge as forgeFor,
  L,
  littleEndian,
  nobleSays,
  numberOf,
  P,
  smallOrderEncodings,
  torsion,
} from './odd-signatures.ts';

const ed25519 = suite('ed25519');

const message = asciiBytes('Zcash');

const DER_PREFIX = fromHex('302a300506032b6570032100')!;
function verifyNatively(signature: Uint8Array, data: Uint8Array, publicKey: Uint8Array): boolean {
  const key = createPublicKey({
    key: Buffer.from(concatBytes(DER_PREFIX, publicKey)),
    format: 'der',
    type: 'spki',
  });
  return nativeVerify(null, data, key, signature);
}

const forge = (encodedR: Uint8Array, k: bigint, key: Uint8Array, a: bigint): Uint8Array =>
  forgeFor(encodedR, k, key, a, message);
const r = numberOf(hashOf(1)) % L;
const secret = numberOf(hashOf(2)) % L;
const R = Point.BASE.multiply(r);
const A = Point.BASE.multiply(secret);

const { verify } = makeBatchVerifier();

/** The verdict, once it is the same by noble and in WebAssembly. */
function verdict(signature: Uint8Array, publicKey: Uint8Array, data = message): boolean {
  installPrimitives({ sha256 });
  const slow = verifyZip215(signature, data, publicKey);
  installPrimitives({ sha256, verify });
  assert.is(verifyZip215(signature, data, publicKey), slow, 'in WebAssembly');
  return slow;
}

ed25519.after(() => installPrimitives({ sha256 }));

ed25519('RFC 8032 known answers', () => {
  const path = sharedData('ed25519-rfc8032/rfc8032-ed25519.json');
  if (path === undefined) {
    console.log('skipped: ed25519-rfc8032 is not here');
    return;
  }
  const vectors = JSON.parse(readFileSync(path, 'utf8')) as {
    priv: string;
    pub: string;
    msg: string;
    sig: string;
  }[];
  assert.ok(vectors.length >= 4);
  for (const { priv, pub, msg, sig } of vectors) {
    const [secretKey, publicKey, data, signature] = [priv, pub, msg, sig].map((hex) => fromHex(hex)!) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    assert.is(toHex(sign(data, secretKey)), sig);
    assert.is(verdict(signature, publicKey, data), true);
    assert.is(verdict(flipped(signature, 40), publicKey, data), false);
    assert.is(keyDefect(publicKey), undefined);
  }
});

ed25519('there are 14 encodings of the 8 points of small order', () => {
  assert.is(new Set(smallOrderEncodings.map(toHex)).size, 14);
  for (const encoding of smallOrderEncodings) assert.ok(Point.fromBytes(encoding, true).isSmallOrder());
});

ed25519('ZIP-215: all 196 pairs of small-order key and R verify, by either', () => {
  for (const key of smallOrderEncodings) {
    for (const encodedR of smallOrderEncodings) {
      assert.is(verdict(concatBytes(encodedR, repeat(0)), key), true);
    }
  }
});

ed25519('ZIP-215: torsion in R or in the key, and R not canonical, are accepted', () => {
  const key = A.toBytes();
  let refusedByNative = 0;
  const accepted = (signature: Uint8Array, publicKey: Uint8Array): void => {
    assert.is(verdict(signature, publicKey), true);
    if (!verifyNatively(signature, message, publicKey)) refusedByNative++;
  };
  for (const point of torsion) {
    accepted(forge(R.add(point).toBytes(), r, key, secret), key);
    const mixedKey = A.add(point).toBytes();
    accepted(forge(R.toBytes(), r, mixedKey, secret), mixedKey);
  }
  for (const encodedR of smallOrderEncodings) accepted(forge(encodedR, 0n, key, secret), key);
  assert.ok(refusedByNative > 20, `the native verifier alone refuses ${refusedByNative} of them`);
});

ed25519('S not below the group order is refused, as are S and R of all ones', () => {
  const key = A.toBytes();
  const signature = forge(R.toBytes(), r, key, secret);
  assert.is(verdict(signature, key), true);
  const S = numberOf(signature.subarray(32));
  for (let times = 1n; S + times * L < 1n << 256n; times++) {
    assert.is(verdict(concatBytes(signature.subarray(0, 32), littleEndian(S + times * L)), key), false);
  }
  for (const wrong of [L, L + 1n, (1n << 256n) - 1n]) {
    assert.is(verdict(concatBytes(smallOrderEncodings[0]!, littleEndian(wrong)), key), false);
  }
  assert.is(verdict(repeat(255, 64), key), false);
  assert.is(verdict(concatBytes(repeat(0), littleEndian(0n)), repeat(2)), false, 'a key that is no point');
});

ed25519('no flipped bit of signature, key or message verifies', () => {
  const { publicKey, sign: signMessage } = signerOf(7);
  const signature = signMessage(message);
  assert.is(verdict(signature, publicKey), true);
  for (let bit = 0; bit < 512; bit += 3) {
    assert.is(
      verdict(flipped(signature, bit >>> 3, 1 << (bit & 7)), publicKey),
      false,
      `signature bit ${bit}`,
    );
  }
  for (let bit = 0; bit < 256; bit += 7) {
    assert.is(verdict(signature, flipped(publicKey, bit >>> 3, 1 << (bit & 7))), false, `key bit ${bit}`);
  }
  for (let bit = 0; bit < 8 * message.length; bit++) {
    assert.is(verdict(signature, publicKey, flipped(message, bit >>> 3, 1 << (bit & 7))), false);
  }
});

ed25519('whatever the native verifier accepts, ZIP-215 accepts: 200 mutated signatures', () => {
  for (let i = 0; i < 200; i++) {
    const point = torsion[i % 8]!;
    const mixedR = R.add(point).toBytes();
    const mixedKey = A.add(torsion[(i >>> 3) % 8]!).toBytes();
    const signature = forge(mixedR, r, mixedKey, secret);
    const mutated = i % 3 === 0 ? signature : flipped(signature, i % 64, 1 << (i % 8));
    const strict = verifyNatively(mutated, message, mixedKey);
    if (strict) assert.ok(nobleSays(mutated, message, mixedKey));
    assert.is(verdict(mutated, mixedKey), nobleSays(mutated, message, mixedKey));
  }
});
ed25519('signed digests bind domain, network and body', () => {
  const signer = signerOf(3);
  const body = asciiBytes('body');
  const signature = signDigest(signer, 'vertex-signature', repeat(1), body);
  assert.is(
    toHex(signature),
    [
      'b7a1a243244600d3f87011a437b5beae7cc364ac87e747ec62683b37dc13a39d42d1a7c041fbb11acd728685',
      '8ed4227623d24984c4f202414c80577ef615300f',
    ].join(''),
  );
  const verified = (
    domain: 'vertex-signature' | 'call-signature',
    network: Uint8Array,
    bytes: Uint8Array,
  ): boolean => verifyDigest(signature, domain, network, bytes, signer.publicKey);
  assert.ok(verified('vertex-signature', repeat(1), body));
  assert.not(verified('call-signature', repeat(1), body));
  assert.not(verified('vertex-signature', repeat(2), body));
  assert.not(verified('vertex-signature', repeat(1), asciiBytes('bode')));
});

ed25519('keys of honest signers may enrol', () => {
  for (let i = 0; i < 40; i++) assert.is(keyDefect(signerOf(i).publicKey), undefined);
  assert.is(keyDefect(A.toBytes()), undefined);
  assert.is(keyDefect(A.negate().toBytes()), undefined);
});

ed25519('keys of small order, with torsion, not canonical, or of another length may not', () => {
  for (const encoding of smallOrderEncodings) assert.type(keyDefect(encoding), 'string', toHex(encoding));
  for (const point of torsion.slice(1)) {
    assert.is(keyDefect(A.add(point).toBytes()), 'point not of prime order');
    assert.is(keyDefect(A.negate().add(point).toBytes()), 'point not of prime order');
  }
  // Of the encodings with y from p to 2^255-1, those on the curve have a twin with y - p.
  for (let y = P; y < 1n << 255n; y++) {
    for (const bit of [0, 0x80]) assert.type(keyDefect(flipped(littleEndian(y), 31, bit)), 'string');
  }
  for (let i = 0; i < 40; i++) {
    const bytes = hashOf(i);
    const defect = keyDefect(bytes);
    if (defect === undefined) assert.is(Point.fromBytes(bytes).toHex(), toHex(bytes));
  }
  for (const length of [0, 31, 33, 64])
    assert.is(keyDefect(repeat(1, length)), `expected 32 bytes, got ${length}`);
});

ed25519('a Buffer serves as well as a Uint8Array, and is left as it was', () => {
  const { publicKey, sign: signMessage } = signerOf(9);
  const signature = Buffer.from(signMessage(message));
  const key = Buffer.from(publicKey);
  assert.is(verdict(signature, key, Buffer.from(message)), true);
  assert.is(keyDefect(key), undefined);
  assert.is(key.toString('hex'), toHex(publicKey));
});

ed25519.run();
