/**
 * What a frame says to a trigger, and what the goods ought to show: the inputs of `evaluateTrigger`, made the same way in a
 * contract, in a replay, and at the gateway that warns before anything is final. R012, R153.
 */

import type { Frame } from '../../vertex/frame.ts';
import { type QuantityName, quantities, type SensorFunction } from '../../vertex/quantities.ts';
import { evidenceUseId } from '../objects/evidence-use.ts';
import type { Expected, SourceReading } from './evaluate.ts';

/** Who speaks: a device, the gateway that carried its word, and whose they are. */
export interface Source {
  /** Id of the device. */
  readonly device: Uint8Array;
  readonly gateway: Uint8Array;
  readonly owner: Uint8Array;
  /** Of the goods' owner, or of a party that it controls. */
  readonly ownersOwn: boolean;
  readonly functions: readonly SensorFunction[];
}

/** A device speaks only within the functions it is enrolled for; packages are counted by counters and by cameras. */
export function isDeclared(quantity: QuantityName, functions: readonly SensorFunction[]): boolean {
  return (
    functions.includes(quantities[quantity].function) ||
    (quantity === 'count' && functions.includes('camera'))
  );
}

/** The readings of a frame that count, in its order. */
export function sourceReadings(shown: Frame, source: Source): SourceReading[] {
  const { device, gateway, owner, ownersOwn, functions } = source;
  const { session, counter, time } = shown;
  const use = evidenceUseId({ device, session, counter });
  return shown.readings
    .filter(({ quantity }) => isDeclared(quantity, functions))
    .map(({ quantity, value }) => ({
      ...{ quantity, value, device, owner, ownersOwn, use, gateway, session, counter, time },
    }));
}

/** What goods ought to show; `orderOpen`: is there a live release order for them? */
export function expectedOf(
  goods: {
    readonly quantity: number;
    readonly temperature: Expected['temperature'];
    readonly transit: { readonly fence: Expected['fence'] } | undefined;
  },
  orderOpen: boolean,
): Expected {
  const { quantity, temperature, transit } = goods;
  return { quantity, temperature, fence: transit?.fence, orderOpen };
}
