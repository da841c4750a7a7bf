/**
 * Who may be shown which frame of readings (semantics §3, V3) `[RDG-6]`: the owner of its device; owner and monitor of the goods
 * that it spoke for; and a bank or appraiser under a live grant of kind `readings`, over those goods or over goods of the
 * device's own owner. One rule for this node's API and for the peers that ask it for batches.
 */

import { equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { pausedMs } from '../../consensus/contracts/clock.ts';
import { readObject, type StoredObject, type ValueOf } from '../../consensus/contracts/object.ts';
import { evidenceUse, evidenceUseId } from '../../consensus/contracts/objects/evidence-use.ts';
import { grant } from '../../consensus/contracts/objects/grant.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { device, key, labelKey } from '../../consensus/contracts/registry.ts';
import { includesId } from '../../consensus/contracts/rules/lists.ts';
import type { Change } from '../../consensus/contracts/state.ts';
import type { Batch } from '../../consensus/vertex/batch.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { PeerKey } from '../ports.ts';
import type { Ledger } from './ledger.ts';

type Grant = ValueOf<typeof grant>;
type Goods = ValueOf<typeof unit>;

const GATEWAYS_MAX = 4_096;

export class Disclosure {
  readonly #ledger: Ledger;
  /** Grants of readings that were neither revoked nor lapsed, by id, hex. */
  readonly #grants = new Map<string, Grant>();
  readonly #own: PeerKey;
  /** What `concernsOwn` found since the newest checkpoint, by the gateway's key: it is asked for each vertex. */
  readonly #concerned = new Map<string, boolean>();

  /** `own`: this node's public key. */
  constructor(ledger: Ledger, own: Uint8Array) {
    this.#ledger = ledger;
    this.#own = toHex(own);
    for (const stored of ledger.state.objects()) this.#note(stored);
  }

  /** To be told of what each checkpoint wrote. */
  advanced(changes: readonly Change[]): void {
    for (const { object } of changes) if (object !== undefined) this.#note(object);
    this.#concerned.clear();
  }

  /** The party whose ACTIVE key this is. */
  partyOf(peer: PeerKey): Uint8Array | undefined {
    const enrolled = this.#ledger.state.get(key, fromHex(peer)!);
    return enrolled?.state === 'ACTIVE' ? enrolled.party : undefined;
  }

  /** Whose gateway it is: that party may see all that it carries. */
  isOwnGateway(gateway: Uint8Array, party: Uint8Array): boolean {
    const vouching = this.#ledger.state.get(key, gateway)?.party;
    return vouching !== undefined && equalBytes(vouching, party);
  }

  /** Which frames of a batch that this gateway carried a party may be shown; what all of them share is looked up once. */
  sight(gateway: Uint8Array, party: Uint8Array): (frame: Frame) => boolean {
    if (this.isOwnGateway(gateway, party)) return () => true;
    const { state, genesis } = this.#ledger;
    const isTheirs = (id: Uint8Array | undefined): boolean => id !== undefined && equalBytes(id, party);
    const grants = this.#liveGrants(party);
    const devices = new Map<string, { readonly id: Uint8Array; readonly owner: Uint8Array | undefined }>();
    const deviceOf = (name: string) => {
      let found = devices.get(name);
      if (found === undefined) {
        const id = labelKey(genesis.network, 'device', name);
        found = { id, owner: state.get(device, id)?.owner };
        devices.set(name, found);
      }
      return found;
    };
    return ({ device: name, session, counter }) => {
      const { id, owner } = deviceOf(name);
      if (isTheirs(owner)) return true;
      const spokeFor = state.get(evidenceUse, evidenceUseId({ device: id, session, counter }))?.unit;
      const goods = spokeFor && state.get(unit, spokeFor);
      if (isTheirs(goods?.owner) || isTheirs(goods?.monitor)) return true;
      return grants.some(({ scope, enterprise }) => {
        if (owner !== undefined && equalBytes(owner, enterprise)) return true;
        return (
          goods !== undefined && [spokeFor!, ...goods.receipts].some((named) => includesId(scope, named))
        );
      });
    };
  }

  /** A batch is one salted whole: it is passed on only to a party that may be shown every frame of it. */
  mayPass({ frames }: Batch, gateway: Uint8Array, party: Uint8Array): boolean {
    return frames.every(this.sight(gateway, party));
  }

  /** May batches of this gateway hold something that a grant lets this node's party see? */
  concernsOwn({ author, authorKey }: Pick<Vertex, 'author' | 'authorKey'>): boolean {
    const known = this.#concerned.get(authorKey);
    if (known !== undefined) return known;
    const party = this.partyOf(this.#own);
    const found = party !== undefined && this.#concerns(author, party);
    if (this.#concerned.size >= GATEWAYS_MAX) this.#concerned.clear();
    this.#concerned.set(authorKey, found);
    return found;
  }

  /** Its party owns or monitors what is granted. */
  #concerns(gateway: Uint8Array, party: Uint8Array): boolean {
    const { state } = this.#ledger;
    const carrier = state.get(key, gateway);
    if (carrier === undefined) return false;
    return this.#liveGrants(party).some(
      ({ enterprise, scope }) =>
        equalBytes(carrier.party, enterprise) ||
        scope.some((id) => {
          const goods: Pick<Goods, 'monitor'> | undefined = state.get(unit, id) ?? state.get(receipt, id);
          return goods !== undefined && equalBytes(goods.monitor, carrier.party);
        }),
    );
  }

  #liveGrants(party: Uint8Array): Grant[] {
    if (this.#grants.size === 0) return [];
    const { state, header } = this.#ledger;
    const running = header.time - pausedMs(state);
    return [...this.#grants.values()].filter(
      ({ bank, appraiser, expires }) =>
        expires >= running &&
        [bank, appraiser].some((named) => named !== undefined && equalBytes(named, party)),
    );
  }

  #note(stored: StoredObject): void {
    if (stored.type !== grant.name) return;
    const given = readObject(grant, stored);
    const isLive = given.state === 'ACTIVE' && given.kinds.includes('readings');
    if (isLive) this.#grants.set(toHex(stored.id), given);
    else this.#grants.delete(toHex(stored.id));
  }
}
