/** Steps of messages between banks: keys, a commitment over a body that nobody seals here, the receipt. In a `World`. */

import { asciiBytes, uint32Bytes } from '../codec/bytes.ts';
import { receiveMessage, sendMessage, stateMessageKey } from '../contracts/transitions/messages.ts';
import { hash } from '../crypto/hash.ts';
import { ciphertextHash, contentHash, openingOf, openingProof } from '../vertex/sealed-message.ts';
import { DAY_MS } from './contract-story.ts';
import { type ArgsOf, idOf, type Outcome, type PartyName, type World } from './contract-world.ts';

type Holder = { readonly world: World };

/** The same for the same name; a canonical encoding, and of small order only by a chance of 2^-250. */
export function exchangeKey(name: string): Uint8Array {
  const key = hash('label', asciiBytes(name));
  key[31]! &= 0x7f;
  return key;
}

export const saltOf = (number = 0): Uint8Array => hash('message-salt', uint32Bytes(number));

export function stateKey(
  { world }: Holder,
  party: PartyName = 'bankB',
  key: Uint8Array = exchangeKey(party),
  by: readonly string[] = [party],
): Outcome {
  return world.run(stateMessageKey, { party: idOf(party), key }, by);
}

/** From bank A to bank B, to the first key that B states here. */
export function send(
  { world }: Holder,
  changes: Partial<ArgsOf<typeof sendMessage>> = {},
  by: readonly string[] = ['bankA'],
): Outcome {
  const args = {
    ...{ sender: idOf('bankA'), recipient: idOf('bankB'), key: exchangeKey('bankB'), size: 0 },
    ciphertext: ciphertextHash(asciiBytes('sealed')),
    content: contentHash(saltOf(), asciiBytes('the goods have arrived')),
    proof: openingProof(openingOf(saltOf())),
    until: world.time + 7 * DAY_MS,
  };
  return world.run(sendMessage, { ...args, ...changes }, by);
}

export function receive(
  { world }: Holder,
  message: Uint8Array,
  opening: Uint8Array = openingOf(saltOf()),
  by: readonly string[] = ['bankB'],
): Outcome {
  return world.run(receiveMessage, { message, opening }, by);
}
