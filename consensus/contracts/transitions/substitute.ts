/** Row 17: other goods take the place of pledged ones, at one position: attached first, then released; the rank stays. */

import { equalBytes } from '../../codec/bytes.ts';
import { limits } from '../../codec/limits.ts';
import { hash32, int } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { pledge } from '../objects/pledge.ts';
import { releaseOrder } from '../objects/release-order.ts';
import { versionOf } from '../objects/version.ts';
import { checkAttach, holderOf } from '../rules/attach.ts';
import { checkCovered } from '../rules/cover.ts';
import { readingProofs } from '../rules/evidence.ts';
import { changeHolding, readHoldings, writeHoldings } from '../rules/holdings.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  partyIn,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

export const substitute = transition({
  name: 'substitute',
  row: 17,
  summary: 'Puts other goods in the place of those pledged; rank and perfection stay.',
  args: { v0: { pledge: hash32, unit: hash32 }, v1: { quantity: int(1), evidence: readingProofs } },
  signedBy: [
    { who: 'pledgor', role: 'enterprise', party: partyIn(pledge, 'pledge', 'pledgor') },
    { who: 'pledgee', role: 'bank', party: partyIn(pledge, 'pledge', 'pledgee') },
    {
      who: 'monitor of the new goods, who attorns',
      role: 'monitor',
      party: holderOf('monitor'),
      missing: 'E_NO_CONTROL',
    },
    {
      who: 'custodian of the new goods, who attorns',
      role: 'warehouse',
      party: holderOf('custodian'),
      missing: 'E_NO_CONTROL',
    },
  ],
  preconditions: {
    E_AFFILIATE: 'the pledgor controls no holder of the new goods',
    E_COVER: 'the cover after it is within the loan to value',
    E_ENCUMBERED: 'the new goods are free; no junior pledge stands behind this one',
    E_EVIDENCE: 'a fresh count of the new goods agrees with the book',
    E_INELIGIBLE: 'the new goods are the pledgor’s, in store, and others than the old',
    E_INSUFFICIENT: 'so much is there',
    E_NOT_FOUND: 'what it names exists',
    E_NO_CONTROL: 'the holders of the new goods sign',
    E_POLICY: 'the new goods do not carry too many pledges',
    E_PRICE_STALE: 'the cover is computed at fresh prices',
    E_RECEIPT_OUT: 'neither old nor new goods stand in a receipt',
    E_STATE: 'the pledge is PERFECTED, and of a fixed quantity',
  },
  effects: 'the new goods are PLEDGED, the old ones FREE; rank and position of perfection stay',
  evidence: 'root over the count',
  visibility: 'V1',
  apply: ({ pledge: id, unit: unitId, quantity, evidence }, context) => {
    const held = lookUp(context, pledge, id);
    if (isRefusal(held)) return held;
    const refusal = checkOld(id, held, unitId, context);
    if (refusal !== undefined) return refusal;
    const attached = checkAttach({ unit: unitId, quantity, pledgor: held.pledgor, evidence }, context);
    if (isRefusal(attached)) return attached;
    if (attached.holdings.length >= limits.pledgesPerUnitMax)
      return refused('E_POLICY', { reason: 'too many pledges', most: limits.pledgesPerUnitMax }, unitId);
    const supposed = { changed: { pledge: id, quantity: 0 }, added: { unit: unitId, quantity } };
    const short = checkCovered(held.loan, context, supposed);
    if (short !== undefined) return short;
    const { goods, holdings, countRoot } = attached;
    const entry = { pledge: id, rank: held.rank, state: 'PLEDGED', quantity } as const;
    writeHoldings(unitId, [...holdings, entry], context);
    changeHolding(held.unit, id, undefined, context);
    for (const order of held.orders) {
      const open = context.get(releaseOrder, order);
      if (open?.state === 'OPEN')
        context.put(releaseOrder, order, { ...open, state: 'LAPSED', ...versionOf(context) });
    }
    context.put(pledge, id, {
      ...held,
      unit: unitId,
      quantity,
      monitor: goods.monitor,
      custodian: goods.custodian,
      countRoot,
      orders: [],
      ...versionOf(context),
    });
    return undefined;
  },
});

function checkOld(
  id: Uint8Array,
  held: ValueOf<typeof pledge>,
  unitId: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  if (held.state !== 'PERFECTED') return wrongState(held.state, ['PERFECTED'], id);
  if (held.line !== undefined) return refused('E_STATE', { reason: 'a floating pledge' }, id);
  if (held.receipt !== undefined)
    return refused('E_RECEIPT_OUT', { reason: 'the pledge is of a receipt' }, held.receipt);
  if (equalBytes(held.unit, unitId)) return refused('E_INELIGIBLE', { reason: 'the same goods' }, unitId);
  const junior = readHoldings(held.unit, context).find(
    ({ agreed }) => agreed.behind !== undefined && equalBytes(agreed.behind, id),
  );
  return junior && refused('E_ENCUMBERED', { reason: 'a junior pledge stands behind it' }, junior.pledge);
}
