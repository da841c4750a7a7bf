/** The call by which a thing pays for an event that it reported: composed, and signed with the thing's own key `[THG-14]`. */

import { payByThing } from '../../consensus/contracts/transitions/pay-by-thing.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { callNonceBytes, composeCall, type SignedCall, signCall } from '../../consensus/vertex/call.ts';

export interface PaymentOrder {
  readonly mandate: Uint8Array;
  /** Virtual account of the thing. */
  readonly means: Uint8Array;
  readonly payee: Uint8Array;
  readonly content: string;
  readonly amount: number;
  /** Proof of the reading. */
  readonly event: Uint8Array;
}

export interface CallTerms {
  readonly network: Uint8Array;
  /** Checkpoint time after which the call has no effect, ms. */
  readonly deadline: number;
  readonly randomBytes: (length: number) => Uint8Array;
}

export function signPayment(
  { mandate, means, payee, content, amount, event }: PaymentOrder,
  signer: Signer,
  { network, deadline, randomBytes }: CallTerms,
): SignedCall {
  const call = composeCall({
    ...{ network, transition: payByThing.name, nonce: randomBytes(callNonceBytes), deadline },
    values: payByThing.args.encodeParts({
      ...{ mandate, means, payee, payeeThing: undefined, content, amount, event },
    }),
    salts: [randomBytes(32), randomBytes(32)],
  });
  return { ...call, signatures: [signCall(call, signer)] };
}
