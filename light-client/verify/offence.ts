/**
 * Offline check of an offence `[BFT-2]`: who signed what, and whether that key had a seat, from the offence's own bytes,
 * the genesis, and the changes of committee that lead to the committee it names. Pure. docs/spec/committee.md.
 */

import type { CommitteeChange } from '../../consensus/checkpoint/change.ts';
import { Committee } from '../../consensus/checkpoint/committee.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { checkOffence, offence, offenceBytesMax } from '../../consensus/vertex/offence.ts';
import { followChanges } from '../proof/anchor.ts';
import type { Fact } from './fact.ts';

export interface OffenceVerification {
  readonly verdict: 'valid' | 'invalid';
  readonly facts: readonly Fact[];
}

const sentences = {
  'two-values': 'It signed two values where an honest seat signs one.',
  hidden: 'It committed to a value, and then denied in a later view that it had.',
  outside: 'It voted on a height that its committee does not decide.',
} as const;

/** `changes` are those from the genesis' committee on, as far as the one that the offence names, and one further. */
export function verifyOffence(
  bytes: Uint8Array,
  genesis: Genesis,
  changes: readonly CommitteeChange[] = [],
): OffenceVerification {
  const facts: Fact[] = [];
  const invalid = (text: string): OffenceVerification => ({
    verdict: 'invalid',
    facts: [...facts, { ok: false, text }],
  });
  const decoded = offence.decode(bytes, offenceBytesMax);
  if (!decoded.ok) return invalid(`The bytes are no offence: ${describeRefusal(decoded)}.`);
  const { key, committee: hash, height } = decoded.value;
  const checked = checkOffence(decoded.value, genesis.network);
  if (!checked.ok) return invalid(`The offence does not hold: ${describeRefusal(checked)}.`);
  facts.push({ ok: true, text: `Key ${toHex(key)} signed every saying, about height ${height}.` });
  const followed = followChanges(changes, genesis);
  if (!followed.ok) return invalid(`A change of committee does not hold: ${describeRefusal(followed)}.`);
  const committees = [genesis.committee, ...changes.map((change) => new Committee(change.committee))];
  const at = committees.findIndex((candidate) => equalBytes(candidate.hash, hash));
  const committee = committees[at];
  const seat = committee?.seatOf.get(toHex(key));
  if (committee === undefined || seat === undefined)
    return invalid('The key has no seat in a committee that these changes lead to.');
  facts.push({ ok: true, text: `It held seat ${seat} of ${committee.size} in epoch ${committee.epoch}.` });
  const last = changes[at]?.header.height ?? committee.record.lastHeight;
  const within = height >= committee.record.firstHeight && height <= last;
  if (checked.value === 'outside' && within)
    return invalid('One saying alone, about a height that its committee decides, proves nothing.');
  facts.push({ ok: true, text: sentences[checked.value] });
  return { verdict: 'valid', facts };
}
