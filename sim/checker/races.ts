/** `race`: pledge races as they ended: of two rival pledges one took effect, and the other was told who was first. */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { encumbrance } from '../../consensus/contracts/objects/encumbrance.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import type { LedgerState } from '../../consensus/contracts/state.ts';
import { callId } from '../../consensus/vertex/call.ts';
import type { CallOutcome } from '../load/load.ts';
import type { PledgeRace } from '../load/race.ts';

/** Said of the author's chain or key: the call was not run, and may come again in another's vertex. */
export const NOT_RUN: readonly string[] = ['E_FORK', 'E_KEY_SUSPENDED', 'E_KEY_REVOKED'];

export type RaceEnd = 'not run' | 'decided' | { readonly wrong: string };

export function checkRace(
  { number, rivals, unit }: PledgeRace,
  outcomesOf: (callKey: string) => readonly Pick<CallOutcome, 'code' | 'conflict'>[],
  state: LedgerState,
): RaceEnd {
  if (rivals === undefined) return 'not run';
  const ids = rivals.map((call) => callId(call.header));
  const outcomes = ids.map((id) => outcomesOf(toHex(id)).filter(({ code }) => !NOT_RUN.includes(code)));
  if (outcomes.some((all) => all.length === 0)) return 'not run';
  const wrong = (what: string): RaceEnd => ({ wrong: `race ${number}: ${what}` });
  const winners = ids.filter((_, i) => outcomes[i]!.some(({ code }) => code === 'OK'));
  const [winner] = winners;
  if (winner === undefined || winners.length > 1)
    return wrong(`${winners.length} pledges took effect: ${JSON.stringify(outcomes)}`);
  for (const [i, all] of outcomes.entries()) {
    for (const { code, conflict } of all) {
      const won = ids[i] === winner && (code === 'OK' || code === 'E_REPLAY');
      if (!won && (code !== 'E_ENCUMBERED' || conflict !== toHex(winner)))
        return wrong(
          `the ${ids[i] === winner ? 'winner' : 'loser'} got ${code} because of ${conflict.slice(0, 8)}`,
        );
    }
  }
  const held = state.get(pledge, winner);
  if (held?.state !== 'AGREED' && held?.state !== 'PERFECTED')
    return wrong(`the pledge is ${held?.state ?? 'not there'}`);
  const entries = state.get(encumbrance, unit)?.entries ?? [];
  if (entries.length !== 1 || !equalBytes(entries[0]!.pledge, winner))
    return wrong(`the unit carries ${entries.length} pledges`);
  return 'decided';
}
