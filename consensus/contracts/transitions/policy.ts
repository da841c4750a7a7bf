/** Row 0, the policy pack (R047): governance states what new credit must keep to, and who knows a customer. */

import { compareBytes, toHex } from '../../codec/bytes.ts';
import { hash32, int, timeMs } from '../../codec/schema.ts';
import { zero32 } from '../../crypto/hash.ts';
import { checkCurrency } from '../identifiers.ts';
import { kyc } from '../objects/kyc.ts';
import { type PolicyPack, packId, packTerms, policyHead, policyPack } from '../objects/policy-pack.ts';
import { versionOf } from '../objects/version.ts';
import { party } from '../registry.ts';
import { checkFuture } from '../rules/dates.ts';
import { checkSeatQuorum } from '../seats/fitness.ts';
import {
  type ContractRefusal,
  isRefusal,
  lookUp,
  partyIn,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

/** Three days at full pace, four months of heartbeats. */
const HEIGHTS_AHEAD_MAX = 1_000_000;

export const statePolicy = transition({
  name: 'state-policy',
  row: 0,
  summary:
    'States the next policy pack, and the height from which it applies. The parties of q present seats sign.',
  args: { v0: { number: int(1), ...packTerms } },
  signedBy: [{ who: 'the parties of q present seats', role: ['bank', 'monitor'], party: () => undefined }],
  preconditions: {
    E_ROLE: 'the parties of q seats sign',
    E_SCHEMA: 'parties blocked ascend, no currency is named twice, it applies within a million heights',
    E_STALE: 'the height from which it applies lies ahead',
    E_STATE: 'its number is the next, and the pack before applies already',
  },
  effects: 'the pack applies from that height on, and never to what was before',
  visibility: 'V0',
  apply: (terms, context) => {
    const defect = checkTerms(terms) ?? checkSeatQuorum(context);
    if (defect !== undefined) return defect;
    const { number, from } = terms;
    const { height } = context;
    // A pack for a height that nobody lives to see would bar every later one.
    if (from > height + HEIGHTS_AHEAD_MAX)
      return refused('E_SCHEMA', { field: 'from', got: from, most: height + HEIGHTS_AHEAD_MAX });
    if (from <= height) return refused('E_STALE', { from, decided: height, reason: 'that height is past' });
    const newest = context.get(policyHead, zero32)?.newest ?? 0;
    if (number !== newest + 1) return refused('E_STATE', { number, newest, reason: 'not the next' });
    const before = context.get(policyPack, packId(newest));
    if (before !== undefined && before.from > height)
      return refused('E_STATE', { waits: newest, from: before.from }, packId(newest));
    context.put(policyPack, packId(number), { ...terms, ...versionOf(context) });
    context.put(policyHead, zero32, { newest: number, ...versionOf(context) });
    return undefined;
  },
});

function checkTerms({ caps, blocked }: Pick<PolicyPack, 'caps' | 'blocked'>): ContractRefusal | undefined {
  const currencies = caps.map(({ currency }) => currency);
  for (const currency of currencies) {
    const defect = checkCurrency(currency);
    if (defect !== undefined) return refused('E_SCHEMA', { field: 'caps', reason: defect });
  }
  if (new Set(currencies).size !== currencies.length)
    return refused('E_SCHEMA', { field: 'caps', reason: 'a currency is named twice' });
  const unsorted = blocked.find((id, index) => index > 0 && compareBytes(blocked[index - 1]!, id) >= 0);
  return (
    unsorted && refused('E_SCHEMA', { field: 'blocked', reason: 'not ascending', party: toHex(unsorted) })
  );
}

export const stateKyc = transition({
  name: 'state-kyc',
  row: 0,
  summary: 'States that a bank or a monitor knows a party, until a date.',
  args: { v0: { party: hash32, by: hash32, until: timeMs } },
  signedBy: [{ who: 'the bank or monitor that knows it', role: ['bank', 'monitor'], party: ({ by }) => by }],
  preconditions: {
    E_NOT_FOUND: 'the party exists',
    E_SCHEMA: 'the date is still to come',
    E_STANDING: 'nobody states it of itself',
  },
  effects: 'the party is known until then, by this statement in place of an earlier one',
  evidence: 'what it has seen stays with who states it',
  visibility: 'V0',
  apply: ({ party: id, by, until }, context) => {
    const known = lookUp(context, party, id);
    if (isRefusal(known)) return known;
    if (compareBytes(id, by) === 0) return refused('E_STANDING', { reason: 'of itself' }, id);
    const over = checkFuture('until', until, context);
    if (over !== undefined) return over;
    context.put(kyc, id, { state: 'ACTIVE', party: id, statedBy: by, until, ...versionOf(context) });
    return undefined;
  },
});

export const revokeKyc = transition({
  name: 'revoke-kyc',
  row: 0,
  summary: 'Takes back that a party is known.',
  args: { v0: { party: hash32 } },
  signedBy: [{ who: 'who stated it', role: ['bank', 'monitor'], party: partyIn(kyc, 'party', 'statedBy') }],
  preconditions: { E_NOT_FOUND: 'it was stated', E_STATE: 'it was not taken back' },
  effects: 'the party is known no more',
  visibility: 'V0',
  apply: ({ party: id }, context) => {
    const known = lookUp(context, kyc, id);
    if (isRefusal(known)) return known;
    if (known.state !== 'ACTIVE') return wrongState(known.state, ['ACTIVE'], id);
    context.put(kyc, id, { ...known, state: 'REVOKED', ...versionOf(context) });
    return undefined;
  },
});
