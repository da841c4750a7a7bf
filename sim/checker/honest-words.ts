/**
 * `one vote`. Listens to what honest seats really send `[BFT-1]`: an honest seat never contradicts itself, whatever happened to its
 * process and its disk. The check does not wait until somebody can make use of a second vote.
 */

import { headerId } from '../../consensus/checkpoint/header.ts';
import { newViewHash } from '../../consensus/pbft/messages.ts';
import { proposalSaying, viewChangeSaying, voteSaying } from '../../consensus/pbft/offence.ts';
import { contradiction } from '../../consensus/vertex/offence.ts';
import type { Saying } from '../../consensus/vertex/sayings.ts';
import { type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import type { Certifiable } from './certifiable.ts';
import { broken, type Finding } from './finding.ts';

interface Said {
  readonly seat: number;
  readonly height: number;
  readonly saying: Saying;
}

/** Heights of one seat that are remembered. */
const HEIGHTS_MAX = 64;

export class HonestWords {
  readonly #certifiable: Certifiable;
  /** By seat and height. */
  readonly #said = new Map<number, Map<number, Saying[]>>();
  /** What is sent to all is one frame. */
  #last: Uint8Array | undefined;

  constructor(certifiable: Certifiable) {
    this.#certifiable = certifiable;
  }

  /** An honest seat sends this frame: it contradicts nothing that it sent before, nor helps a second header on. */
  hear(name: string, seat: number, frame: Uint8Array): Finding | undefined {
    if (frame === this.#last) return undefined;
    this.#last = frame;
    const decoded = peerMessage.decode(frame);
    if (!decoded.ok) return undefined;
    const message = decoded.value;
    const said = sayingOf(message);
    // An echo carries what another said.
    if (said === undefined || said.seat !== seat) return undefined;
    const before = this.#of(seat, said.height);
    const other = before.find((earlier) => contradiction(earlier, said.saying) !== undefined);
    before.push(said.saying);
    if (other !== undefined) {
      const both = `a ${tell(said.saying)} after ${tell(other)}, at height ${said.height}`;
      return broken('one vote', `${name} sends ${both}`);
    }
    return message.type === 'vote' && message.phase === 'commit'
      ? this.#certifiable.commit(seat, message.height, message.headerId)
      : undefined;
  }

  #of(seat: number, height: number): Saying[] {
    const heights = this.#said.get(seat) ?? new Map<number, Saying[]>();
    this.#said.set(seat, heights);
    const known = heights.get(height) ?? [];
    heights.set(height, known);
    if (heights.size > HEIGHTS_MAX) heights.delete(Math.min(...heights.keys()));
    return known;
  }
}

/** No honest node falls silent over a vote that its log does not know, unless it was put back from a backup. */
export function checkSilence(name: string, restored: boolean, why: string): Finding | undefined {
  return restored ? undefined : broken('one vote', `${name} does not know what it signed: ${why}`);
}

function sayingOf(message: PeerMessage): Said | undefined {
  switch (message.type) {
    case 'vote':
      return { seat: message.seat, height: message.height, saying: voteSaying(message) };
    case 'viewChange':
      return { seat: message.seat, height: message.height, saying: viewChangeSaying(message) };
    case 'proposal': {
      const { seat, header, view, newView, signature } = message;
      const saying = proposalSaying(view, headerId(header), newViewHash(newView), signature);
      return { seat, height: header.height, saying };
    }
    default:
      return undefined;
  }
}

function tell(said: Saying): string {
  if (said.type === 'viewChange') return `view-change to ${said.view}`;
  return `${said.phase} in view ${said.view}`;
}
