/** `proof`: proofs that nodes give, checked as anybody would, offline: of a vertex's outcome, of a call, of an object. */

import { checkVertexProof } from '../../consensus/checkpoint/outcome.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { signedCall } from '../../consensus/vertex/call.ts';
import { checkAnchored, checkCertified, followChanges } from '../../light-client/proof/anchor.ts';
import {
  BUNDLE_VERSION,
  type Bundle,
  bundleSchema,
  type Statement,
} from '../../light-client/proof/bundle.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { DurableHead } from '../../node/service/durable-head.ts';
import { Prover } from '../../node/service/proofs.ts';
import type { Random } from '../random.ts';
import type { SimulatedNode, World } from '../world.ts';

/** Asks an honest node for proofs of one vertex and of one object that it holds; what is wrong, and how many held. */
export async function checkProofs(
  node: SimulatedNode,
  vertexKey: string | undefined,
  world: World,
  random: Random,
): Promise<{ readonly wrong: string | undefined; readonly held: number }> {
  const { ledger } = node.runner!.replica;
  // A checkpoint under way is in memory and not yet in the store: the node would wait a moment, and so does this.
  if (ledger.height === 0 || (await node.store.checkpoint(ledger.height)) === undefined)
    return { wrong: undefined, held: 0 };
  const prover = new Prover(ledger, node.store, new DurableHead(ledger));
  const stored = random.pick([...ledger.state.objects()]);
  const objectProof = await prover.object(stored.type, stored.id, () => [0, 1, 2]);
  if (!objectProof.ok)
    return { wrong: `no proof of a ${stored.type}: ${describeRefusal(objectProof)}`, held: 0 };
  const { proof, anchor } = objectProof.value;
  const changes = await prover.changesTo(anchor.certified.header);
  if (!changes.ok) return { wrong: `no changes of committee: ${describeRefusal(changes)}`, held: 0 };
  const shown = { anchor, changes: changes.value };
  const badObject = bundleFault({ type: 'object', proof }, shown, world, random);
  if (badObject !== undefined) return { wrong: `of a ${stored.type}: ${badObject}`, held: 0 };
  if (vertexKey === undefined) return { wrong: undefined, held: 1 };
  const wrong = await vertexFault(prover, vertexKey, world, random);
  return { wrong, held: wrong === undefined ? 2 : 1 };
}

/** Asks for proofs of final vertices, of each of them. */
export async function checkVertices(
  { runner, store }: SimulatedNode,
  vertexKeys: readonly string[],
  world: World,
  random: Random,
): Promise<{ readonly wrong: string | undefined; readonly held: number }> {
  const { ledger } = runner!.replica;
  if ((await store.checkpoint(ledger.height)) === undefined) return { wrong: undefined, held: 0 };
  const prover = new Prover(ledger, store, new DurableHead(ledger));
  for (const [held, vertexKey] of vertexKeys.entries()) {
    const wrong = await vertexFault(prover, vertexKey, world, random);
    if (wrong !== undefined) return { wrong, held };
  }
  return { wrong: undefined, held: vertexKeys.length };
}

async function vertexFault(
  prover: Prover,
  vertexKey: string,
  world: World,
  random: Random,
): Promise<string | undefined> {
  const given = await prover.vertex(vertexKey);
  const vertex = await prover.storedVertex(vertexKey);
  if (given === undefined || vertex === undefined)
    return `no proof of the final vertex ${vertexKey.slice(0, 8)}`;
  const { proof, anchor } = given;
  const changes = await prover.changesTo(anchor.certified.header);
  if (!changes.ok) return `no changes of committee: ${describeRefusal(changes)}`;
  const trusted = followChanges(changes.value, world.genesis);
  if (!trusted.ok) return `changes of committee do not hold: ${describeRefusal(trusted)}`;
  if (vertex.kind === 'transaction') {
    const call = signedCall.decode(vertex.payload);
    if (!call.ok) return 'a final call does not decode';
    const shown = { anchor, changes: changes.value };
    return bundleFault({ type: 'call', proof, call: call.value }, shown, world, random);
  }
  for (const checked of [
    checkVertexProof(proof, world.genesis.network),
    checkCertified(anchor.certified, trusted.value),
    checkAnchored(proof.header, anchor),
  ])
    if (!checked.ok) return `of vertex ${vertexKey.slice(0, 8)}: ${describeRefusal(checked)}`;
  return undefined;
}

function bundleFault(
  statement: Statement,
  shown: Pick<Bundle, 'anchor' | 'changes'>,
  world: World,
  random: Random,
): string | undefined {
  const bytes = bundleSchema.encode({
    version: BUNDLE_VERSION,
    network: world.genesis.network,
    statement,
    ...shown,
  });
  const clock = { nowMs: world.nowMs + CLOCKS_APART_MS };
  const { verdict, facts } = verifyBundle(bytes, world.genesis, clock);
  if (verdict !== 'valid') return `${verdict}: ${facts.find(({ ok }) => !ok)?.text}`;
  // The same with one bit turned over, anywhere: a verifier that takes anything would have taken the first as well.
  for (let i = 0; i < FORGERIES; i++) {
    const bit = random.below(bytes.length * 8);
    const forged = bytes.slice();
    forged[bit >> 3]! ^= 1 << (bit & 7);
    if (verifyBundle(forged, world.genesis, clock).verdict === 'valid')
      return `a forged proof verifies, bit ${bit}`;
  }
  return undefined;
}

/** Checkpoint times may be ahead of virtual time by as much as clocks are. */
const CLOCKS_APART_MS = 10_000;
const FORGERIES = 3;
