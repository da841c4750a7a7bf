/** Fetches vertices that are named by their ids. Frames are not tied to questions, so whatever comes serves all of them. */

import { toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result } from '../../consensus/codec/result.ts';
import { checkVertices, decodeVertex, encodeVertex } from '../../consensus/vertex/vertex.ts';
import { type PeerMessage, VERTICES_PER_REQUEST_MAX } from '../../consensus/wire/messages.ts';
import type { VertexRecord } from '../ports.ts';
import type { Conversation } from './conversation.ts';

/** Questions under way at a time. */
const LANES = 8;

/** All of these vertices, with signatures that hold; asks until every one is here. */
export async function fetchVertices(
  conversation: Conversation,
  network: Uint8Array,
  ids: readonly Uint8Array[],
): Promise<Map<string, VertexRecord>> {
  const found = new Map<string, VertexRecord>();
  const wanted = new Set(ids.map(toHex));
  const seen = new WeakSet<PeerMessage>();

  /** Keeps what is wanted of a frame; a refusal of the frame once. */
  function receive(message: Extract<PeerMessage, { readonly type: 'vertices' }>): Result<void> {
    if (seen.has(message)) return ok(undefined);
    seen.add(message);
    const decoded = message.vertices.map((envelope) => decodeVertex(envelope));
    const vertices = decoded.flatMap((one) =>
      one.ok && wanted.has(one.value.key) && !found.has(one.value.key) ? [one.value] : [],
    );
    for (const checked of checkVertices(vertices, network)) {
      if (!checked.ok) return checked;
      const { key } = checked.value;
      found.set(key, { key, envelope: encodeVertex(checked.value) });
    }
    return ok(undefined);
  }

  function fetchGroup(group: readonly Uint8Array[]): Promise<true | undefined> {
    const missing = (): Uint8Array[] => group.filter((id) => !found.has(toHex(id)));
    return conversation.ask<true>(
      () => ({ type: 'getVertices', ids: missing() }),
      (message) => {
        if (message.type !== 'vertices') return undefined;
        const received = receive(message);
        if (!received.ok) return received;
        return missing().length === 0 ? ok(true) : undefined;
      },
    );
  }

  const groups: Uint8Array[][] = [];
  for (let at = 0; at < ids.length; at += VERTICES_PER_REQUEST_MAX)
    groups.push(ids.slice(at, at + VERTICES_PER_REQUEST_MAX));
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (let group = groups.pop(); group !== undefined; group = groups.pop()) await fetchGroup(group);
    }),
  );
  return found;
}
