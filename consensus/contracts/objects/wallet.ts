/** The virtual account of a thing (row 40), id = the device's: what it pays with is its owner's, at one bank. */

import { choice, hash32, int } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const wallet = objectType('wallet', {
  v0: { state: choice('OPEN', 'CLOSED'), ...version },
  v1: {
    owner: hash32,
    /** Height from which the owner's ownership is shown. */
    ownedSince: int(0),
    bank: hash32,
    /** The primary account that it is bound to: the owner's, of this money. */
    money: hash32,
  },
});
