/**
 * What this node may show to its own stakeholder (semantics §3): V0 of everything; V1 and V2 where its party is one
 * of those that contracts/views.ts names. Every view and every bundle asks here.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { StoredObject, VisibilityClass } from '../../consensus/contracts/object.ts';
import { objectPath } from '../../consensus/contracts/object.ts';
import { key } from '../../consensus/contracts/registry.ts';
import { objectTypes, visibleClasses } from '../../consensus/contracts/views.ts';
import type { SignedCall } from '../../consensus/vertex/call.ts';
import type { Ledger } from '../replica/ledger.ts';

const EMPTY_PART_BYTES = 1;

export class Access {
  readonly #ledger: Ledger;
  readonly #publicKey: Uint8Array;

  /** `publicKey`: the key that this node, or the light client that asks, has proved to hold. */
  constructor(ledger: Ledger, publicKey: Uint8Array) {
    this.#ledger = ledger;
    this.#publicKey = publicKey;
  }

  /** Id of the party whose ACTIVE key this is. */
  get party(): Uint8Array | undefined {
    const enrolled = this.#ledger.state.get(key, this.#publicKey);
    return enrolled?.state === 'ACTIVE' ? enrolled.party : undefined;
  }

  isOwnKey(keyHex: string): boolean {
    return keyHex === toHex(this.#publicKey);
  }

  classesOf(stored: StoredObject): VisibilityClass[] {
    return visibleClasses(stored, this.party, this.#ledger.state);
  }

  /** Classes of a call's arguments: all for whoever signed it or is a contract party of what it created. */
  classesOfCall(call: SignedCall, callId: Uint8Array): VisibilityClass[] {
    const own = this.party;
    if (own === undefined) return [0];
    const name = toHex(own);
    for (const { key: signer } of call.signatures) {
      const enrolled = this.#ledger.state.get(key, signer);
      if (enrolled !== undefined && toHex(enrolled.party) === name) return [0, 1, 2];
    }
    let greatest: VisibilityClass[] = [0];
    for (const type of objectTypes.keys()) {
      const stored = this.#ledger.state.find(toHex(objectPath(type, callId)));
      const classes = stored === undefined ? [] : this.classesOf(stored);
      if (classes.length > greatest.length) greatest = classes;
    }
    return greatest;
  }

  /** A bundle of a call opens all its parts, so that whoever may not see one of them gets none. */
  maySeeWhole(call: SignedCall, callId: Uint8Array): boolean {
    const classes = this.classesOfCall(call, callId);
    return call.parts.every(
      (part, index) => classes.includes(index as VisibilityClass) || part.value.length <= EMPTY_PART_BYTES,
    );
  }
}
