/** `[LC-5]` What a gateway is sent for a vertex of its own: enough to believe it, and nothing that can be bent. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { batch, batchHash, makeBatch } from '../../consensus/vertex/batch.ts';
import { encodeVertex, signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { checkVertexAnswer } from '../gateway/answers.ts';
import { Follower } from '../gateway/follower.ts';
import type { CertifiedHeader } from '../proof/anchor.ts';
import { type InclusionProof, inclusionProof } from '../proof/inclusion.ts';
import { root, START_MS } from './certifying.ts';
import { frameOf, signer } from './outbox-samples.ts';
import { SmallLedger } from './small-ledger.ts';

const test = suite('inclusion');

const ledger = new SmallLedger();
ledger.enrolGateway(signer.publicKey);
const heads = [ledger.advance()];
const vertices = makeChain(5);
for (const vertex of vertices) assert.is(ledger.submit(encodeVertex(vertex)), 'OK');
for (let height = 2; height <= 9; height++) heads.push(ledger.advance());
const follower = new Follower({
  ...{ root, genesisTimeMs: START_MS, trustingPeriodMs: 86_400_000, newest: undefined, changes: [] },
});

function makeChain(count: number): Vertex[] {
  const chain: Vertex[] = [];
  for (let sequence = 1; sequence <= count; sequence++) {
    const made = makeBatch([frameOf(sequence)], zero32);
    const header = {
      ...{ network: root.network, sequence, previous: chain.at(-1)?.id ?? zero32, parents: [] },
      ...{ checkpoint: headerId(heads[0]!.header), time: START_MS + sequence },
      ...{ kind: 'readings' as const, payloadHash: batchHash(made) },
    };
    chain.push(signVertex(header, batch.encode(made), signer));
  }
  return chain;
}

function prove(vertex: Vertex, under: number): InclusionProof | undefined {
  const answer = ledger.answer({ type: 'proveVertex', id: vertex.id, under });
  if (answer.type !== 'vertex') throw new Error(`answered "${answer.type}"`);
  return answer.proof;
}

function judge(proof: InclusionProof, vertex: Vertex, held: CertifiedHeader): string {
  const judging = { follower, source: 'a node', nowMs: START_MS + 10_000 };
  const checked = checkVertexAnswer({ type: 'vertex', proof }, { vertex, held }, judging);
  return checked.ok ? (checked.value?.code ?? 'none') : checked.code;
}

test('from the header that confirmed the vertex, and from any later one', () => {
  assert.is(prove(vertices[2]!, 1), undefined, 'not final at height 1');
  assert.is(prove(vertices[2]!, 10), undefined, 'nothing is proved to a header that is not there yet');
  for (const held of heads.slice(1)) {
    const proof = prove(vertices[2]!, held.header.height)!;
    const decoded = inclusionProof.decode(inclusionProof.encode(proof));
    assert.ok(decoded.ok && judge(decoded.value, vertices[2]!, held) === 'OK', `under ${held.header.height}`);
    assert.is(proof.header === undefined, held === heads[1], 'the held header is not sent again');
  }
});

test('bent anywhere, it shows nothing', () => {
  const held = heads.at(-1)!;
  const proof = prove(vertices[2]!, held.header.height)!;
  const { header, path, history } = proof;
  const other = hash('vertex', zero32);
  const bent: { readonly [what: string]: InclusionProof } = {
    'another code': { ...proof, code: 1 },
    'a conflict': { ...proof, conflict: other },
    'another place': { ...proof, index: 3 },
    'another path': { ...proof, path: [other, ...path.slice(1)] },
    'a shorter path': { ...proof, path: path.slice(1) },
    'another header': { ...proof, header: { ...header!, time: header!.time + 1 } },
    'no header': { ...proof, header: undefined },
    'another history': { ...proof, history: [other, ...history.slice(1)] },
    'no history': { ...proof, history: [] },
  };
  for (const [what, forged] of Object.entries(bent))
    assert.is(judge(forged, vertices[2]!, held), 'E_PROOF', what);
  assert.is(judge(proof, vertices[1]!, held), 'E_PROOF', 'of another vertex');
  assert.is(judge(proof, vertices[2]!, heads.at(-2)!), 'E_PROOF', 'under another header');
});

test.run();
