/** What the store remembers of vertices that the DAG does not hold: settled before the window, or dead `[ORD-1]`. */

import { toHex } from '../consensus/codec/bytes.ts';
import { decodeVertex } from '../consensus/vertex/vertex.ts';
import type { Store } from './ports.ts';
import type { Recalled, RecalledVertex } from './replica/events.ts';
import type { Ledger } from './replica/ledger.ts';

export async function recallFrom(
  store: Store,
  ledger: Ledger,
  ids: readonly Uint8Array[],
): Promise<Recalled> {
  const found: RecalledVertex[] = [];
  const unconfirmed: Uint8Array[] = [];
  const absent: Uint8Array[] = [];
  for (const id of ids) {
    const key = toHex(id);
    const envelope = await store.vertex(key);
    const decoded = envelope && decodeVertex(envelope);
    const cited = decoded?.ok ? toHex(decoded.value.checkpoint) : undefined;
    const checkpointHeight =
      cited === undefined ? undefined : (ledger.heightOf(cited) ?? (await store.headerHeight(cited)));
    if (!decoded?.ok || checkpointHeight === undefined) absent.push(id);
    else if ((await store.position(key)) === undefined) unconfirmed.push(envelope!);
    else {
      const { authorKey, sequence, time } = decoded.value;
      found.push({ key, facts: { authorKey, sequence, time, checkpointHeight } });
    }
  }
  return { found, unconfirmed, absent };
}
