/**
 * Which batches of readings this node takes `[STO-3]`: none while its disk is nearly full, and in profile `small` only those
 * of its own party's gateways and of the parties that its operator named. What it does not take it never stores.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { type Refusal, refuse } from '../../consensus/codec/result.ts';
import { key } from '../../consensus/contracts/registry.ts';
import type { Ledger } from './ledger.ts';

export class BatchDoor {
  readonly #ledger: Ledger;
  readonly #own: Uint8Array;
  readonly #parties: ReadonlySet<string> | undefined;
  /** Bytes of batches that the disk has room for, as it was told last, less what was taken since. */
  #room = Number.POSITIVE_INFINITY;

  /** `parties`: whose batches are taken beside those of the party that has the key `own`; everybody's where it is left out. */
  constructor(ledger: Ledger, own: Uint8Array, parties: readonly Uint8Array[] | undefined) {
    this.#ledger = ledger;
    this.#own = own;
    this.#parties = parties && new Set(parties.map(toHex));
  }

  setRoom(bytes: number): void {
    this.#room = bytes;
  }

  note(bytes: number): void {
    this.#room -= bytes;
  }

  /** Why a batch of so many bytes that this gateway carried is not taken; absent when it is. */
  refusal(gateway: Uint8Array, bytes: number): Refusal | undefined {
    if (!this.#isOfZone(gateway))
      return refuse('E_ZONE', { gateway: toHex(gateway), reason: 'give it to a node of its own party' });
    if (bytes > this.#room)
      return refuse('E_DISK', { reason: 'give it to another node, or try again later' });
    return undefined;
  }

  #isOfZone(gateway: Uint8Array): boolean {
    if (this.#parties === undefined) return true;
    const { state } = this.#ledger;
    const carrier = state.get(key, gateway)?.party;
    // Whether it may speak at all is asked elsewhere.
    if (carrier === undefined) return true;
    const own = state.get(key, this.#own)?.party;
    return this.#parties.has(toHex(carrier)) || (own !== undefined && toHex(own) === toHex(carrier));
  }
}
