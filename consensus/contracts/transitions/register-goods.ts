/** Row 1: goods enter the ledger. The monitor and the custodian say what is there, sensors prove it, E claims title. */

import { equalBytes } from '../../codec/bytes.ts';
import { checkGln, labelChecks } from '../identifiers.ts';
import { type GoodsScheme, goodsFields, unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { device, labelKey } from '../registry.ts';
import { checkAgreement, consumeReadings, measure, observe, readingProofs } from '../rules/evidence.ts';
import { beginTenure } from '../rules/tenures.ts';
import { enterZone } from '../rules/zones.ts';
import { type Context, type ContractRefusal, isRefusal, refused, transition } from '../transition.ts';

export const registerGoods = transition({
  name: 'register-goods',
  row: 1,
  summary:
    'Registers one logistic unit, a lot, a machine or a vehicle, proved by readings of two independent functions.',
  args: { v1: { ...goodsFields, evidence: readingProofs } },
  signedBy: [
    { who: 'monitor', role: 'monitor', party: ({ monitor }) => monitor },
    { who: 'custodian', role: 'warehouse', party: ({ custodian }) => custodian },
    {
      who: 'owner, who so declares title',
      role: 'enterprise',
      party: ({ owner }) => owner,
      missing: 'E_TITLE',
    },
  ],
  preconditions: {
    E_EVIDENCE:
      'two independent sensor functions agree with what is stated, by readings that spoke for nothing else; the zone has room',
    E_ID_INVALID: 'label and GLN have the right form and check digits',
    E_ID_LIVE: 'no live unit has the label',
    E_SCHEMA: 'the temperature range is not empty; a machine or vehicle is one package',
    E_TITLE: 'the owner signs; a device that has the same GIAI is the owner’s',
  },
  effects: 'the unit is STORED and FREE',
  evidence: 'root over the readings',
  visibility: 'V1',
  apply: ({ evidence, ...goods }, context) => {
    const id = labelKey(context.network, goods.scheme, goods.label);
    const refusal = checkIdentifiers(goods) ?? checkNotLive(id, context) ?? checkMachine(goods, context);
    if (refusal !== undefined) return refusal;
    const range = goods.temperature;
    if (range !== undefined && range.leastMilliC > range.mostMilliC) {
      return refused('E_SCHEMA', { field: 'temperature', reason: 'the range is empty' });
    }
    const observed = observe(evidence, goods, context.time, context);
    if (isRefusal(observed)) return observed;
    const measured = measure(observed);
    if (isRefusal(measured)) return measured;
    const disproved =
      checkAgreement(measured, goods.quantity, goods.packages, context.policy.toleranceBp) ??
      consumeReadings(observed.uses, id, context) ??
      enterZone(goods, goods.quantity, context);
    if (disproved !== undefined) return disproved;
    context.put(unit, id, {
      ...goods,
      state: 'STORED',
      receipts: [],
      receipted: 0,
      stock: { entered: goods.quantity, left: 0, lost: 0, shrunk: 0, corrected: 0 },
      shortfall: 0,
      transit: undefined,
      tenure: beginTenure(
        { unit: id, receipt: undefined, owner: goods.owner, custodian: goods.custodian },
        undefined,
        context,
      ),
      evidenceRoot: observed.root,
      ...versionOf(context),
    });
    return undefined;
  },
});

function checkIdentifiers(goods: {
  readonly scheme: GoodsScheme;
  readonly label: string;
  readonly gln: string;
}): ContractRefusal | undefined {
  const label = labelChecks[goods.scheme](goods.label);
  if (label !== undefined)
    return refused('E_ID_INVALID', { field: 'label', scheme: goods.scheme, reason: label });
  const gln = checkGln(goods.gln);
  return gln === undefined ? undefined : refused('E_ID_INVALID', { field: 'gln', reason: gln });
}

/** A label is free again once its goods are OUT. */
function checkNotLive(id: Uint8Array, context: Context): ContractRefusal | undefined {
  const live = context.get(unit, id);
  return live === undefined || live.state === 'OUT'
    ? undefined
    : refused('E_ID_LIVE', { field: 'label', state: live.state }, id);
}

/** `[CTR-31]` One thing, and nobody else's: a truck that is enrolled as a device is security of its own owner only. */
function checkMachine(
  goods: {
    readonly scheme: GoodsScheme;
    readonly label: string;
    readonly packages: number;
    readonly owner: Uint8Array;
  },
  context: Context,
): ContractRefusal | undefined {
  if (goods.scheme !== 'giai') return undefined;
  if (goods.packages !== 1) return refused('E_SCHEMA', { field: 'packages', reason: 'a machine is one' });
  const id = labelKey(context.network, 'device', goods.label);
  const enrolled = context.get(device, id);
  return enrolled === undefined || equalBytes(enrolled.owner, goods.owner)
    ? undefined
    : refused('E_TITLE', { reason: 'the device of that identifier is another’s' }, id);
}
