/** What a party has prepaid of fees, and what it owes of them `[RWD-5]`; id = accountId(money, party). One of the two is 0. */

import { hash32, int } from '../../codec/schema.ts';
import { objectType } from '../object.ts';

export const feeAccount = objectType('fee-account', {
  // Execution writes it as well as calls: no call to name. All of it is public, as vertices and tariff are.
  v0: { party: hash32, money: hash32, prepaid: int(0), owed: int(0) },
});
