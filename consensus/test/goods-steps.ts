/** Steps of the goods' rows (1, 3–7, prices) on a story: what a test leaves out is plain. */

import { unit } from '../contracts/objects/unit.ts';
import { zoneId } from '../contracts/objects/zone.ts';
import { handOver } from '../contracts/transitions/hand-over.ts';
import { mergeReceipts } from '../contracts/transitions/merge-receipts.ts';
import { moveIn } from '../contracts/transitions/move-in.ts';
import { moveOut } from '../contracts/transitions/move-out.ts';
import { reportLoss } from '../contracts/transitions/report-loss.ts';
import { cancelReceipt, splitReceipt } from '../contracts/transitions/split-receipt.ts';
import { statePrice } from '../contracts/transitions/state-price.ts';
import { transferReceipt, transferTitle } from '../contracts/transitions/transfer.ts';
import { measureZone, stateZone } from '../contracts/transitions/zones.ts';
import { hash } from '../crypto/hash.ts';
import {
  type Changes,
  GLN,
  nowhere,
  PACKAGES,
  QUANTITY,
  type Story,
  withoutGrams,
} from './contract-story.ts';
import { idOf, network, type Outcome, type PartyName, withCheckDigit } from './contract-world.ts';

export const zoneA1 = zoneId(network, GLN, 'A1');
export const OTHER_GLN = withCheckDigit('950600013436');
export const REPORT = hash('label', new Uint8Array([7]));

/** Readings of two scales and a camera. */
export function countTwice({ world }: Story, weightKg: string, packages: number): Uint8Array[] {
  return [
    ...world.count(weightKg, packages),
    world.reading({ device: 'second-scale', values: { weight: weightKg } }),
  ];
}

export function price(
  story: Story,
  changes: Changes<typeof statePrice> = {},
  by: readonly string[] = [story.bank],
): Outcome {
  const args = {
    unit: story.unit,
    statedBy: idOf(story.bank),
    currency: 'EUR',
    price: 2_500_000,
    pricedQuantity: 1_000_000,
    haircutBp: 1_000,
    asOf: story.world.time,
    source: 'LME',
    ...changes,
  };
  return story.world.run(statePrice, args, by);
}

export function openZone(
  story: Story,
  changes: Changes<typeof stateZone> = {},
  by: readonly string[] = ['warehouse', 'monitor'],
): Outcome {
  const args = {
    gln: GLN,
    zone: 'A1',
    custodian: idOf('warehouse'),
    monitor: idOf('monitor'),
    capacity: 5_000_000,
    ...changes,
  };
  return story.world.run(stateZone, args, by);
}

export function measureStock(
  story: Story,
  weightKg = '1000',
  changes: Changes<typeof measureZone> = {},
): Outcome {
  const evidence = changes.evidence ?? [
    story.world.reading({ device: 'scale', values: { weight: weightKg } }),
  ];
  return story.world.run(measureZone, { zone: zoneA1, monitor: idOf('monitor'), ...changes, evidence }, [
    'monitor',
  ]);
}

export function passTitle(
  story: Story,
  to: PartyName = 'zenith',
  by: readonly string[] = [story.enterprise, to],
): Outcome {
  return story.world.run(transferTitle, { unit: story.unit, to: idOf(to) }, by);
}

export function passReceipt(
  story: Story,
  to: PartyName = 'zenith',
  by: readonly string[] = [story.enterprise, to],
): Outcome {
  return story.world.run(transferReceipt, { receipt: story.receipt ?? nowhere, to: idOf(to) }, by);
}

export function split(
  story: Story,
  grams: readonly number[] = [600_000, 400_000],
  by: readonly string[] = [story.enterprise, 'warehouse'],
  packages: readonly number[] = [24, 16],
): Outcome {
  const parts = grams.map((quantity, index) => ({ quantity, packages: packages[index] ?? 1 }));
  return story.world.run(splitReceipt, { receipt: story.receipt ?? nowhere, parts }, by);
}

/** The parts of a split receipt, or others, made one again. */
export function merge(
  story: Story,
  receipts: readonly Uint8Array[],
  by: readonly string[] = [story.enterprise, 'warehouse'],
): Outcome {
  return story.world.run(mergeReceipts, { receipts }, by);
}

export function cancel(story: Story, by: readonly string[] = [story.enterprise, 'warehouse']): Outcome {
  return story.world.run(cancelReceipt, { receipt: story.receipt ?? nowhere }, by);
}

export function bringIn(
  story: Story,
  changes: Changes<typeof moveIn> = {},
  by: readonly string[] = ['warehouse', 'monitor', story.enterprise],
): Outcome {
  const quantity = changes.quantity ?? 500_000;
  const packages = changes.packages ?? 20;
  const evidence = changes.evidence ?? story.world.count(withoutGrams(quantity), packages);
  const args = { unit: story.unit, order: 'PO-2026/18', ...changes, quantity, packages, evidence };
  return story.world.run(moveIn, args, by);
}

export function takeOut(
  story: Story,
  changes: Changes<typeof moveOut> = {},
  by: readonly string[] = ['warehouse', 'monitor'],
): Outcome {
  const quantity = changes.quantity ?? QUANTITY;
  const packages = changes.packages ?? PACKAGES;
  const evidence = changes.evidence ?? story.world.count(withoutGrams(quantity), packages);
  const args = {
    unit: story.unit,
    receipt: undefined,
    release: undefined,
    reference: 'DO-1',
    ...changes,
    quantity,
    packages,
    evidence,
  };
  return story.world.run(moveOut, args, by);
}

/** To the carrier under seal; with `route: ''` into the store of `to`. */
export function handTo(
  story: Story,
  changes: Changes<typeof handOver> = {},
  by: readonly string[] = ['warehouse', 'carrier', 'monitor'],
): Outcome {
  const goods = story.world.get(unit, story.unit);
  const weight = withoutGrams(goods?.quantity ?? QUANTITY);
  const evidence = changes.evidence ?? countTwice(story, weight, goods?.packages ?? PACKAGES);
  const args = {
    unit: story.unit,
    to: idOf('carrier'),
    gln: OTHER_GLN,
    zone: 'B1',
    seal: 'SEAL-1',
    route: 'A to B by road',
    fence: { latitude: 52_500_000, longitude: 13_400_000, radiusM: 50_000 },
    ...changes,
    evidence,
  };
  return story.world.run(handOver, args, by);
}

/** From the carrier into its own store, or another's, seal unbroken. */
export function arrive(story: Story, changes: Changes<typeof handOver> = {}): Outcome {
  return handTo(story, { to: idOf('warehouse'), gln: GLN, zone: 'A1', route: '', ...changes }, [
    'warehouse',
    'carrier',
    'monitor',
  ]);
}

export function lose(
  story: Story,
  changes: Changes<typeof reportLoss> = {},
  by: readonly string[] = ['warehouse', 'appraiser'],
): Outcome {
  const args = {
    unit: story.unit,
    reportedBy: idOf('warehouse'),
    surveyor: idOf('appraiser'),
    quantity: 100_000,
    packages: 4,
    cause: 'fire in hall 3',
    report: REPORT,
    ...changes,
  };
  return story.world.run(reportLoss, args, by);
}
