/** Whether a mandate allows a payment at this position: all six limits, and the device as it is now (row 42). */

import { equalBytes } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import { type mandate, minutesPerDay } from '../objects/mandate.ts';
import { wallet } from '../objects/wallet.ts';
import { device } from '../registry.ts';
import { type Context, type ContractRefusal, refused } from '../transition.ts';
import { includesId } from './lists.ts';

type Mandate = ValueOf<typeof mandate>;

export interface Purchase {
  readonly payee: Uint8Array;
  readonly content: string;
  readonly amount: number;
}

export const windowOf = ({ windowMs }: Pick<Mandate, 'windowMs'>, running: number): number =>
  Math.floor(running / windowMs);

/** What is used of the present window. */
export function usedOf(given: Mandate, running: number): Pick<Mandate, 'window' | 'spent' | 'count'> {
  const window = windowOf(given, running);
  const { spent, count } = given;
  return window === given.window ? { window, spent, count } : { window, spent: 0, count: 0 };
}

/** E_DEVICE_STATE unless the device is active and still its owner's: a change of owner ends every mandate. */
export function checkDevice(given: Mandate, context: Context): ContractRefusal | undefined {
  const enrolled = context.get(device, given.device);
  if (enrolled?.state !== 'ACTIVE')
    return refused(
      'E_DEVICE_STATE',
      { reason: 'not active', state: enrolled?.state ?? 'none' },
      given.device,
    );
  const account = context.get(wallet, given.device);
  const same =
    equalBytes(enrolled.owner, given.owner) &&
    account?.state === 'OPEN' &&
    equalBytes(account.owner, given.owner);
  return same
    ? undefined
    : refused('E_DEVICE_STATE', { reason: 'the device has another owner' }, given.device);
}

/** E_MANDATE, with the first of the six limits that does not hold. */
export function checkLimits(
  id: Uint8Array,
  given: Mandate,
  { payee, content, amount }: Purchase,
  context: Context,
): ContractRefusal | undefined {
  const outside = (limit: string, facts: { [fact: string]: number | string } = {}) =>
    refused('E_MANDATE', { limit, ...facts }, id);
  const { running, time } = context;
  if (!includesId(given.payees, payee)) return outside('payees');
  if (!given.contents.includes(content)) return outside('content', { content });
  if (given.until < running) return outside('time', { until: given.until, running });
  const minute = Math.floor(time / 60_000) % minutesPerDay;
  if (minute < given.dayFrom || minute >= given.dayUntil) return outside('time of day', { minute });
  if (amount > given.perPayment) return outside('amount', { amount, most: given.perPayment });
  const { spent, count } = usedOf(given, running);
  if (spent + amount > given.perWindow)
    return outside('amount in the window', { spent, amount, most: given.perWindow });
  if (count >= given.countPerWindow) return outside('frequency', { count, most: given.countPerWindow });
  if (amount <= given.secondAbove) return undefined;
  return given.secondKey !== undefined && context.signedByKey(given.secondKey)
    ? undefined
    : outside('means', { reason: 'the second key did not sign', above: given.secondAbove });
}
