/**
 * A call signed with a key that has no node: a gateway's, or a new one that must prove itself. It is signed here, in the
 * command's own process; the node gets the signature and nothing else.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { signCall, signedCall } from '../../consensus/vertex/call.ts';
import { nativeSigner } from '../crypto/native.ts';
import { openKeyFile } from '../keys/key-file.ts';
import { CliError, exits } from './exit-codes.ts';
import { askPassphrase } from './key-passphrase.ts';

/** The call, in hexadecimal, with the signature of the key in `keyFile` beside those that it has. */
export async function signWithKeyFile(
  callHex: string,
  keyFile: string,
  passphraseFile: string | undefined,
): Promise<string> {
  const call = signedCall.decode(fromHex(callHex) ?? new Uint8Array());
  if (!call.ok) throw new CliError(exits.failed, `not a call: ${describeRefusal(call)}`);
  const seed = await openKeyFile(keyFile, await askPassphrase(keyFile, passphraseFile));
  const signer = nativeSigner(seed);
  const key = toHex(signer.publicKey);
  const others = call.value.signatures.filter((signature) => toHex(signature.key) !== key);
  const signed = toHex(
    signedCall.encode({ ...call.value, signatures: [...others, signCall(call.value, signer)] }),
  );
  seed.fill(0);
  return signed;
}
