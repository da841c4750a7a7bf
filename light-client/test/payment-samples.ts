/** A rule by which `frameOf`'s probe pays, for tests without a mandate: what a contract says of it is not their subject. */

import { asciiBytes } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import type { ThingRule } from '../gateway/payment-rules.ts';

const named = (name: string): Uint8Array => hash('label', asciiBytes(name));

export const thing = nativeSigner(named('a thing'));

/** Frames of `frameOf` state 4 + counter / 10 degrees: of the first fifty those from the fifth on are events. */
export const warmRule: ThingRule = {
  ...{ name: 'warm', device: 'probe:1', quantity: 'temperature', over: { mantissa: 44, exponent: -1 } },
  ...{ price: { type: 'each', amount: 2_300 }, content: 'toll', signer: thing },
  ...{ mandate: named('mandate'), means: named('means'), payee: named('payee') },
};
