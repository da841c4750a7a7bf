/** Which snapshot to take, and its state `[SNP-1]` `[SNP-2]`. Nothing is believed that its own bytes do not prove. */

import { type Certificate, checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import { checkChange, committeeChange } from '../../consensus/checkpoint/change.ts';
import type { Committee } from '../../consensus/checkpoint/committee.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { objectPath, objectValueHash, type StoredObject } from '../../consensus/contracts/object.ts';
import { checkRange, firstPath, rangeAfter } from '../../consensus/merkle/map-range.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import type { Conversation } from './conversation.ts';

/** Offers are heard for so long. */
const OFFERS_WITHIN_MS = 2_000;
/** Peers that are asked for the same thing before it is given up. */
const TRIES = 12;

export interface Chosen {
  readonly header: Header;
  readonly certificate: Certificate;
  /** Encoded, by the epoch that each ended. */
  readonly changes: ReadonlyMap<number, Uint8Array>;
}

interface Offer {
  readonly header: Header;
  readonly certificate: Certificate;
}

/** The highest snapshot that is offered and proved; `undefined` when none is. */
export async function chooseSnapshot(
  conversation: Conversation,
  genesis: Genesis,
): Promise<Chosen | undefined> {
  const trail = new Trail(conversation, genesis);
  for (const offer of await collectOffers(conversation)) {
    const committee = await trail.committeeOf(offer.header.epoch);
    if (committee === undefined) continue;
    const checked = checkCertificate(offer.header, offer.certificate, committee, genesis.network);
    if (checked.ok) return { ...offer, changes: trail.changes };
  }
  return undefined;
}

/** What peers offer, highest first, each header once. */
async function collectOffers(conversation: Conversation): Promise<Offer[]> {
  const offers = new Map<string, Offer>();
  for (const message of await conversation.gather({ type: 'getSnapshot' }, OFFERS_WITHIN_MS))
    if (message.type === 'snapshot') offers.set(toHex(headerId(message.header)), message);
  return [...offers.values()].sort((a, b) => b.header.height - a.header.height);
}

/** The committees from the genesis on, as far as they were asked for. */
class Trail {
  readonly changes = new Map<number, Uint8Array>();
  readonly #conversation: Conversation;
  readonly #genesis: Genesis;
  #newest: Committee;

  constructor(conversation: Conversation, genesis: Genesis) {
    this.#conversation = conversation;
    this.#genesis = genesis;
    this.#newest = genesis.committee;
  }

  /** `undefined` where no peer leads there. */
  async committeeOf(epoch: number): Promise<Committee | undefined> {
    while (this.#newest.epoch < epoch) {
      const from = this.#newest.epoch;
      const led = await this.#conversation.ask(
        () => ({ type: 'getChanges', epoch: from }),
        (message) =>
          message.type === 'changes' && message.epoch === from && message.changes.length > 0
            ? this.#follow(message.changes, epoch)
            : undefined,
        { tries: TRIES },
      );
      if (led === undefined) return undefined;
    }
    return this.#newest.epoch === epoch ? this.#newest : undefined;
  }

  /** Up to `epoch` and no further: changes after the snapshot come with its heights. */
  #follow(
    changes: Extract<PeerMessage, { readonly type: 'changes' }>['changes'],
    epoch: number,
  ): Result<Committee> {
    for (const change of changes) {
      if (this.#newest.epoch === epoch) break;
      const next = checkChange(change, this.#newest, this.#genesis.network);
      if (!next.ok) return next;
      this.changes.set(this.#newest.epoch, committeeChange.encode(change));
      this.#newest = next.value;
    }
    return ok(this.#newest);
  }
}

/** All objects of the state under this header; `undefined` where nobody serves that snapshot any more. */
export async function fetchState(
  conversation: Conversation,
  { height, stateRoot }: Header,
  say: (objects: number) => void,
): Promise<StoredObject[] | undefined> {
  const objects: StoredObject[] = [];
  // Not every peer holds that snapshot: who does is asked again.
  let server: PeerKey | undefined;
  for (let from: Uint8Array | undefined = firstPath; from !== undefined; ) {
    const begin: Uint8Array = from;
    const part = await conversation.ask(
      () => ({ type: 'getState', height, from: begin }),
      (message, peer) => {
        if (message.type !== 'state' || message.height !== height || !equalBytes(message.from, begin))
          return undefined;
        server = peer;
        return checkPart(message, stateRoot);
      },
      { first: server, tries: TRIES },
    );
    if (part === undefined) return undefined;
    objects.push(...part.objects);
    say(objects.length);
    from = rangeAfter(begin, part.siblings.length);
  }
  return objects;
}

type Part = Extract<PeerMessage, { readonly type: 'state' }>;

function checkPart(part: Part, stateRoot: Uint8Array): Result<Part> {
  const leaves = part.objects.map(({ type, id, parts }) => ({
    path: objectPath(type, id),
    valueHash: objectValueHash(parts),
  }));
  return checkRange(stateRoot, part.from, leaves, part.siblings)
    ? ok(part)
    : refuse('E_PROOF', { reason: 'not that part of the certified state', height: part.height });
}
