/** Messages for tests that need no sealing: random bytes as ciphertext, and the calls about them. */

import { asciiBytes } from '../../consensus/codec/bytes.ts';
import type { Transition } from '../../consensus/contracts/transition.ts';
import {
  receiveMessage,
  sendMessage,
  stateMessageKey,
} from '../../consensus/contracts/transitions/messages.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { exchangeKey } from '../../consensus/test/message-steps.ts';
import { callId, composeCall, type SignedCall, signCall } from '../../consensus/vertex/call.ts';
import {
  ciphertextBytes,
  ciphertextHash,
  openingOf,
  openingProof,
} from '../../consensus/vertex/sealed-message.ts';

const DAY_MS = 86_400_000;

export interface DraftedMessage {
  readonly call: SignedCall;
  readonly id: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly opening: Uint8Array;
}

interface Setting {
  readonly network: Uint8Array;
  readonly signer: Signer;
  readonly nowMs: number;
}

function callOf<A>(
  declared: Transition<A>,
  args: A,
  { network, signer, nowMs }: Setting,
  name: string,
): SignedCall {
  const salt = hash('salt', asciiBytes(`${declared.name} ${name}`), signer.publicKey);
  const unsigned = composeCall({
    ...{ network, transition: declared.name, values: declared.args.encodeParts(args) },
    ...{ salts: [salt, salt], nonce: salt.slice(0, 16), deadline: nowMs + 3_600_000 },
  });
  return { ...unsigned, signatures: [signCall(unsigned, signer)] };
}

/** States the key that `draftMessage` seals to. */
export function keyCall(setting: Setting, party: Uint8Array, name: string): SignedCall {
  return callOf(stateMessageKey, { party, key: exchangeKey(name) }, setting, name);
}

/** Of least size; another `name` makes another message. */
export function draftMessage(
  setting: Setting,
  sender: Uint8Array,
  recipient: Uint8Array,
  { name = 'one', key, lifeMs = DAY_MS }: { name?: string; key: string; lifeMs?: number },
): DraftedMessage {
  const filled = hash('salt', asciiBytes(name));
  const ciphertext = Uint8Array.from({ length: ciphertextBytes(0) }, (_, i) => filled[i % 32]! ^ (i >> 5));
  const opening = openingOf(filled);
  const args = {
    ...{ sender, recipient, key: exchangeKey(key), size: 0, ciphertext: ciphertextHash(ciphertext) },
    ...{ content: filled, proof: openingProof(opening), until: setting.nowMs + lifeMs },
  };
  const call = callOf(sendMessage, args, setting, name);
  return { call, id: callId(call.header), ciphertext, opening };
}

export function receiptCall(setting: Setting, { id, opening }: DraftedMessage): SignedCall {
  return callOf(receiveMessage, { message: id, opening }, setting, String(id));
}
