/** The WebAssembly verifier on single signatures `[SIG-1]`: published vectors, and a short run of the campaign. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes, fromHex } from '../codec/bytes.ts';
import { loadBatchVerifier, makeBatchVerifier } from '../crypto/zip215/verifier.ts';
import { compile, compileNow } from '../crypto/zip215/webassembly.ts';
import { flipped, repeat, signerOf } from './arbitraries.ts';
import { littleEndian, nobleSays, P, smallOrderEncodings } from './odd-signatures.ts';
import { compareVectors, runCampaign, seededRandom } from './signature-campaign.ts';

const zip215 = suite('zip215');
const { verify, verifyBatch } = makeBatchVerifier();

/**
 * Message, key, signature, and what ZIP-215 says, which is the row of "Zebra" in the table that was published with them:
 * Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs", SSR 2020; github.com/novifinancial/ed25519-speccheck.
 */
// biome-ignore format: a table
const SPECCHECK: readonly (readonly [message: string, key: string, signature: string, accepted: boolean])[] = [
  ['8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000', true],
  ['9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04', true],
  ['aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab', 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e', true],
  ['9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79', 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009', true],
  ['e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c', 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09', true],
  ['e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c', 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405', true],
  ['85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40', '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    'e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514', false],
  ['85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40', '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    '8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22', false],
  ['9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41', 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f', false],
  ['9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41', 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908', true],
  ['e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04', true],
  ['39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04', true],
];

zip215('the edge cases of "Taming the many EdDSAs"', () => {
  const items = SPECCHECK.map(([message, publicKey, signature]) => ({
    message: fromHex(message)!,
    publicKey: fromHex(publicKey)!,
    signature: fromHex(signature)!,
  }));
  assert.is(items.length, 12);
  const { tally, verdicts } = compareVectors(items);
  assert.equal(tally.differences, []);
  assert.equal(
    verdicts,
    SPECCHECK.map(([, , , accepted]) => accepted),
  );
});

zip215('2,400 signatures mutated in all ways, singly and in batches, as noble judges them', () => {
  const { differences, byKind, byBad, items } = runCampaign(2_400, 215);
  assert.equal(differences, []);
  assert.is(items, 2_400);
  assert.ok(byBad.every((count) => count > 20));
  const accepted = [...byKind.values()].reduce((sum, [count]) => sum + count, 0);
  assert.ok(accepted > 200 && accepted < 1_200, `${accepted} accepted`);
  assert.equal(byKind.get('none'), [127, 127]);
  for (const kind of [
    'bit of the signature',
    'S and a multiple of L',
    'S beside itself',
    'of another length',
  ])
    assert.is(byKind.get(kind)![0], 0, kind);
});

zip215('all 196 pairs of small-order key and R at once; one S of 1 among them is found', () => {
  const message = repeat(3);
  const items = smallOrderEncodings.flatMap((publicKey) =>
    smallOrderEncodings.map((R) => ({ message, publicKey, signature: concatBytes(R, repeat(0)) })),
  );
  assert.is(items.length, 196);
  assert.ok(verifyBatch(items, seededRandom(1)));
  const bad = { ...items[77]!, signature: flipped(items[77]!.signature, 32) };
  const { findInvalid } = makeBatchVerifier();
  assert.equal(findInvalid([...items.slice(0, 77), bad, ...items.slice(78)], seededRandom(2)), [77]);
});

zip215('keys and Rs with y from p to 2^255 - 1, and x = 0 with a sign: as noble decides', () => {
  let points = 0;
  for (let y = P; y < 1n << 255n; y++) {
    for (const sign of [0, 0x80]) {
      const encoding = flipped(littleEndian(y), 31, sign);
      const signature = concatBytes(encoding, repeat(0));
      const verdict = nobleSays(signature, repeat(1), encoding);
      assert.is(verify(signature, repeat(1), encoding), verdict);
      const honest = signerOf(1).publicKey;
      assert.is(
        verify(concatBytes(honest, repeat(0)), repeat(1), encoding),
        nobleSays(concatBytes(honest, repeat(0)), repeat(1), encoding),
      );
      points += Number(verdict);
    }
  }
  assert.ok(points > 0);
});

zip215('messages of any length, around a block and around a part', () => {
  const signer = signerOf(4);
  for (const length of [0, 1, 46, 47, 48, 63, 64, 65, 1_023, 16_383, 16_384, 16_385, 32_768, 70_000]) {
    const message = Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
    const signature = signer.sign(message);
    assert.ok(verify(signature, message, signer.publicKey), `${length} bytes`);
    assert.not(verify(signature, concatBytes(message, repeat(0, 1)), signer.publicKey));
    if (length > 0) assert.not(verify(signature, flipped(message, length - 1), signer.publicKey));
  }
});

zip215('other lengths of signature and key are refused, and nothing is thrown', () => {
  const { publicKey, sign } = signerOf(5);
  const signature = sign(repeat(1));
  assert.ok(verify(signature, repeat(1), publicKey));
  for (const length of [0, 1, 31, 32, 63, 65, 128])
    assert.not(verify(concatBytes(signature, repeat(0)).subarray(0, length), repeat(1), publicKey));
  for (const length of [0, 31, 33, 64])
    assert.not(verify(signature, repeat(1), concatBytes(publicKey, repeat(0)).subarray(0, length)));
});

zip215('loaded as a browser does it, the verdicts are the same', async () => {
  const loaded = await loadBatchVerifier();
  const { publicKey, sign } = signerOf(6);
  const signature = sign(repeat(1));
  assert.ok(loaded.verify(signature, repeat(1), publicKey));
  assert.not(loaded.verify(signature, repeat(2), publicKey));
});

zip215('an engine that does not compile it says what is wanting, and what it said itself', async () => {
  const broken = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0xff);
  assert.throws(() => compileNow(broken), /needs WebAssembly with SIMD .*CompileError: /);
  const loading = await compile(broken).catch((error: unknown) => error);
  assert.match(String(loading), /needs WebAssembly with SIMD .*CompileError: /);
});

zip215.run();
