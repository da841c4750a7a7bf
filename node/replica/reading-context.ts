/** A context as transitions have it, over the present state, for whoever only reads: rules are asked, nothing is written. */

import { openEvidence } from '../../consensus/checkpoint/evidence.ts';
import { pausedMs } from '../../consensus/contracts/clock.ts';
import type { Context } from '../../consensus/contracts/transition.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { Ledger } from './ledger.ts';

/** As the next checkpoint would have it at `time`, ms; nobody has signed unless told. */
export function readingContext(
  ledger: Ledger,
  time: number,
  signed: Partial<Pick<Context, 'callId' | 'signedBy' | 'signedByKey'>> = {},
): Context {
  const { state } = ledger;
  const { network, policy, height, seating, seatRules, recentHeaders } = ledger.executionContext(time);
  return {
    ...{ network, policy, height, time, seating, seatRules, callId: zero32, vertex: zero32 },
    running: time - pausedMs(state),
    get: (type, id) => state.get(type, id),
    put: () => undefined,
    remove: () => undefined,
    signedBy: () => false,
    signedByKey: () => false,
    step: () => {},
    evidence: (proofBytes) => openEvidence(proofBytes, network, recentHeaders),
    ...signed,
  };
}

/** The time at which a call would be tried now: the clock's, and later than the last checkpoint. */
export function nextTime(ledger: Ledger, nowMs: number): number {
  return Math.max(nowMs, ledger.header.time + 1);
}
