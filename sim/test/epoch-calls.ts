/** Calls in a simulated network: composed, signed by whole parties, and carried to the ledger by one of them. */

import { committeeIn } from '../../consensus/checkpoint/succession.ts';
import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import type { Transition } from '../../consensus/contracts/transition.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { callPayloadHash, composeCall, signCall, signedCall } from '../../consensus/vertex/call.ts';
import type { Ledger } from '../../node/replica/ledger.ts';
import type { SimulatedNode, World } from '../world.ts';

let nonces = 0;

/** Lets `by` sign a call and `carrier` write it; true when the carrier took it. */
export function sendCall<A>(
  world: World,
  carrier: SimulatedNode,
  declared: Transition<A>,
  args: A,
  by: readonly SimulatedNode[],
): boolean {
  const composed = composeCall({
    ...{ network: world.genesis.network, transition: declared.name, salts: [zero32, zero32] as const },
    values: declared.args.encodeParts(args),
    nonce: hash('salt', uint32Bytes(nonces++)).slice(0, 16),
    deadline: world.nowMs + 3_600_000,
  });
  const signatures = by
    .slice()
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ signer }) => signCall(composed, signer));
  const call = { ...composed, signatures };
  const payload = signedCall.encode(call);
  const event = { type: 'author', kind: 'transaction', payload, payloadHash: callPayloadHash(call) } as const;
  return carrier.runner?.dispatch(event).type === 'taken';
}

export function partyOf(world: World, node: SimulatedNode): Uint8Array {
  const { lei } = world.genesis.record.parties[world.nodes.indexOf(node)]!;
  return labelKey(world.genesis.network, 'lei', lei);
}

export function ledgerOf(node: SimulatedNode): Ledger {
  return node.runner!.replica.ledger;
}

/** Every node that is up has the same certified headers, each by the committee of its epoch; the last common height. */
export async function checkAgreement(world: World): Promise<number> {
  const up = world.nodes.filter((node) => node.runner !== undefined);
  const height = Math.min(...up.map((node) => ledgerOf(node).height));
  const { state } = ledgerOf(up[0]!);
  for (let at = 1; at <= height; at++) {
    const seen = new Set<string>();
    for (const node of up) {
      const stored = (await node.store.checkpoint(at))!;
      const committee = committeeIn(state, stored.header.committeeHash);
      if (committee === undefined || !committee.holds(at) || committee.epoch !== stored.header.epoch)
        throw new Error(`${node.name}: height ${at} is not its committee’s`);
      seen.add(
        JSON.stringify(stored.header, (_, value) => (value instanceof Uint8Array ? [...value] : value)),
      );
    }
    if (seen.size !== 1) throw new Error(`height ${at} has ${seen.size} headers`);
  }
  return height;
}
