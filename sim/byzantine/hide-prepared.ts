/**
 * Hides what it prepared: as leader gathers a certificate that only it holds, keeps it, and then asks for the next view
 * as if it had prepared nothing; elsewhere drops the proof from its view-changes, and asks for views while it commits.
 * Stopped by: q view-changes hold one of an honest seat that prepared the value, and its proof binds the new view
 * `[BFT-4]`; one seat alone moves nobody to another view `[BFT-5]`.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { honestSeats, isFree, signViewChange } from './pen.ts';

const EARLY = 0.05;
const HIDE = 0.5;

class HidePrepared implements Actor {
  readonly acts = { 'hidden certificates': 0, 'stripped view-changes': 0, 'early view-changes': 0 };
  readonly #stage: Stage;
  /** Height whose certificate nobody else shall have, while that is so. */
  #hiding = 0;
  /** The last height that it led and decided on whether to hide. */
  #led = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onSend(peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    switch (message.type) {
      case 'proposal':
        if (isFree(message)) this.#lead(message.header.height);
        return this.#hides(message.header.height) && this.#isLeftOut(peer) ? [] : [message];
      case 'vote':
        if (message.phase === 'prepare') return [message];
        if (this.#hides(message.height)) return [];
        return this.#stage.chance() < EARLY
          ? [message, this.#forget(message.height, message.view + 1, 'early view-changes')]
          : [message];
      case 'certified':
      case 'checkpoint':
        return this.#hides(message.header.height) ? [] : [message];
      case 'viewChange':
        if (message.prepared === undefined) return [message];
        return [this.#forget(message.height, message.view, 'stripped view-changes')];
      default:
        return [message];
    }
  }

  /** Others certified the height as well: there is nothing to hide any more. */
  onReceive(_peer: PeerKey, message: PeerMessage): boolean {
    if (message.type === 'certified' && message.header.height >= this.#hiding) this.#hiding = 0;
    return true;
  }

  /** Once it leads: whether it hides this height; and if so, when it will pretend to have prepared nothing. */
  #lead(height: number): void {
    if (this.#led === height) return;
    this.#led = height;
    if (this.#stage.chance() >= HIDE) return;
    this.#hiding = height;
    const { viewTimeoutMs } = this.#stage.genesis.record.pace;
    this.#stage.after(viewTimeoutMs, () => this.#pretend(height));
  }

  #pretend(height: number): void {
    // Only if the others' votes have made the certificate here.
    if ((this.#stage.replica?.ledger.height ?? 0) < height) return;
    this.acts['hidden certificates'] += 1;
    for (const seat of honestSeats(this.#stage))
      this.#stage.send(seat, signViewChange(this.#stage, { height, view: 1, prepared: undefined }));
  }

  #hides(height: number): boolean {
    return this.#hiding !== 0 && height >= this.#hiding;
  }

  /** As many honest seats as a quorum can do without see no proposal. */
  #isLeftOut(peer: PeerKey): boolean {
    const { size, quorum, record } = this.#stage.genesis.committee;
    const last = honestSeats(this.#stage).slice(quorum - size);
    return record.seats.some((seat) => toHex(seat) === peer) && last.includes(peer);
  }

  #forget(height: number, view: number, act: 'stripped view-changes' | 'early view-changes'): PeerMessage {
    this.acts[act] += 1;
    return signViewChange(this.#stage, { height, view, prepared: undefined });
  }
}

export const hidePrepared: ActorKind = {
  name: 'hide-prepared',
  summary: 'asks for new views as if it had prepared nothing, and keeps certificates to itself',
  needs: 'seat',
  create: (stage) => new HidePrepared(stage),
};
