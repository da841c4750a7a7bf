/**
 * Sealing and opening messages between banks `[MSG-3]` `[MSG-5]`: what a sender commits to, and whether what has come is what
 * its sender committed to. docs/spec/messages.md.
 */

import { equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { ValueOf } from '../../consensus/contracts/object.ts';
import { message } from '../../consensus/contracts/objects/message.ts';
import { callRecord, labelKey } from '../../consensus/contracts/registry.ts';
import { type Signer, signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { signedCall } from '../../consensus/vertex/call.ts';
import {
  contentHash,
  decodeBody,
  encodeBody,
  type MessageBody,
  type MessageContext,
  messageContext,
  openingOf,
  openingProof,
  sizeClassOf,
} from '../../consensus/vertex/sealed-message.ts';
import { openSealed, sealTo } from '../crypto/hpke.ts';
import type { MessageKeys } from '../keys/message-keys.ts';
import type { Store } from '../ports.ts';
import type { Replica } from '../replica/replica.ts';
import type { Prover } from './proofs.ts';

export type Message = ValueOf<typeof message>;

export interface SealPorts {
  readonly replica: Replica;
  readonly store: Store;
  readonly signer: Signer;
  readonly prover: Prover;
  readonly keys: MessageKeys;
}

export interface Draft {
  readonly sender: Uint8Array;
  readonly recipient: Uint8Array;
  /** The recipient's message key. */
  readonly key: Uint8Array;
  /** Of the sender. */
  readonly lei: string;
  readonly text: Uint8Array;
  /** Of the call that will send it. */
  readonly nonce: Uint8Array;
}

export class MessageSeals {
  readonly #ports: SealPorts;

  constructor(ports: SealPorts) {
    this.#ports = ports;
  }

  async seal({ sender, recipient, key, lei, text, nonce }: Draft): Promise<{
    readonly committed: Omit<MessageContext, 'network'>;
    readonly ciphertext: Uint8Array;
  }> {
    const salt = this.#saltOf(nonce);
    const committed = {
      ...{ sender, recipient, key, size: sizeClassOf(text.length) },
      ...{ content: contentHash(salt, text), proof: openingProof(openingOf(salt)) },
    };
    const context = messageContext.encode({ network: this.#network, ...committed });
    return { committed, ciphertext: await sealTo(key, context, encodeBody({ salt, lei, text })) };
  }

  /** The body of a message that is here, if it is what its sender committed to. */
  async open(id: string): Promise<Result<MessageBody>> {
    const { replica, store, keys } = this.#ports;
    const sent = replica.ledger.state.get(message, fromHex(id)!);
    const ciphertext = replica.mailbox.find(id)?.box === 'in' ? await store.message(id) : undefined;
    if (sent === undefined || ciphertext === undefined)
      return refuse('E_UNKNOWN', { message: id, reason: 'its bytes are not here' });
    const secret = keys.secretOf(toHex(sent.key));
    if (secret === undefined)
      return refuse('E_UNKNOWN', {
        ...{ message: id, key: toHex(sent.key), reason: 'this node does not hold the key' },
      });
    const { sender, recipient, key, size, content, proof } = sent;
    const context = { network: this.#network, sender, recipient, key, size, content, proof };
    const body = await openSealed(secret, messageContext.encode(context), ciphertext);
    const opened = body && decodeBody(body, size);
    const defect =
      opened === undefined ? 'it does not open under its commitment' : this.#defectOf(opened, sent);
    return defect === undefined ? ok(opened!) : refuse('E_OPENING', { message: id, reason: defect });
  }

  /** The salt of a message that this node has sent, if it has. */
  async saltOfSent(id: string): Promise<Uint8Array | undefined> {
    const { replica, prover } = this.#ports;
    const record = replica.ledger.state.get(callRecord, fromHex(id)!);
    const vertex = record && (await prover.storedVertex(toHex(record.vertex)));
    const call = vertex && signedCall.decode(vertex.payload);
    return call?.ok ? this.#saltOf(call.value.header.nonce) : undefined;
  }

  #defectOf({ salt, lei, text }: MessageBody, { content, proof, sender }: Message): string | undefined {
    if (!equalBytes(contentHash(salt, text), content)) return 'it says something else than it commits to';
    if (!equalBytes(openingProof(openingOf(salt)), proof)) return 'its opening is not the one it commits to';
    return equalBytes(labelKey(this.#network, 'lei', lei), sender) ? undefined : 'it names another sender';
  }

  /** The same for the same call: a deterministic signature under a domain of its own, which nobody else can make. */
  #saltOf(nonce: Uint8Array): Uint8Array {
    return hash('message-salt', signDigest(this.#ports.signer, 'message-salt', this.#network, nonce));
  }

  get #network(): Uint8Array {
    return this.#ports.replica.ledger.genesis.network;
  }
}
