/**
 * Readings as evidence about goods (semantics §1, §5 row 1, R153, R154): which ones count, and what they say.
 *
 * `[CTR-5]` That a reading is on the ledger was proved before it came here (`Context.evidence`). Here it is judged: its device
 * enrolled and active, its signature where the device can sign, its gateway entitled to vouch where it cannot, its
 * function declared, its time near the time asked about.
 */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { limits } from '../../codec/limits.ts';
import { bytes, list } from '../../codec/schema.ts';
import { leafHash, treeRoot } from '../../merkle/tree.ts';
import { compareDecimals, type Decimal, scaledInteger } from '../../vertex/decimal.ts';
import { type Frame, frame, verifyFrame } from '../../vertex/frame.ts';
import type { SensorFunction } from '../../vertex/quantities.ts';
import { evidenceUse, evidenceUseId } from '../objects/evidence-use.ts';
import { versionOf } from '../objects/version.ts';
import { device, hasExpired, key, labelKey } from '../registry.ts';
import { type Context, type ContractRefusal, isRefusal, refused } from '../transition.ts';
import type { SourceReading } from '../triggers/evaluate.ts';
import { sourceReadings } from '../triggers/readings.ts';
import { isControlledBy } from './affiliation.ts';
import { isWithin } from './amounts.ts';
import { includesId } from './lists.ts';

/** Reading proofs as a call carries them. */
export const readingProofs = list(bytes(limits.callBytesMax, 1), limits.evidencePerCallMax, 1);

/** Whose goods the readings are about. */
export interface GoodsParties {
  readonly owner: Uint8Array;
  readonly monitor: Uint8Array;
}

/** One value that a device stated. */
export type Observation = SourceReading;

export interface Observed {
  readonly observations: readonly Observation[];
  /** Marks of all frames, in the order of the proofs. */
  readonly uses: readonly Uint8Array[];
  /** Tree root over the frames, in the order of the proofs. */
  readonly root: Uint8Array;
}

/** Opens and judges `proofs` as evidence of how things stood at `asOf`, ms. */
export function observe(
  proofs: readonly Uint8Array[],
  goods: GoodsParties,
  asOf: number,
  context: Context,
  ageMs: number = context.policy.evidenceAgeMs,
): Observed | ContractRefusal {
  const observations: Observation[] = [];
  const uses: Uint8Array[] = [];
  const leaves: Uint8Array[] = [];
  for (const [index, proofBytes] of proofs.entries()) {
    const evidence = context.evidence(proofBytes);
    if (isRefusal(evidence))
      return refused('E_EVIDENCE', { ...evidence.facts, proof: index, cause: evidence.code });
    const shown = evidence.frame;
    const facts = { proof: index, device: shown.device };
    const source = checkSource(shown, evidence.gateway, goods, context);
    if (isRefusal(source)) return { ...source, facts: { ...source.facts, ...facts } };
    const late = checkTimes(shown.time, evidence.finalTime, asOf, ageMs);
    if (late !== undefined) return { ...late, facts: { ...late.facts, ...facts } };
    const { id, owner, functions } = source;
    const ownersOwn = isControlledBy(owner, goods.owner, context);
    const use = evidenceUseId({ device: id, session: shown.session, counter: shown.counter });
    if (includesId(uses, use))
      return refused('E_EVIDENCE', { reason: 'one reading shown twice', proof: index });
    uses.push(use);
    leaves.push(leafHash(frame.encode(shown)));
    const carrier = { gateway: evidence.gateway, owner, ownersOwn, functions };
    observations.push(...sourceReadings(shown, { device: id, ...carrier }));
  }
  return { observations, uses, root: treeRoot(leaves) };
}

interface Source {
  readonly id: Uint8Array;
  readonly owner: Uint8Array;
  readonly functions: readonly SensorFunction[];
}

/** The enrolled device that speaks, vouched for by its own signature or by a gateway of its owner or the monitor. */
function checkSource(
  shown: Frame,
  gateway: Uint8Array,
  goods: GoodsParties,
  context: Context,
): Source | ContractRefusal {
  const id = labelKey(context.network, 'device', shown.device);
  const enrolled = context.get(device, id);
  if (enrolled?.state !== 'ACTIVE' || hasExpired(enrolled, context))
    return refused('E_EVIDENCE', { reason: 'the device is not enrolled and active' }, id);
  const carrier = context.get(key, gateway);
  if (carrier?.kind !== 'gateway' || carrier.state !== 'ACTIVE') {
    return refused(
      'E_EVIDENCE',
      { reason: 'its author is no active gateway', gateway: toHex(gateway) },
      gateway,
    );
  }
  if (enrolled.key.length > 0) {
    if (!verifyFrame(shown, context.network, enrolled.key)) {
      return refused('E_EVIDENCE', { reason: 'the sensor’s signature does not verify' }, id);
    }
  } else if (!equalBytes(carrier.party, enrolled.owner) && !equalBytes(carrier.party, goods.monitor)) {
    return refused(
      'E_EVIDENCE',
      { reason: 'the gateway may not vouch for this device', gateway: toHex(gateway) },
      gateway,
    );
  }
  return { id, owner: enrolled.owner, functions: enrolled.functions };
}

/** Both clocks must be near `asOf`: the sensor's, which is a claim, and the checkpoint's, which is certified. */
function checkTimes(
  sensorTime: number,
  finalTime: number,
  asOf: number,
  ageMs: number,
): ContractRefusal | undefined {
  const facts = { asOf, most: ageMs };
  if (Math.abs(asOf - sensorTime) > ageMs)
    return refused('E_EVIDENCE', { ...facts, reason: 'not of that time', sensorTime });
  if (asOf - finalTime > ageMs)
    return refused('E_EVIDENCE', { ...facts, reason: 'final long before', finalTime });
  return undefined;
}

/** Weighings and counts of one lot of goods, by at least two devices that are not all the owner's `[R153]`. */
export interface Measured {
  readonly weighings: readonly Observation[];
  readonly counts: readonly Observation[];
}

/** `[CTR-6]` Demands two independent functions: a weighing and a count by different devices, one at least not the owner's. */
export function measure(observed: Observed): Measured | ContractRefusal {
  const weighings = observed.observations.filter(({ quantity }) => quantity === 'weight');
  const counts = observed.observations.filter(({ quantity }) => quantity === 'count');
  const independent = weighings.some((weighing) =>
    counts.some(
      (count) => !equalBytes(weighing.device, count.device) && !(weighing.ownersOwn && count.ownersOwn),
    ),
  );
  if (independent) return { weighings, counts };
  return refused('E_EVIDENCE', {
    reason: 'a weighing and a count by two devices are needed, one of them not the owner’s',
    weighings: weighings.length,
    counts: counts.length,
  });
}

/** Every weighing within tolerance of `quantity` grams, every count exactly `packages`. */
export function checkAgreement(
  measured: Measured,
  quantity: number,
  packages: number,
  toleranceBp: number,
): ContractRefusal | undefined {
  for (const { value } of measured.weighings) {
    if (!isWithin(micrograms(value), BigInt(quantity) * 1_000_000n, toleranceBp)) {
      return refused('E_EVIDENCE', {
        reason: 'weight does not agree',
        measured: grams(value),
        stated: quantity,
        toleranceBp,
      });
    }
  }
  for (const { value } of measured.counts) {
    if (compareDecimals(value, { mantissa: packages, exponent: 0 }) !== 0) {
      return refused('E_EVIDENCE', {
        reason: 'count does not agree',
        measured: wholeCount(value),
        stated: packages,
      });
    }
  }
  return undefined;
}

/** Exact, since decimals have at most nine places; readings are in kilograms. */
export const micrograms = (weight: Decimal): bigint => scaledInteger(weight, 9);
export const grams = (weight: Decimal): number => Number(scaledInteger(weight, 3));
export const wholeCount = (count: Decimal): number => Number(scaledInteger(count, 0));

/** `[CTR-7]` Puts the marks of readings that register goods: none may have spoken for any goods before. */
export function consumeReadings(
  uses: readonly Uint8Array[],
  unit: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  for (const use of uses) {
    if (context.get(evidenceUse, use) !== undefined) {
      return refused('E_EVIDENCE', { reason: 'the reading was used before' }, use);
    }
    context.put(evidenceUse, use, { unit, ...versionOf(context) });
  }
  return undefined;
}

/** Puts the marks of readings that speak of registered goods: they may have spoken for these before, for no others. */
export function claimReadings(
  uses: readonly Uint8Array[],
  unit: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  for (const use of uses) {
    const earlier = context.get(evidenceUse, use);
    if (earlier === undefined) context.put(evidenceUse, use, { unit, ...versionOf(context) });
    else if (!equalBytes(earlier.unit, unit)) {
      return refused('E_EVIDENCE', { reason: 'the reading speaks of other goods' }, use);
    }
  }
  return undefined;
}
