/** Outcomes `[ORD-3]`: one leaf for each confirmed vertex, and the proof that it took effect, or why not. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Header } from '../checkpoint/header.ts';
import {
  checkVertexProof,
  makeOutcome,
  type Outcome,
  outcomeCode,
  outcomeSchema,
  outcomesRoot,
  proveVertex,
  type VertexProof,
  vertexProof,
} from '../checkpoint/outcome.ts';
import { type Code, codes } from '../codec/codes.ts';
import { SUITE } from '../crypto/ed25519.ts';
import { zero32 } from '../crypto/hash.ts';
import { emptyRoot } from '../merkle/tree.ts';
import { signVertex, type Vertex } from '../vertex/vertex.ts';
import { flipped, hashOf, spliced } from './arbitraries.ts';
import { cheapSigner, installCheapSignatures } from './test-signer.ts';

installCheapSignatures();
const test = suite('outcomes');

const network = hashOf(900);
const signer = cheapSigner(1);
const vertexOf = (sequence: number): Vertex =>
  signVertex(
    {
      network,
      sequence,
      previous: sequence === 1 ? zero32 : hashOf(sequence),
      checkpoint: hashOf(3),
      parents: [],
      time: sequence,
      kind: 'readings',
      payloadHash: hashOf(sequence),
    },
    new Uint8Array(0),
    signer,
  );

function headerOver(outcomes: readonly Outcome[]): Header {
  return {
    ...{ suite: SUITE, network, epoch: 0, height: 9, previous: hashOf(1), time: 1_000, anchor: hashOf(2) },
    ...{
      outcomesRoot: outcomesRoot(outcomes),
      outcomesCount: outcomes.length,
      stateRoot: hashOf(4),
      historyRoot: hashOf(5),
    },
    ...{ committeeHash: hashOf(6), nextCommitteeHash: hashOf(6) },
  };
}

function story(count: number): { vertices: Vertex[]; outcomes: Outcome[]; header: Header } {
  const vertices = Array.from({ length: count }, (_, i) => vertexOf(i + 1));
  const outcomes = vertices.map((vertex, i) =>
    makeOutcome(vertex.id, i % 3 === 0 ? 'E_ENCUMBERED' : 'OK', i % 3 === 0 ? hashOf(50 + i) : zero32),
  );
  return { vertices, outcomes, header: headerOver(outcomes) };
}

const codeOf = (proof: VertexProof, on = network): Code | 'OK' => {
  const checked = checkVertexProof(proof, on);
  return checked.ok ? 'OK' : checked.code;
};

test('each of 1 to 33 outcomes is proved, and leads back to its vertex', () => {
  for (let count = 1; count <= 33; count++) {
    const { vertices, outcomes, header } = story(count);
    for (const [index, vertex] of vertices.entries()) {
      const proof = proveVertex(vertex, outcomes, index, header);
      const checked = checkVertexProof(proof, network);
      assert.ok(checked.ok);
      assert.is(checked.value.sequence, vertex.sequence);
      assert.ok(proof.path.length <= Math.ceil(Math.log2(count)));
      const decoded = vertexProof.decode(vertexProof.encode(proof));
      assert.equal(decoded.ok && decoded.value, proof);
    }
  }
});

test('no outcomes, no leaf: the root is the hash of nothing', () => {
  assert.equal(outcomesRoot([]), emptyRoot);
  assert.throws(() => proveVertex(vertexOf(1), [], 0, headerOver([])), /"index" expected/);
});

test('whatever is changed, the proof leads nowhere', () => {
  const { vertices, outcomes, header } = story(11);
  const proof = proveVertex(vertices[4]!, outcomes, 4, header);
  const { outcome } = proof;
  const wrong: [string, VertexProof, Code][] = [
    ['another code', { ...proof, outcome: { ...outcome, code: 1 } }, 'E_PROOF'],
    ['another conflict', { ...proof, outcome: { ...outcome, conflict: hashOf(9) } }, 'E_PROOF'],
    ['another vertex’s outcome', { ...proof, outcome: outcomes[5]! }, 'E_PROOF'],
    ['another index', { ...proof, index: 5 }, 'E_PROOF'],
    ['an index beyond the tree', { ...proof, index: Number.MAX_SAFE_INTEGER }, 'E_PROOF'],
    ['a step less', { ...proof, path: proof.path.slice(1) }, 'E_PROOF'],
    ['a step more', { ...proof, path: [...proof.path, hashOf(1)] }, 'E_PROOF'],
    ['another step', { ...proof, path: spliced(proof.path, 1, 1, hashOf(1)) }, 'E_PROOF'],
    ['a count below the index', { ...proof, header: { ...header, outcomesCount: 4 } }, 'E_PROOF'],
    ['a count of another depth', { ...proof, header: { ...header, outcomesCount: 8 } }, 'E_PROOF'],
    ['another root', { ...proof, header: { ...header, outcomesRoot: hashOf(1) } }, 'E_PROOF'],
    ['another signature', { ...proof, signature: flipped(proof.signature, 3) }, 'E_SIG'],
    ['another vertex', { ...proof, vertex: vertices[5]!.headerBytes }, 'E_PROOF'],
    ['bytes that are no vertex', { ...proof, vertex: proof.vertex.slice(1) }, 'E_ENC'],
  ];
  for (const [what, changed, code] of wrong) assert.is(codeOf(changed), code, what);
});

test('of this network only: the vertex, and the header', () => {
  const { vertices, outcomes, header } = story(3);
  const proof = proveVertex(vertices[0]!, outcomes, 0, header);
  assert.is(codeOf(proof, hashOf(1)), 'E_NETWORK');
  assert.is(codeOf({ ...proof, header: { ...header, network: hashOf(1) } }), 'E_NETWORK');
});

test('one vertex cannot be shown with two outcomes', () => {
  const { vertices, outcomes, header } = story(7);
  const shown = outcomes.map((outcome, index) =>
    codeOf({
      ...proveVertex(vertices[2]!, outcomes, index, header),
      outcome: { ...outcome, id: vertices[2]!.id },
    }),
  );
  assert.equal(shown.filter((code) => code === 'OK').length, 1);
});

test('codes travel by their number, and every number has one', () => {
  for (const code of Object.keys(codes) as Code[]) {
    const outcome = makeOutcome(hashOf(1), code, zero32);
    assert.is(outcomeCode(outcome), code);
    assert.ok(outcomeSchema.decode(outcomeSchema.encode(outcome)).ok);
  }
  const beyond = outcomeSchema.encode(makeOutcome(hashOf(1), 'OK', zero32));
  beyond[35] = Object.keys(codes).length;
  assert.not.ok(outcomeSchema.decode(beyond).ok);
});

test.run();
