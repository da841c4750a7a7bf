/** Whether a grant covers a disclosure now (semantics §5 rows 9 and 10, R005, R023). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import type { grant, grantKinds } from '../objects/grant.ts';
import type { unit } from '../objects/unit.ts';
import { type Context, type ContractRefusal, refused } from '../transition.ts';
import { ownsPart, readHoldings } from './holdings.ts';
import { includesId } from './lists.ts';

/** The refusal unless the grant is neither revoked nor expired. */
export function checkLive(
  given: ValueOf<typeof grant>,
  id: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  if (given.state !== 'ACTIVE') return refused('E_SCOPE', { reason: 'the grant is revoked' }, id);
  if (given.expires < context.running)
    return refused('E_SCOPE', { reason: 'the grant has expired', expires: given.expires }, id);
  return undefined;
}

/** The refusal unless the grant names the unit, or a receipt over it, and what is to be disclosed of it. */
export function checkScope(
  given: ValueOf<typeof grant>,
  kind: (typeof grantKinds)[number],
  unitId: Uint8Array,
  goods: ValueOf<typeof unit>,
): ContractRefusal | undefined {
  if (!given.kinds.includes(kind))
    return refused('E_SCOPE', { reason: 'the grant does not cover this kind', kind });
  const named = [unitId, ...goods.receipts].some((id) => includesId(given.scope, id));
  return named
    ? undefined
    : refused('E_SCOPE', { reason: 'the grant does not name these goods', unit: toHex(unitId) }, unitId);
}

/** The goods are still the enterprise's, or secure the bank: what was sold is nobody's business any more. */
export function checkConcerned(
  { enterprise, bank }: ValueOf<typeof grant>,
  unitId: Uint8Array,
  goods: ValueOf<typeof unit>,
  context: Context,
): ContractRefusal | undefined {
  const secures = readHoldings(unitId, context).some(({ agreed }) => equalBytes(agreed.pledgee, bank));
  return secures || ownsPart(goods, enterprise, context)
    ? undefined
    : refused('E_SCOPE', { reason: 'the goods are another’s by now' }, unitId);
}
