/** Row 30: a reading was wrong. It is kept; the book follows a new count, open warnings are judged anew. */

import { equalBytes } from '../../codec/bytes.ts';
import { choice, hash32, int, maybe, text } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { claim } from '../objects/claim.ts';
import { correction } from '../objects/correction.ts';
import { evidenceUse, evidenceUseId } from '../objects/evidence-use.ts';
import { pledge, securedStates } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { warning } from '../objects/warning.ts';
import { isControlledBy } from '../rules/affiliation.ts';
import { checkAgreement, claimReadings, measure, observe, readingProofs } from '../rules/evidence.ts';
import { readHoldings } from '../rules/holdings.ts';
import { recordShortfall } from '../rules/shortfall.ts';
import { isQuantityTrigger } from '../rules/warnings.ts';
import { correctZone } from '../rules/zones.ts';
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

export const correctReading = transition({
  name: 'correct-reading',
  row: 30,
  summary:
    'Corrects the book after a wrong reading, or for a permitted loss, by a new and independent count.',
  args: {
    v0: { unit: hash32 },
    v1: {
      kind: choice('correction', 'permitted-loss'),
      /** The reading that was wrong. */
      device: hash32,
      session: text(16),
      counter: int(0),
      quantity: int(1),
      packages: int(0),
      /** In place of an independent device. */
      surveyor: maybe(hash32),
      evidence: readingProofs,
    },
  },
  signedBy: [
    { who: 'monitor', role: 'monitor', party: partyIn(unit, 'unit', 'monitor') },
    {
      who: 'a surveyor',
      role: ['appraiser', 'resolver'],
      party: ({ surveyor }) => surveyor,
      when: 'in place of an independent device',
    },
    {
      who: 'every pledgee concerned',
      role: 'bank',
      party: (args, context) => concerned(args.unit, args.quantity, context),
      when: 'when it closes a warning, or frees quantity',
    },
  ],
  preconditions: {
    E_EVIDENCE:
      'the original reading spoke for these goods; the new count is of another device or a surveyor’s, and agrees',
    E_NOT_FOUND: 'what it names exists',
    E_POLICY: 'a permitted loss is no more than every receipt permits',
    E_STATE: 'the goods are STORED',
    E_SUM: 'the book changes',
  },
  effects:
    'the original is kept and the correction linked; the book follows; what is short is recorded and claimed; warnings about quantity are closed',
  evidence: 'the original’s mark; root over the new count',
  visibility: 'V3',
  apply: (args, context) => {
    const goods = lookUp(context, unit, args.unit);
    if (isRefusal(goods)) return goods;
    if (goods.state !== 'STORED') return wrongState(goods.state, ['STORED'], args.unit);
    const { device, session, counter, quantity, packages } = args;
    const original = evidenceUseId({ device, session, counter });
    const mark = context.get(evidenceUse, original);
    if (mark === undefined || !equalBytes(mark.unit, args.unit))
      return refused('E_EVIDENCE', { reason: 'no reading that spoke for these goods' }, original);
    if (quantity === goods.quantity && packages === goods.packages)
      return refused('E_SUM', { reason: 'the book says so already', quantity });
    const tooMuch = args.kind === 'permitted-loss' ? checkPermitted(quantity, goods, context) : undefined;
    if (tooMuch !== undefined) return tooMuch;
    const evidenceRoot = countAgain(args, goods, context);
    if (isRefusal(evidenceRoot)) return evidenceRoot;
    closeQuantityWarnings(args.unit, context);
    writeBook(args, goods, evidenceRoot, context);
    const { owner, custodian, monitor } = goods;
    context.put(correction, context.callId, {
      original,
      ...{ unit: args.unit, owner, custodian, monitor, kind: args.kind },
      ...{ before: goods.quantity, after: quantity, at: context.time },
      ...{ surveyor: args.surveyor, evidenceRoot },
      ...versionOf(context),
    });
    return undefined;
  },
});

type Goods = ValueOf<typeof unit>;

function concerned(unitId: Uint8Array, quantity: number, context: Context): Uint8Array[] {
  const goods = context.get(unit, unitId);
  return readHoldings(unitId, context)
    .filter(({ agreed }) => securedStates.includes(agreed.state))
    .filter(({ agreed }) => quantity > (goods?.quantity ?? 0) || quantityWarnings(agreed, context).length > 0)
    .map(({ agreed }) => agreed.pledgee);
}

function quantityWarnings(held: ValueOf<typeof pledge>, context: Context): readonly Uint8Array[] {
  return held.openWarnings.filter((id) => {
    const open = context.get(warning, id);
    return open?.state === 'OPEN' && isQuantityTrigger(open.trigger);
  });
}

/** Receipts permit a loss in basis points of what they stand for; the least of them counts. */
function checkPermitted(quantity: number, goods: Goods, context: Context): ContractRefusal | undefined {
  const permitted = goods.receipts.map((id) => context.get(receipt, id)?.permittedLossBp ?? 0);
  const least = permitted.length === 0 ? 0 : Math.min(...permitted);
  const lost = BigInt(goods.quantity) - BigInt(quantity);
  const within =
    lost > 0n && (BigInt(goods.stock.shrunk) + lost) * 10_000n <= BigInt(goods.stock.entered) * BigInt(least);
  return within ? undefined : refused('E_POLICY', { lost: String(lost), permittedBp: least });
}

function countAgain(
  args: {
    readonly unit: Uint8Array;
    readonly device: Uint8Array;
    readonly quantity: number;
    readonly packages: number;
    readonly surveyor: Uint8Array | undefined;
    readonly evidence: readonly Uint8Array[];
  },
  goods: Goods,
  context: Context,
): Uint8Array | ContractRefusal {
  const { surveyor } = args;
  if (
    surveyor !== undefined &&
    [goods.owner, goods.custodian].some((id) => isControlledBy(surveyor, id, context))
  )
    return refused('E_EVIDENCE', { reason: 'the surveyor is not independent' }, surveyor);
  const observed = observe(args.evidence, goods, context.time, context);
  if (isRefusal(observed)) return observed;
  const measured = measure(observed);
  if (isRefusal(measured)) return measured;
  const other = measured.weighings.some(({ device }) => !equalBytes(device, args.device));
  if (!other && surveyor === undefined)
    return refused('E_EVIDENCE', { reason: 'weighed by the device that was wrong' }, args.device);
  return (
    checkAgreement(measured, args.quantity, args.packages, context.policy.toleranceBp) ??
    claimReadings(observed.uses, args.unit, context) ??
    observed.root
  );
}

/** The new count settles how much is there: whatever warned of it is CURED, and the shortfall judged anew. */
function closeQuantityWarnings(unitId: Uint8Array, context: Context): void {
  for (const { pledge: id, agreed } of readHoldings(unitId, context)) {
    const closed = quantityWarnings(agreed, context);
    if (closed.length === 0) continue;
    for (const warned of closed)
      context.put(warning, warned, {
        ...context.get(warning, warned)!,
        state: 'CURED',
        ...versionOf(context),
      });
    const left = agreed.openWarnings.filter((entry) => !closed.includes(entry));
    const cured = agreed.state === 'WARNED' && left.length === 0;
    context.put(pledge, id, {
      ...agreed,
      state: cured ? 'PERFECTED' : agreed.state,
      cureUntil: cured ? 0 : agreed.cureUntil,
      openWarnings: left,
      ...versionOf(context),
    });
  }
}

function writeBook(
  args: {
    readonly unit: Uint8Array;
    readonly kind: string;
    readonly surveyor: Uint8Array | undefined;
    readonly quantity: number;
    readonly packages: number;
  },
  goods: Goods,
  evidenceRoot: Uint8Array,
  context: Context,
): void {
  const change = args.quantity - goods.quantity;
  const { stock } = goods;
  const permitted = args.kind === 'permitted-loss';
  context.put(unit, args.unit, {
    ...goods,
    quantity: args.quantity,
    packages: args.packages,
    // What was short before is judged anew: what still is, is warned of again.
    shortfall: 0,
    stock: {
      ...stock,
      shrunk: stock.shrunk - (permitted ? change : 0),
      corrected: stock.corrected + (permitted ? 0 : change),
    },
    evidenceRoot,
    ...versionOf(context),
  });
  correctZone(goods, change, context);
  recordShortfall(args.unit, evidenceRoot, context);
  const short = context.get(unit, args.unit)!.shortfall;
  if (short === 0) return;
  // What receipts and pledges stand for and is not there is claimed, as after a loss: the custodian stays liable.
  const { owner, custodian, monitor } = goods;
  const pledges = readHoldings(args.unit, context)
    .filter(({ agreed }) => securedStates.includes(agreed.state))
    .map(({ pledge: id }) => id);
  context.put(claim, context.callId, {
    state: 'OPEN',
    ...{ unit: args.unit, owner, custodian, monitor, quantity: short, pledges },
    ...{ cause: 'a corrected reading', surveyor: args.surveyor ?? monitor },
    ...versionOf(context),
  });
}
