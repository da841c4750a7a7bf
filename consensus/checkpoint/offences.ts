/** What an evidence vertex does `[BFT-2]`: each offence counts once, costs the stake, and the seat at the epoch's end. */

import { equalBytes } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import { invariant } from '../codec/result.ts';
import { committeeObject, epochId, epochObject } from '../contracts/objects/epoch.ts';
import { offenceId, offenceRecord, offender } from '../contracts/objects/offence.ts';
import { key } from '../contracts/registry.ts';
import { forfeitStake } from '../contracts/rules/stake.ts';
import type { SeatRules } from '../contracts/seats/rules.ts';
import type { Draft } from '../contracts/state.ts';
import { zero32 } from '../crypto/hash.ts';
import { contradiction, type Offence, offence } from '../vertex/offence.ts';
import type { Vertex } from '../vertex/vertex.ts';
import type { Committee } from './committee.ts';

interface Surroundings {
  readonly time: number;
  readonly seating: Committee;
  readonly seatRules: SeatRules;
}

interface Verdict {
  readonly code: Code;
  readonly conflict: Uint8Array;
}

const refusal = (code: Code, conflict: Uint8Array = zero32): Verdict => ({ code, conflict });

/** Runs an evidence vertex, whose bytes and signatures were checked on arrival `[ADM-1]`. */
export function runEvidence(vertex: Vertex, draft: Draft, around: Surroundings): Verdict {
  const decoded = offence.decode(vertex.payload);
  invariant(decoded.ok, 'an evidence vertex in the DAG carries an offence that was checked on arrival');
  return applyOffence(decoded.value, vertex.id, draft, around);
}

function applyOffence(
  proved: Offence,
  vertex: Uint8Array,
  draft: Draft,
  { time, seating, seatRules }: Surroundings,
): Verdict {
  const { key: seat, committee: hash, height } = proved;
  const committee = draft.get(committeeObject, hash);
  const enrolled = draft.get(key, seat);
  if (committee === undefined || enrolled === undefined) return refusal('E_NOT_SEAT');
  if (!committee.seats.some((entry) => equalBytes(entry, seat))) return refusal('E_NOT_SEAT', hash);
  const epoch = draft.get(epochObject, epochId(committee.epoch));
  invariant(epoch !== undefined, 'each committee in the state has its epoch');
  const [first, second] = proved.sayings;
  const kind = second === undefined ? 'outside' : contradiction(first!, second);
  invariant(kind !== undefined, 'the sayings of a checked offence contradict each other');
  // Until it ended, a committee may vote up to its last height: an earlier end is not decided before it comes.
  const last = epoch.endTime > 0 ? epoch.endsAt : committee.lastHeight;
  if (kind === 'outside' && height >= committee.firstHeight && height <= last)
    return refusal('E_EVIDENCE', hash);
  if (epoch.endTime > 0 && time > epoch.endTime + seatRules.trustingPeriodMs) return refusal('E_STALE', hash);
  const id = offenceId(seat, height);
  const known = draft.get(offenceRecord, id);
  if (known !== undefined) return refusal('E_OFFENCE_KNOWN', known.vertex);

  const { party } = enrolled;
  const writer = draft.openly();
  const forfeited = forfeitStake(writer, party, seating.epoch);
  writer.put(offenceRecord, id, { key: seat, height, committee: hash, kind, vertex, time, forfeited });
  const before = draft.get(offender, seat) ?? { party, offences: 0, firstHeight: height };
  writer.put(offender, seat, { ...before, offences: before.offences + 1 });
  return { code: 'OK', conflict: zero32 };
}
