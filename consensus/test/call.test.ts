/** Calls: three parts, each behind a commitment, under signatures that cover all of them. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asciiBytes, toHex } from '../codec/bytes.ts';
import {
  type CallHeader,
  callHeader,
  callId,
  callPayloadHash,
  commitPart,
  composeCall,
  type SignedCall,
  signCall,
  signedCall,
  verifyCallSignature,
} from '../vertex/call.ts';
import { ascii, byteString, flipped, hashOf, plainRecord, repeat, signerOf, spliced } from './arbitraries.ts';

const calls = suite('call');

const network = hashOf(1);
const composed = composeCall({
  network,
  transition: 'agreePledge',
  values: [asciiBytes('open'), asciiBytes('parties'), asciiBytes('contract')],
  salts: [repeat(1), repeat(2)],
  nonce: repeat(3, 16),
  deadline: 1_767_225_600_000,
});
const signed: SignedCall = {
  ...composed,
  signatures: [signCall(composed, signerOf(1)), signCall(composed, signerOf(2))],
};

calls('frozen: bytes of a header, id of the call, payload hash of the signed call', () => {
  assert.is(
    toHex(callHeader.encode(composed.header)),
    [
      '9601c420cf7605ed1bc735f6c825554154627467e1cac9df54cee8699218ed434603c568ab6167726565506c',
      '6564676593c4209e8a2de4b4a2c0ab56efb708da5735ef2ac192dcd8f513177c707e63a3482b64c420aee2ad',
      'c0af106184c45c1f1c0de354e1d982c95917e5fa84e80dd370d973cb6ac420f7223a4717f13171e7c4c6b8fd',
      '25bfa28061106714d01dc7fb3b5a3d1c812facc41003030303030303030303030303030303cf0000019b76da',
      'a800',
    ].join(''),
  );
  assert.is(
    toHex(callId(composed.header)),
    'd39c31a21ccdc31c42aca3e7f7bbc78d80f34eceb3334a53612942a2e3093cd4',
  );
  assert.is(
    toHex(callPayloadHash(signed)),
    'ab617e78e80540fa90d9a1d65cab1ffd06e5b872b4153164c2e52e6effb91b88',
  );
});

calls('what is encoded decodes to the same', () => {
  const parts = fc.tuple(byteString(0, 300), byteString(0, 300), byteString(0, 300));
  const arbitrary = plainRecord({
    network: byteString(32, 32),
    transition: ascii(1, 32),
    values: parts,
    salts: fc.tuple(byteString(32, 32), byteString(32, 32)),
    nonce: byteString(16, 16),
    deadline: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  });
  fc.assert(
    fc.property(arbitrary, (call) => {
      const made = composeCall(call);
      const decoded = signedCall.decode(signedCall.encode(made));
      assert.ok(decoded.ok);
      assert.equal(decoded.value, made);
      assert.equal(
        made.header.parts.map(toHex),
        made.parts.map((part) => toHex(commitPart(part))),
      );
    }),
  );
});

calls('the id covers every field of the header', () => {
  const { header } = composed;
  const changed: readonly Partial<CallHeader>[] = [
    { suite: 2 },
    { network: hashOf(2) },
    { transition: 'agreePledgf' },
    { parts: [...header.parts].reverse() },
    { parts: spliced(header.parts, 2, 1, hashOf(9)) },
    { nonce: repeat(4, 16) },
    { deadline: header.deadline + 1 },
  ];
  const ids = [header, ...changed.map((change) => ({ ...header, ...change }))].map((each) =>
    toHex(callId(each)),
  );
  assert.is(new Set(ids).size, ids.length);
  const [first] = signed.signatures;
  for (const change of changed)
    assert.not(verifyCallSignature(first!, { ...header, ...change }), Object.keys(change)[0]);
});

calls('signatures verify for their own key alone', () => {
  const [first, second] = signed.signatures;
  assert.ok(verifyCallSignature(first!, signed.header));
  assert.ok(verifyCallSignature(second!, signed.header));
  assert.not(verifyCallSignature({ ...first!, key: second!.key }, signed.header));
  assert.not(verifyCallSignature({ ...first!, signature: flipped(first!.signature, 63) }, signed.header));
});

calls('signing does not change the id; the payload hash covers which signatures came along', () => {
  assert.is(toHex(callId(signed.header)), toHex(callId(composed.header)));
  const [first, second] = signed.signatures;
  const hashes = [[], [first!], [second!], [first!, second!], [second!, first!], [first!, first!]].map(
    (signatures) => toHex(callPayloadHash({ ...signed, signatures })),
  );
  assert.is(new Set(hashes).size, hashes.length);
});

calls('withholding a part changes neither id nor payload hash', () => {
  const withheld = {
    ...signed,
    parts: spliced(signed.parts, 2, 1, { salt: repeat(0), value: new Uint8Array(0) }),
  };
  assert.is(toHex(callPayloadHash(withheld)), toHex(callPayloadHash(signed)));
});

calls('a commitment hides its value behind the salt, and binds both', () => {
  const value = asciiBytes('12');
  assert.is(
    toHex(commitPart({ salt: repeat(1), value })),
    '55348fb1f87c805f199c062458e705fb444021fd4e34f6fb64154f01f614a6e0',
  );
  fc.assert(
    fc.property(
      byteString(32, 32),
      byteString(0, 40),
      byteString(32, 32),
      byteString(0, 40),
      (s1, v1, s2, v2) => {
        const same = toHex(s1) === toHex(s2) && toHex(v1) === toHex(v2);
        assert.is(
          toHex(commitPart({ salt: s1, value: v1 })) === toHex(commitPart({ salt: s2, value: v2 })),
          same,
        );
      },
    ),
  );
});

calls('a call always has three parts and three commitments', () => {
  for (const count of [0, 1, 2, 4]) {
    const parts = Array.from({ length: count }, () => composed.parts[0]!);
    assert.throws(() => signedCall.encode({ ...composed, parts }), TypeError);
    assert.throws(() => callHeader.encode({ ...composed.header, parts: parts.map(commitPart) }), TypeError);
  }
});

calls.run();
