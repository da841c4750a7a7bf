/** Whether every signature of a call is its key's, in the one order. */

import { compareBytes } from '../../consensus/codec/bytes.ts';
import { type SignedCall, verifyCallSignature } from '../../consensus/vertex/call.ts';
import { short } from './fact.ts';

/** What is wrong with them, as a sentence. */
export function badSignature(call: Pick<SignedCall, 'header' | 'signatures'>): string | undefined {
  for (const [index, signature] of call.signatures.entries()) {
    const before = call.signatures[index - 1];
    if (before !== undefined && compareBytes(before.key, signature.key) >= 0)
      return 'The signatures do not ascend by key.';
    if (!verifyCallSignature(signature, call.header))
      return `The signature of key ${short(signature.key)} does not verify.`;
  }
  return undefined;
}
