/** How encoded vertices are put together for the wire: into bundles of gossip, and into frames of answers. */

import { limits } from '../consensus/codec/limits.ts';
import { bundle, VERTICES_PER_REQUEST_MAX } from '../consensus/wire/messages.ts';

/** What a bundle adds to each of its vertices, and once, at most. */
const ITEM_OVERHEAD_BYTES = 5;
const BUNDLE_OVERHEAD_BYTES = 48;

/** Bundles as gossip takes them, with all of `envelopes` in their order. `publisher`: public key, 32 bytes. */
export function makeBundles(publisher: Uint8Array, envelopes: readonly Uint8Array[]): Uint8Array[] {
  return grouped(envelopes, limits.bundleBytesMax).map((vertices) => bundle.encode({ publisher, vertices }));
}

/** Splits byte strings into runs that fit a bundle of `bytesMax`; one that is larger stands alone. */
export function grouped(items: readonly Uint8Array[], bytesMax: number): Uint8Array[][] {
  const groups: Uint8Array[][] = [];
  let group: Uint8Array[] = [];
  let bytes = BUNDLE_OVERHEAD_BYTES;
  for (const item of items) {
    const added = item.length + ITEM_OVERHEAD_BYTES;
    if (group.length > 0 && (group.length === VERTICES_PER_REQUEST_MAX || bytes + added > bytesMax)) {
      groups.push(group);
      group = [];
      bytes = BUNDLE_OVERHEAD_BYTES;
    }
    group.push(item);
    bytes += added;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
