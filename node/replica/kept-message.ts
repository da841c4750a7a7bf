/** What a node knows of a message whose ciphertext it keeps `[MSG-6]`. Values only; `mailbox.ts` decides what becomes of them. */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { choice, flag, hash32, record, timeMs } from '../../consensus/codec/schema.ts';

export interface KeptMessage {
  /** Hex; the call that sends it. */
  readonly id: string;
  /** Sent by this node, or to its party. */
  readonly box: 'out' | 'in';
  /** The other party, hex. */
  readonly party: string;
  /** When it came here, ms. */
  readonly since: number;
  /** Of one that is sent: checkpoint time after which its call has no effect, ms. */
  readonly deadline: number;
  /** Its stakeholder has read it. */
  readonly read: boolean;
}

const storedMessage = record('kept-message', {
  id: hash32,
  box: choice('out', 'in'),
  party: hash32,
  since: timeMs,
  deadline: timeMs,
  read: flag,
});

export function encodeKept({ id, party, ...rest }: KeptMessage): Uint8Array {
  return storedMessage.encode({ ...rest, id: fromHex(id)!, party: fromHex(party)! });
}

/** Decodes what `encodeKept` wrote: anything else is a broken store. */
export function decodeKept(entry: Uint8Array): KeptMessage {
  const decoded = storedMessage.decode(entry);
  invariant(decoded.ok, 'a stored message does not decode');
  const { id, party, ...rest } = decoded.value;
  return { ...rest, id: toHex(id), party: toHex(party) };
}
