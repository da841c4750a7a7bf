/** Whether a key may hold a seat in the next epoch `[CKP-4]`, and which seats' parties signed a call. */

import { toHex } from '../../codec/bytes.ts';
import type { ObjectReader } from '../object.ts';
import { offender } from '../objects/offence.ts';
import { chain, key } from '../registry.ts';
import { type Context, type ContractRefusal, refused } from '../transition.ts';

/** Why a key may not hold a seat, or `undefined` when it may. */
export function seatDefect(reader: ObjectReader, seat: Uint8Array): string | undefined {
  const enrolled = reader.get(key, seat);
  if (enrolled === undefined) return 'not enrolled';
  if (enrolled.kind !== 'party') return 'not a party’s key';
  if (enrolled.state !== 'ACTIVE') return 'revoked';
  if (reader.get(chain, seat)?.suspended) return 'suspended';
  if (reader.get(offender, seat) !== undefined) return 'an offence stands against it';
  return undefined;
}

export function isFit(reader: ObjectReader, seat: Uint8Array): boolean {
  return seatDefect(reader, seat) === undefined;
}

/** Party of a seat's key, hex. */
export function partyOf(reader: ObjectReader, seat: Uint8Array): string | undefined {
  const enrolled = reader.get(key, seat);
  return enrolled && toHex(enrolled.party);
}

/** The refusal of a call that the parties of fewer than q present seats signed. */
export function checkSeatQuorum(context: Context): ContractRefusal | undefined {
  const { seats, quorum } = context.seating;
  const signed = seats.filter((seat) => {
    const enrolled = context.get(key, seat);
    return enrolled !== undefined && context.signedBy(enrolled.party);
  }).length;
  if (signed >= quorum) return undefined;
  return refused('E_ROLE', { reason: 'the parties of fewer than q seats signed', signed, quorum });
}
