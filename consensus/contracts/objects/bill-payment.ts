/** Money paid on a bill, by the drawee at presentation or by a signer in recourse (rows 38, 39), id = the call. */

import { choice, hash32, int } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const billPayment = objectType('bill-payment', {
  v0: { kind: choice('payment', 'recourse'), bill: hash32, ...version },
  v1: { payer: hash32, payee: hash32, money: hash32, amount: int(1) },
});
