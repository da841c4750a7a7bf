/** The vertex `[VTX-1..6]`: one id for one content, and everything that its own bytes decide. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asciiBytes, compareBytes, concatBytes, toHex } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import { limits } from '../codec/limits.ts';
import type { Result } from '../codec/result.ts';
import { signDigest } from '../crypto/ed25519.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import { batch, batchHash, makeBatch } from '../vertex/batch.ts';
import { callPayloadHash, composeCall, type SignedCall, signCall, signedCall } from '../vertex/call.ts';
import {
  ancestorsOf,
  checkVertex,
  decodeVertex,
  encodeVertex,
  peekAuthor,
  signVertex,
  type Vertex,
  type VertexHeader,
  vertexEnvelope,
  vertexHeader,
  vertexId,
  vertexKinds,
  withoutPayload,
} from '../vertex/vertex.ts';
import {
  byteString,
  climateFrame,
  flipped,
  hashOf,
  plainRecord,
  repeat,
  signerOf,
  spliced,
  without,
} from './arbitraries.ts';

const vertices = suite('vertex');

const network = hashOf(1);
const signer = signerOf(1);
const none = new Uint8Array(0);
const idsOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => hashOf(i)).sort(compareBytes);

type Fields = Omit<VertexHeader, 'suite' | 'author'>;
const witnessFields: Fields = {
  network,
  sequence: 5,
  previous: hashOf(4),
  checkpoint: hashOf(2),
  parents: idsOf(3),
  time: 1_767_225_600_000,
  kind: 'witness',
  payloadHash: zero32,
};
const witness = (change: Partial<Fields> = {}): Vertex =>
  signVertex({ ...witnessFields, ...change }, none, signer);

const twoFrames = makeBatch([climateFrame(1), climateFrame(2)], repeat(6));
const readings = (value = twoFrames, change: Partial<Fields> = {}): Vertex =>
  signVertex(
    { ...witnessFields, kind: 'readings', payloadHash: batchHash(value), ...change },
    batch.encode(value),
    signer,
  );

const unsignedCall = composeCall({
  network,
  transition: 'agreePledge',
  values: [asciiBytes('open'), asciiBytes('parties'), none],
  salts: [repeat(1), repeat(2)],
  nonce: repeat(3, 16),
  deadline: 1_767_225_600_000,
});
const call: SignedCall = { ...unsignedCall, signatures: [signCall(unsignedCall, signerOf(2))] };
const transaction = (value = call, change: Partial<Fields> = {}): Vertex =>
  signVertex(
    { ...witnessFields, kind: 'transaction', payloadHash: callPayloadHash(value), ...change },
    signedCall.encode(value),
    signer,
  );

/** As a node takes bytes from a peer. */
function receive(envelope: Uint8Array, ofNetwork = network): Result<Vertex> {
  const decoded = decodeVertex(envelope);
  return decoded.ok ? checkVertex(decoded.value, ofNetwork) : decoded;
}
const codeOf = (vertex: Vertex): Code => {
  const received = receive(encodeVertex(vertex));
  return received.ok ? 'OK' : received.code;
};

vertices('frozen: bytes and id of a header', () => {
  const { headerBytes, key } = witness();
  assert.is(
    toHex(headerBytes),
    [
      '9a01c420cf7605ed1bc735f6c825554154627467e1cac9df54cee8699218ed434603c568c4208a88e3dd7409',
      'f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c05c42023d9116b64d5b5a1b35726368ce785',
      'f22d22c5aa2a7dc219acbf11f13be161f4c42065d27a48dfef406db8f5f437423bfa5f9c83d77bfc12f8a14b',
      '8ce3ede5892fb593c42065d27a48dfef406db8f5f437423bfa5f9c83d77bfc12f8a14b8ce3ede5892fb5c420',
      '709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147cc420cf7605ed1bc735f6c825',
      '554154627467e1cac9df54cee8699218ed434603c568cf0000019b76daa80002c42000000000000000000000',
      '00000000000000000000000000000000000000000000',
    ].join(''),
  );
  assert.is(key, 'ed2f32bc0e70132b52049b3cc33564a72c7480138cf4c14fd557ed42e00bcca0');
  assert.is(key, toHex(hash('vertex', headerBytes)));
});

vertices('frozen: numbers of the kinds', () => {
  assert.equal(vertexKinds, ['readings', 'transaction', 'witness', 'evidence', 'anchor']);
});

vertices('what is signed and encoded is received the same', () => {
  for (const vertex of [witness(), readings(), transaction(), withoutPayload(readings())]) {
    const received = receive(encodeVertex(vertex));
    assert.ok(received.ok);
    assert.equal(received.value, vertex);
  }
});

vertices('any header decodes to what was encoded', () => {
  const header = plainRecord<VertexHeader>({
    suite: fc.nat({ max: 255 }),
    network: byteString(32, 32),
    author: byteString(32, 32),
    sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    previous: byteString(32, 32),
    checkpoint: byteString(32, 32),
    parents: fc.array(byteString(32, 32), { maxLength: limits.witnessParentsMax }),
    time: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    kind: fc.constantFrom(...vertexKinds),
    payloadHash: byteString(32, 32),
  });
  fc.assert(
    fc.property(header, (value) => {
      const encoded = vertexHeader.encode(value);
      assert.ok(encoded.length <= limits.vertexHeaderBytesMax);
      const decoded = vertexHeader.decode(encoded, limits.vertexHeaderBytesMax);
      assert.ok(decoded.ok);
      assert.equal(decoded.value, value);
    }),
  );
});

vertices('the id is of the header alone: signature and payload do not change it', () => {
  const vertex = readings();
  assert.is(toHex(vertexId(vertex.headerBytes)), vertex.key);
  assert.is(withoutPayload(vertex).key, vertex.key);
  const resigned = decodeVertex(encodeVertex({ ...vertex, signature: repeat(0, 64) }));
  assert.is(resigned.ok && resigned.value.key, vertex.key);
  const others = [
    { sequence: 6 },
    { previous: hashOf(9) },
    { checkpoint: hashOf(9) },
    { parents: [] },
    { time: 0 },
  ];
  const keys = others.map((change) => witness(change).key);
  assert.is(new Set([witness().key, ...keys]).size, others.length + 1);
});

vertices('no single changed byte gives the same id another content, or is accepted', () => {
  for (const vertex of [witness(), readings(), transaction()]) {
    const envelope = encodeVertex(vertex);
    for (let position = 0; position < envelope.length; position++) {
      for (let mask = 1; mask < 256; mask += position < 500 ? 5 : 51) {
        const decoded = decodeVertex(flipped(envelope, position, mask));
        if (!decoded.ok || decoded.value.key !== vertex.key) continue;
        // The same id, so the very same header: what differs is the signature or the payload, and neither passes.
        assert.is(toHex(decoded.value.headerBytes), toHex(vertex.headerBytes));
        if (mask === 1) assert.not(checkVertex(decoded.value, network).ok, `byte ${position}`);
      }
    }
  }
});

vertices('the author seen at a glance is the one that decoding gives', () => {
  const parents = Array.from({ length: limits.witnessParentsMax }, (_, i) => hashOf(i + 1)).sort(
    compareBytes,
  );
  for (const vertex of [witness({ parents: [] }), witness({ parents }), readings(), transaction()]) {
    const envelope = encodeVertex(vertex);
    assert.equal(peekAuthor(envelope), vertex.author);
    for (let position = 0; position < 120; position++) {
      for (let mask = 1; mask < 256; mask++) {
        const changed = flipped(envelope, position, mask);
        const [seen, decoded] = [peekAuthor(changed), decodeVertex(changed)];
        if (seen !== undefined && decoded.ok) assert.equal(seen, decoded.value.author);
      }
    }
    for (let length = 0; length < 120; length++) {
      const seen = peekAuthor(envelope.subarray(0, length));
      if (seen !== undefined) assert.equal(seen, vertex.author, 'never less than all of it');
    }
  }
});

vertices('a changed header never carries the old signature', () => {
  const vertex = witness();
  for (let position = 0; position < vertex.headerBytes.length; position += 3) {
    const header = flipped(vertex.headerBytes, position, 1 << (position % 8));
    const received = receive(vertexEnvelope.encode({ header, signature: vertex.signature, payload: none }));
    assert.not(received.ok, `byte ${position}`);
  }
});

vertices('bytes cut off, cut out or appended are refused', () => {
  const envelope = encodeVertex(readings());
  for (let length = 0; length < envelope.length; length++)
    assert.not(decodeVertex(envelope.subarray(0, length)).ok);
  for (let from = 0; from < envelope.length; from += 3)
    assert.not(receive(without(envelope, from, 1)).ok, `byte ${from}`);
  assert.not(receive(concatBytes(envelope, none, Uint8Array.of(0))).ok);
});

vertices('random bytes never throw', () => {
  fc.assert(
    fc.property(byteString(0, 400), (noise) => !receive(noise).ok),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(byteString(0, 300), byteString(64, 64), byteString(0, 60), (header, signature, payload) => {
      assert.not(receive(vertexEnvelope.encode({ header, signature, payload })).ok);
    }),
  );
});

vertices('payloads of noise, well signed, never throw', () => {
  const kinds = fc.constantFrom('readings' as const, 'transaction' as const, 'witness' as const);
  fc.assert(
    fc.property(kinds, byteString(1, 80), fc.nat({ max: 400 }), (kind, noise, at) => {
      const valid = kind === 'readings' ? batch.encode(twoFrames) : signedCall.encode(call);
      const start = at % valid.length;
      const payload = concatBytes(valid.subarray(0, start), noise, valid.subarray(start + noise.length));
      const vertex = signVertex(
        { ...witnessFields, kind, payloadHash: batchHash(twoFrames) },
        payload,
        signer,
      );
      if (toHex(payload) !== toHex(valid)) assert.not(checkVertex(vertex, network).ok);
    }),
    { numRuns: 100 },
  );
});

vertices('suite and network are the node’s own [SUI-1]', () => {
  const header = { ...witnessFields, suite: 2, author: signer.publicKey };
  const headerBytes = vertexHeader.encode(header);
  const signature = signDigest(signer, 'vertex-signature', network, vertexId(headerBytes));
  const other = receive(vertexEnvelope.encode({ header: headerBytes, signature, payload: none }));
  assert.is(!other.ok && other.code, 'E_SUITE');
  assert.is(codeOf(witness({ network: hashOf(2) })), 'E_NETWORK');
  const elsewhere = receive(encodeVertex(witness()), hashOf(2));
  assert.is(!elsewhere.ok && elsewhere.code, 'E_NETWORK');
});

vertices('the signature is the author’s, over the id, for vertices', () => {
  const vertex = witness();
  const { headerBytes, id } = vertex;
  const signatures = {
    'another key': signDigest(signerOf(2), 'vertex-signature', network, id),
    'another use': signDigest(signer, 'call-signature', network, id),
    'another network': signDigest(signer, 'vertex-signature', hashOf(2), id),
    'the bytes instead of the id': signDigest(signer, 'vertex-signature', network, headerBytes),
    'the id without domain': signer.sign(id),
    zeros: repeat(0, 64),
  };
  for (const [what, signature] of Object.entries(signatures)) {
    assert.is(codeOf({ ...vertex, signature }), 'E_SIG', what);
  }
});

vertices('a header taken from another vertex brings neither author nor suite along', () => {
  const vertex = signVertex({ ...witness(), sequence: 6 } as Fields, none, signerOf(2));
  assert.is(toHex(vertex.author), toHex(signerOf(2).publicKey));
  assert.is(codeOf(vertex), 'OK');
});

vertices('parents ascend and none is repeated [VTX-4]', () => {
  const [a, b, c] = idsOf(3) as [Uint8Array, Uint8Array, Uint8Array];
  for (const parents of [[], [a], [a, b], [a, b, c], [a, c]]) assert.is(codeOf(witness({ parents })), 'OK');
  for (const parents of [
    [b, a],
    [a, a],
    [a, c, b],
    [a, b, b],
    [c, b, a],
  ])
    assert.is(codeOf(witness({ parents })), 'E_PARENTS');
});

vertices('a witness has up to 64 parents, any other vertex up to 8 [VTX-4]', () => {
  assert.is(codeOf(witness({ parents: idsOf(64) })), 'OK');
  assert.throws(() => witness({ parents: idsOf(65) }), TypeError);
  assert.is(codeOf(readings(twoFrames, { parents: idsOf(8) })), 'OK');
  assert.is(codeOf(readings(twoFrames, { parents: idsOf(9) })), 'E_PARENTS');
  assert.is(codeOf(transaction(call, { parents: idsOf(9) })), 'E_PARENTS');
});

vertices('the first vertex, and only the first, has no previous [VTX-2]', () => {
  assert.is(codeOf(witness({ sequence: 1, previous: zero32 })), 'OK');
  assert.is(codeOf(witness({ sequence: 1 })), 'E_CHAIN');
  assert.is(codeOf(witness({ sequence: 2, previous: zero32 })), 'E_CHAIN');
  assert.throws(() => witness({ sequence: 0 }), TypeError);
});

vertices('a payload that is carried is the one committed to [VTX-5]', () => {
  const other = makeBatch([climateFrame(1), climateFrame(3)], repeat(6));
  assert.is(codeOf({ ...readings(), payload: batch.encode(other) }), 'E_PAYLOAD');
  assert.is(codeOf({ ...readings(), payload: batch.encode({ ...twoFrames, salt: repeat(8) }) }), 'E_PAYLOAD');
  const unsorted = { ...twoFrames, frames: [...twoFrames.frames].reverse() };
  assert.is(codeOf(readings(unsorted)), 'E_BATCH');
  assert.is(codeOf({ ...readings(), payload: Uint8Array.of(0x90) }), 'E_ENC');
  assert.is(codeOf(withoutPayload(readings())), 'OK', 'readings may travel beside the vertex');
});

vertices('a transaction carries its call, whole and as committed to [VTX-6]', () => {
  assert.is(codeOf(transaction()), 'OK');
  assert.is(codeOf(withoutPayload(transaction())), 'E_ENC');
  assert.is(
    codeOf({ ...transaction(), payload: signedCall.encode(unsignedCall) }),
    'E_PAYLOAD',
    'a signature less',
  );
  for (let index = 0; index < 3; index++) {
    const part = call.parts[index]!;
    const swapped = {
      ...call,
      parts: spliced(call.parts, index, 1, { ...part, value: asciiBytes('other') }),
    };
    assert.is(codeOf(transaction(swapped)), 'E_PAYLOAD', `part ${index}`);
    const salted = { ...call, parts: spliced(call.parts, index, 1, { ...part, salt: repeat(9) }) };
    assert.is(codeOf(transaction(salted)), 'E_PAYLOAD', `salt ${index}`);
  }
  const long = {
    ...call,
    parts: spliced(call.parts, 0, 1, { salt: zero32, value: repeat(0, limits.callBytesMax) }),
  };
  assert.is(codeOf(transaction(long)), 'E_LIMIT_BYTES');
});

vertices('a witness carries nothing and commits to nothing', () => {
  assert.is(codeOf(witness({ payloadHash: hashOf(1) })), 'E_PAYLOAD');
  assert.is(codeOf({ ...witness(), payload: Uint8Array.of(0) }), 'E_PAYLOAD');
});

vertices('one kind’s payload does not serve another', () => {
  assert.is(
    codeOf(signVertex({ ...witnessFields, kind: 'readings' }, signedCall.encode(call), signer)),
    'E_ENC',
  );
  assert.is(codeOf(transaction(call, { kind: 'witness' })), 'E_PAYLOAD');
  assert.is(codeOf(readings(twoFrames, { kind: 'transaction' })), 'E_ENC');
});

vertices('kinds without rules are refused', () => {
  assert.is(codeOf(witness({ kind: 'evidence' })), 'E_ENC', 'no offence');
  assert.is(codeOf(witness({ kind: 'anchor' })), 'E_PAYLOAD');
});

vertices('a vertex stands on its parents and its previous, each once', () => {
  const ids = idsOf(3);
  const ancestors = (fields: Partial<Fields>): string[] => ancestorsOf(witness(fields)).map(toHex).sort();
  const hex = (...list: readonly Uint8Array[]): string[] => list.map(toHex).sort();
  assert.equal(ancestors({}), hex(hashOf(4), ...ids));
  assert.equal(ancestors({ previous: ids[1]! }), hex(...ids));
  assert.equal(ancestors({ sequence: 1, previous: zero32 }), hex(...ids));
});

vertices('what was received does not change when the receive buffer is used again', () => {
  const buffer = Buffer.from(encodeVertex(readings()));
  const received = receive(buffer);
  assert.ok(received.ok);
  const before = toHex(encodeVertex(received.value));
  buffer.fill(0);
  assert.is(toHex(encodeVertex(received.value)), before);
  assert.is(toHex(vertexId(received.value.headerBytes)), received.value.key);
});

vertices('sizes', () => {
  const frames = Array.from({ length: 32 }, (_, i) => ({ ...climateFrame(i), signature: none }));
  const withParents = readings(makeBatch(frames, repeat(6)), { parents: idsOf(4) });
  console.log(
    `header with 4 parents ${withParents.headerBytes.length} B; envelope without payload ` +
      `${encodeVertex(withoutPayload(withParents)).length} B; with a batch of 32 climate frames ${encodeVertex(withParents).length} B`,
  );
  assert.ok(encodeVertex(withoutPayload(withParents)).length < 500);
});

vertices.run();
