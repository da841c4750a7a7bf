/**
 * What seats say to each other, and the headers that anybody shows: whose word counts at which height, what waits, and what
 * certifies a checkpoint that was built here already. docs/spec/pbft.md.
 */

import { type Certificate, checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import type { Facts } from '../../consensus/codec/result.ts';
import type { DecisionProof } from '../../consensus/pbft/offence.ts';
import type { SeatMessage } from '../../consensus/pbft/outputs.ts';
import type { Certified } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import type { Accuser } from './accuser.ts';
import type { CatchUp } from './catch-up.ts';
import type { Effect } from './events.ts';
import type { Greetings } from './greetings.ts';
import type { Intake } from './intake.ts';
import type { Ledger } from './ledger.ts';
import type { BuiltCheckpoint } from './proposal.ts';
import type { Seat } from './seat.ts';
import { SeatMail } from './seat-mail.ts';
import type { Silence } from './silence.ts';

export interface SeatTalkPorts {
  readonly ledger: Ledger;
  readonly seat: Seat;
  readonly silence: Silence;
  readonly accuser: Accuser;
  readonly catchUp: CatchUp;
  readonly greetings: Greetings;
  readonly intake: Intake;
  effect(wanted: Effect): void;
  refuse(code: Code, facts: Facts, peer: PeerKey): void;
  /** Why the newest height was decided, if this node saw that. */
  decision(): DecisionProof | undefined;
  advance(built: BuiltCheckpoint, certificate: Certificate, nowMs: number): void;
  /** Says on the ledger who was seen to cheat. */
  tellOffences(nowMs: number): void;
}

export class SeatTalk {
  readonly #ports: SeatTalkPorts;
  readonly #mail = new SeatMail();

  constructor(ports: SeatTalkPorts) {
    this.#ports = ports;
  }

  /** The next height is open: what came for it is heard. */
  advanced(nowMs: number): void {
    for (const { peer, message } of this.#mail.take(this.#ports.ledger.height + 1))
      this.onMessage(peer, message, nowMs);
  }

  onMessage(peer: PeerKey, message: SeatMessage, nowMs: number): void {
    const { ledger, greetings, seat, catchUp, refuse } = this.#ports;
    const height = message.type === 'proposal' ? message.header.height : message.height;
    // Certified already: the answer brings its sender up to date `[BFT-7]`.
    if (height <= ledger.height) return greetings.show(peer);
    const { seatOf } = ledger.committee;
    if (height > ledger.height + 1) {
      // Past the end of an epoch anybody may turn out to have a seat.
      if (ledger.endsNext || seatOf.get(peer) === message.seat)
        this.#mail.keep(peer, message, height, ledger.height);
      return;
    }
    // Each seat speaks for itself: nobody else takes up its room, or makes this node check signatures. But a seat may
    // tell this one what it once said.
    const echo = message.seat === seat.number && message.type !== 'proposal' && seatOf.has(peer);
    if (seatOf.get(peer) !== message.seat && !echo)
      return refuse('E_VOTE', { reason: 'another’s seat', seat: message.seat }, peer);
    // Decided elsewhere: it is caught up with, not voted on.
    if (height > catchUp.target) this.#onVoting(peer, message, height, nowMs);
  }

  /** A seat's message about the height that is being decided. */
  #onVoting(peer: PeerKey, message: SeatMessage, height: number, nowMs: number): void {
    const { ledger, seat, intake } = this.#ports;
    if (message.type !== 'proposal') return seat.receive(message, nowMs, peer);
    const leads = message.seat === ledger.committee.leader(height, message.view);
    if (leads && message.anchor.length > 0) intake.take(message.anchor, { peer, as: 'needed' }, nowMs);
    seat.receive(message, nowMs, peer);
    const anchor = seat.awaitedAnchor;
    if (anchor !== undefined) intake.seeker.fetch([anchor], peer, nowMs);
  }

  /** A peer shows its newest header. */
  onCertified(peer: PeerKey, { header, certificate: [certificate], speaks }: Certified, nowMs: number): void {
    const { ledger, silence, accuser, catchUp, seat, effect, refuse, advance, decision } = this.#ports;
    const id = headerId(header);
    if (speaks) silence.hear(peer);
    const level = header.height === ledger.height && equalBytes(id, ledger.headerId);
    // A height below the own one proves nothing and need not: the greatest counts. Nor is its certificate checked,
    // which may be of an epoch that is over.
    const isOld = level || header.height < ledger.height;
    if (speaks && isOld) silence.note(peer, header.height);
    if (isOld || certificate === undefined || accuser.isOutlived(header, certificate, nowMs)) return;
    const noted = catchUp.note(peer, header, certificate);
    if (!noted.ok) return refuse(noted.code, noted.facts, peer);
    // Of a later epoch: claimed, not shown.
    if (header.epoch > ledger.committee.epoch) return;
    if (speaks) silence.note(peer, header.height);
    if (header.height === ledger.height) {
      // More than f seats are Byzantine, and nobody may go on.
      accuser.accuseFork(decision(), { header, certificate, proof: undefined }, nowMs);
      this.#ports.tellOffences(nowMs);
      const facts = { height: header.height, own: toHex(ledger.headerId), other: toHex(id) };
      return effect({ type: 'halt', reason: 'two certified headers at one height', facts });
    }
    const built = seat.built(toHex(id));
    if (built === undefined) return;
    // Not every certificate of a header was checked, but the one that is kept must be good.
    const checked = checkCertificate(header, certificate, ledger.committee, ledger.genesis.network);
    if (checked.ok) advance(built, certificate, nowMs);
    else refuse(checked.code, checked.facts, peer);
  }
}
