/**
 * What the policy pack in force demands of a call that gives new credit or takes new security `[POL-1]`, and that fees are paid. Repayment, release,
 * enforcement, notice and dispute are never asked: a block must not trap goods or shield a debtor.
 */

import { zero32 } from '../../crypto/hash.ts';
import type { ObjectReader } from '../object.ts';
import { exposure, exposureId } from '../objects/exposure.ts';
import { kyc } from '../objects/kyc.ts';
import { type PolicyPack, packId, policyHead, policyPack } from '../objects/policy-pack.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, type Preconditions, refused } from '../transition.ts';
import { controllersOf } from './affiliation.ts';
import { exactInteger } from './amounts.ts';
import { checkFees } from './fees.ts';
import { includesId } from './lists.ts';

/** Preconditions of a transition that calls `checkCompliance`. */
export const compliant = {
  E_BLOCKED: 'by the policy pack in force neither party is blocked, nor who controls it',
  E_FEE: 'neither party owes fees',
  E_KYC: '… and the borrower is known, where the pack demands it',
} as const satisfies Preconditions;

/** `[POL-2]` The newest pack that applies at `height`, if one does: there are two at most to choose from. */
export function packInForce(reader: ObjectReader, height: number): PolicyPack | undefined {
  const newest = reader.get(policyHead, zero32)?.newest ?? 0;
  for (const number of [newest, newest - 1]) {
    const pack = number > 0 ? reader.get(policyPack, packId(number)) : undefined;
    if (pack !== undefined && pack.from <= height) return pack;
  }
  return undefined;
}

/** `[POL-3]` E_BLOCKED or E_KYC, with the pack in the way; `[RWD-5]` E_FEE. */
export function checkCompliance(
  { borrower, bank }: { readonly borrower: Uint8Array; readonly bank: Uint8Array },
  context: Context,
): ContractRefusal | undefined {
  const unpaid = checkFees({ borrower, bank }, context);
  if (unpaid !== undefined) return unpaid;
  const pack = packInForce(context, context.height);
  if (pack === undefined) return undefined;
  const facts = { pack: pack.number, from: pack.from };
  for (const [role, party] of [
    ['borrower', borrower],
    ['bank', bank],
  ] as const) {
    const behind = controllersOf(party, context);
    const isBlocked = behind.ids.some((id) => includesId(pack.blocked, id));
    // Who hides behind a long chain is not shown to be controlled by none of them.
    if (isBlocked || (!behind.isWhole && pack.blocked.length > 0))
      return refused('E_BLOCKED', { ...facts, role }, packId(pack.number));
  }
  if (!pack.kycRequired) return undefined;
  const known = context.get(kyc, borrower);
  if (known?.state === 'ACTIVE' && known.until >= context.time) return undefined;
  const reason = known === undefined ? 'nobody states that it knows it' : 'the statement is revoked or over';
  return refused('E_KYC', { ...facts, reason }, packId(pack.number));
}

/** `[POL-4]` E_EXPOSURE where so much more would exceed the cap. The sum is not told: it says what other banks lend. */
export function checkExposure(
  debtor: Uint8Array,
  currency: string,
  added: number,
  context: Context,
): ContractRefusal | undefined {
  const owed = context.get(exposure, exposureId(debtor, currency))?.owed ?? 0;
  const sum = exactInteger(BigInt(owed) + BigInt(added), 'exposure');
  if (typeof sum !== 'number') return sum;
  const pack = packInForce(context, context.height);
  const cap = pack?.caps.find((entry) => entry.currency === currency);
  if (pack === undefined || cap === undefined || sum <= cap.most) return undefined;
  const facts = { pack: pack.number, from: pack.from, currency, most: cap.most };
  return refused('E_EXPOSURE', facts, packId(pack.number));
}

/** After `checkExposure`, or as it is paid back. */
export function changeExposure(debtor: Uint8Array, currency: string, change: number, context: Context): void {
  if (change === 0) return;
  const id = exposureId(debtor, currency);
  const owed = (context.get(exposure, id)?.owed ?? 0) + change;
  context.put(exposure, id, { debtor, currency, owed, ...versionOf(context) });
}
