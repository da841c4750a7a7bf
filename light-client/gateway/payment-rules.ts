/** The rules of the configuration, with the keys of the things that sign `[THG-14]`. */

import { fromHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { parseDecimal } from '../../consensus/vertex/decimal.ts';
import type { PaymentEntry } from '../../node/config/gateway-config.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import type { PaymentRule } from '../payments/rule.ts';
import { openKeyApart } from './apart.ts';

export interface ThingRule extends PaymentRule {
  readonly name: string;
  readonly mandate: Uint8Array;
  readonly means: Uint8Array;
  readonly payee: Uint8Array;
  readonly content: string;
  /** The thing's own key. */
  readonly signer: Signer;
}

const LEI = 'lei:';

/** Opens each key file once. Throws where one cannot be opened. */
export async function readPaymentRules(
  entries: readonly PaymentEntry[],
  passphrase: string,
  network: Uint8Array,
): Promise<ThingRule[]> {
  const signers = new Map<string, Signer>();
  for (const { keyFile } of entries) {
    if (signers.has(keyFile)) continue;
    const secret = await openKeyApart(keyFile, passphrase);
    signers.set(keyFile, nativeSigner(secret));
    secret.fill(0);
  }
  return entries.map((entry) => {
    const { rule: name, device, keyFile, quantity, over, price, mandate, means, payee, content } = entry;
    const least = parseDecimal(over);
    invariant(least !== undefined, `${over} was checked to be a decimal`);
    return {
      ...{ name, device, quantity, over: least, price, content },
      ...{ mandate: fromHex(mandate)!, means: fromHex(means)!, signer: signers.get(keyFile)! },
      payee: payee.startsWith(LEI) ? labelKey(network, 'lei', payee.slice(LEI.length)) : fromHex(payee)!,
    };
  });
}
