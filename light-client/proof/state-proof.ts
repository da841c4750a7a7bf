/** State proofs `[CKP-1]` `[ORD-6]`: an object is in the state with these values, or no object is under that name. */

import { headerSchema } from '../../consensus/checkpoint/header.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import {
  fixed,
  hash32,
  type Infer,
  list,
  maybe,
  record,
  tagged,
  text,
} from '../../consensus/codec/schema.ts';
import { objectPath, type StoredObject, type VisibilityClass } from '../../consensus/contracts/object.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { checkMapProof, type MapProof } from '../../consensus/merkle/map.ts';
import { commitPart, type Part, part } from '../../consensus/vertex/call.ts';

/** One visibility class of an object or a call: opened, or only its commitment. */
export const shownPart = tagged('shown-part', {
  open: part,
  sealed: record('sealed', { commitment: fixed(32) }),
});
export type ShownPart = Infer<typeof shownPart>;

/** Parts with those of the classes in `visible` opened. */
export function showParts(parts: readonly Part[], visible: readonly VisibilityClass[]): ShownPart[] {
  return parts.map((opened, index) =>
    visible.includes(index as VisibilityClass)
      ? { type: 'open', ...opened }
      : { type: 'sealed', commitment: commitPart(opened) },
  );
}

/** What the part is committed to by, opened or not. */
export function commitmentOf(shown: ShownPart): Uint8Array {
  return shown.type === 'open' ? commitPart(shown) : shown.commitment;
}

export const stateProof = record('state-proof', {
  type: text(16, 1),
  id: hash32,
  /** The object's three parts; absent when the proof shows that there is no such object. */
  parts: maybe(list(shownPart, 3, 3)),
  siblings: list(hash32, 256),
  /** For an absence: the other object's leaf that stands in the place, if any. */
  neighbour: maybe(record('neighbour', { path: hash32, valueHash: hash32 })),
  header: headerSchema,
});
export type StateProof = Infer<typeof stateProof>;

/** Builds a proof from a map proof and, for a presence, the object; shows only the classes in `visible`. */
export function makeStateProof(
  subject: { readonly type: string; readonly id: Uint8Array },
  object: StoredObject | undefined,
  map: MapProof,
  header: Infer<typeof headerSchema>,
  visible: readonly VisibilityClass[],
): StateProof {
  const neighbour = object === undefined ? map.leaf : undefined;
  return {
    ...subject,
    parts: object && showParts(object.parts, visible),
    siblings: map.siblings,
    neighbour,
    header,
  };
}

/** What a state proof shows, up to its checkpoint header: each class's bytes where opened, or absence. */
export function checkStateProof(proof: StateProof): Result<'absent' | readonly (Uint8Array | undefined)[]> {
  const path = objectPath(proof.type, proof.id);
  const { parts, siblings, neighbour } = proof;
  if (parts === undefined) {
    const shown = checkMapProof(proof.header.stateRoot, path, { siblings, leaf: neighbour });
    return shown === 'absent'
      ? ok('absent')
      : refuse('E_PROOF', { reason: 'does not show absence under the state root', type: proof.type });
  }
  const valueHash = hash('object-value', ...parts.map(commitmentOf));
  const shown = checkMapProof(proof.header.stateRoot, path, { siblings, leaf: { path, valueHash } });
  if (neighbour !== undefined || shown === undefined || shown === 'absent' || !equalBytes(shown, valueHash)) {
    return refuse('E_PROOF', { reason: 'does not lead to the state root', type: proof.type });
  }
  return ok(parts.map((entry) => (entry.type === 'open' ? entry.value : undefined)));
}
