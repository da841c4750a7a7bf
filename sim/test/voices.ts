/** Nodes of a world that say something, for tests that need no more than a vertex of theirs. */

import { zero32 } from '../../consensus/crypto/hash.ts';
import type { Event } from '../../node/replica/events.ts';
import type { SimulatedNode } from '../world.ts';

export const somethingToSay: Event = {
  type: 'author',
  kind: 'readings',
  payload: new Uint8Array(0),
  payloadHash: zero32,
};

/** Key of the vertex that the node wrote. */
export function say(node: SimulatedNode): string {
  const reply = node.runner!.dispatch(somethingToSay);
  if (reply.type !== 'taken')
    throw new Error(`${node.name} refused its own vertex: ${JSON.stringify(reply)}`);
  return reply.vertex.key;
}

export const heightOf = (node: SimulatedNode): number => node.runner!.replica.ledger.height;
