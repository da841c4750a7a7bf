/** Invariants of the record itself (semantics §7: 21, 23), and of runs of it (24, 25). */

import { toHex } from '../../codec/bytes.ts';
import type { Code } from '../../codec/codes.ts';
import { zero32 } from '../../crypto/hash.ts';
import { grant } from '../objects/grant.ts';
import { notice } from '../objects/notice.ts';
import { pledge } from '../objects/pledge.ts';
import { status } from '../objects/status.ts';
import { unit } from '../objects/unit.ts';
import { includesId } from '../rules/lists.ts';
import type { Breach, Invariant } from './survey.ts';

export const recordInvariants: readonly Invariant[] = [
  {
    number: 21,
    rule: 'no default without proved notice',
    *find(state) {
      for (const { name, value: held } of state.all(pledge)) {
        const { defaulted } = held;
        if (held.state === 'DEFAULTED' || held.state === 'ENFORCING') {
          if (defaulted === undefined) yield `${name}: ${held.state}, and no record of its default`;
        }
        if (defaulted === undefined) continue;
        const given = state.get(notice, defaulted.notice);
        const proved =
          given?.state === 'USED' &&
          given.kind === 'default' &&
          given.provedAt > 0 &&
          given.provedAt <= defaulted.at;
        if (!proved) yield `${name}: its notice of default is ${given?.state ?? 'missing'}`;
      }
    },
  },
  {
    number: 23,
    rule: 'hidden parts are committed to under a salt; each disclosure names a grant that covered it and lived',
    *find(state) {
      for (const { type, id, parts } of state.stored) {
        for (const [index, { salt, value }] of parts.entries()) {
          // A part without fields is one byte, and hides nothing. Enrolments of a genesis are known to all.
          if (index === 0 || value.length <= 1 || ['party', 'device'].includes(type)) continue;
          if (toHex(salt) === toHex(zero32))
            yield `${type} ${toHex(id).slice(0, 8)}: V${index} without a salt`;
        }
      }
      for (const { name, value: supplied } of state.all(status)) {
        const given = state.get(grant, supplied.grant);
        if (given === undefined) {
          yield `${name}: under no grant`;
          continue;
        }
        const receipts = state.get(unit, supplied.unit)?.receipts ?? [];
        const named = given.scope.some((id) => includesId([supplied.unit, ...receipts], id));
        if (!named && receipts.length === 0) yield `${name}: its grant does not name the goods`;
        if (given.state !== 'ACTIVE' && given.height < supplied.height)
          yield `${name}: after its grant was ${given.state}`;
      }
    },
  },
];

/** What one run of a set of calls came to: the state root, and each call's code in the order of their ids. */
export interface Run {
  readonly root: string;
  readonly codes: readonly Code[];
}

/** 24: the same order gives the same root, whatever the arrival; so every run of it is the same. */
export function findDivergence(runs: readonly Run[]): Breach[] {
  const [first] = runs;
  return runs.flatMap(({ root, codes }) =>
    first !== undefined && (root !== first.root || codes.join() !== first.codes.join())
      ? [{ invariant: 24, what: `root ${root.slice(0, 8)}, not ${first.root.slice(0, 8)}` }]
      : [],
  );
}

/** 25: of rivals exactly one took effect, and each other has a code and names what won. */
export function findRaceBreaches(
  rivals: readonly { readonly code: Code; readonly id: string; readonly conflict: string }[],
): Breach[] {
  const winners = rivals.filter(({ code }) => code === 'OK');
  if (winners.length !== 1) return [{ invariant: 25, what: `${winners.length} took effect` }];
  return rivals
    .filter(({ code, conflict }) => code !== 'OK' && conflict !== winners[0]!.id)
    .map(({ id, code }) => ({
      invariant: 25,
      what: `${id.slice(0, 8)}: ${code}, and names another than the winner`,
    }));
}
