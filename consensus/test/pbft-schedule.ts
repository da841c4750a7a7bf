/**
 * One height of PBFT under an adversary who holds the network, the clocks, the power switches and up to f seats: a
 * message may be lost, doubled, or come in any order; a seat may die between any two of its outputs and comes back
 * with what it had logged. A schedule is a function of its seed.
 */

import {
  type Certificate,
  checkCertificate,
  phaseDomain,
  type VotePhase,
  voteBytes,
} from '../checkpoint/certificate.ts';
import { Committee } from '../checkpoint/committee.ts';
import { type Header, headerId } from '../checkpoint/header.ts';
import { equalBytes, toHex } from '../codec/bytes.ts';
import type { Signer } from '../crypto/ed25519.ts';
import { SUITE, signDigest } from '../crypto/ed25519.ts';
import { zero32 } from '../crypto/hash.ts';
import { PbftHeight } from '../pbft/height.ts';
import {
  type NewViewProof,
  newViewHash,
  type PreparedProof,
  type VoteLogEntry,
  viewChangeBytes,
} from '../pbft/messages.ts';
import { checkNewView } from '../pbft/new-view.ts';
import type { PbftOutput, SeatMessage } from '../pbft/outputs.ts';
import { checkOffence, type Offence } from '../vertex/offence.ts';
import { hashOf } from './arbitraries.ts';
import { chanceOf } from './dice.ts';
import { cheapSigner } from './test-signer.ts';

export const HEIGHT = 7;
const VIEW_TIMEOUT_MS = 1_000;
export const network = hashOf(0x020000);

export interface ScheduleOptions {
  readonly seed: number;
  readonly seats: number;
  /** Seats that the adversary holds; f of them when left out. */
  readonly byzantine?: number;
  /** Steps of disorder before the network calms. */
  readonly steps?: number;
  /** The canary: restarted seats have forgotten their vote log. */
  readonly forgetful?: boolean;
}

interface Seat {
  readonly number: number;
  readonly log: VoteLogEntry[];
  pbft: PbftHeight;
  /** Proposals that wait for the node's verdict. */
  checks: { readonly id: Uint8Array }[];
  decided: { readonly id: Uint8Array; readonly certificate: Certificate } | undefined;
}

interface Letter {
  readonly to: number;
  readonly message: SeatMessage;
}

export function makeCommittee(seats: number): {
  readonly committee: Committee;
  readonly signers: readonly Signer[];
} {
  const signers = Array.from({ length: seats }, (_, i) => cheapSigner(i));
  const record = {
    epoch: 0,
    firstHeight: 0,
    lastHeight: Number.MAX_SAFE_INTEGER,
    seats: signers.map((signer) => signer.publicKey),
  };
  return { committee: new Committee(record), signers };
}

/** A header of the height; another `variant` is another value. */
export function headerOf(variant: number, committee: Committee): Header {
  return {
    ...{
      suite: SUITE,
      network,
      epoch: 0,
      height: HEIGHT,
      previous: hashOf(1),
      time: 1_000 + variant,
      anchor: hashOf(2),
    },
    ...{ outcomesRoot: hashOf(3), outcomesCount: 1, stateRoot: hashOf(4), historyRoot: hashOf(5) },
    ...{ committeeHash: committee.hash, nextCommitteeHash: committee.hash },
  };
}

export const rulesOf = (committee: Committee) => ({
  network,
  committee,
  viewTimeoutMs: VIEW_TIMEOUT_MS,
  viewTimeoutMaxMs: 16_000,
});

export class Schedule {
  readonly committee: Committee;
  readonly #signers: readonly Signer[];
  readonly #options: ScheduleOptions;
  readonly #chance: () => number;
  readonly #seats: Seat[];
  readonly #byzantine: Set<number>;
  #letters: Letter[] = [];
  #nowMs = 0;
  #variants = 0;
  #calmed = false;
  /** What the adversary has overheard. */
  readonly #headers: Header[] = [];
  readonly #viewChanges: (SeatMessage & { type: 'viewChange' })[] = [];
  readonly #prepared: PreparedProof[] = [];
  readonly #proposed: { readonly view: number; readonly header: Header; readonly newView: Uint8Array }[] = [];
  /** What honest seats accuse others of. */
  readonly accused: Offence[] = [];
  readonly counts = { restarts: 0, lost: 0, highestView: 0, forged: 0 };

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#chance = chanceOf(options.seed);
    const { committee, signers } = makeCommittee(options.seats);
    this.committee = committee;
    this.#signers = signers;
    this.#seats = signers.map((_, number) => ({
      number,
      log: [],
      pbft: this.#openSeat(number, []),
      checks: [],
      decided: undefined,
    }));
    this.#byzantine = new Set();
    while (this.#byzantine.size < (options.byzantine ?? committee.faults))
      this.#byzantine.add(this.#pick(options.seats));
  }

  /** Runs the whole schedule; says what went wrong, or `undefined`. */
  run(): string | undefined {
    for (let step = 0; step < (this.#options.steps ?? 400); step++) this.disorder();
    return this.#disagreement() ?? this.#calm() ?? this.#disagreement() ?? this.#slander();
  }

  get honest(): readonly Seat[] {
    return this.#seats.filter((seat) => !this.#byzantine.has(seat.number));
  }

  #openSeat(number: number, log: readonly VoteLogEntry[]): PbftHeight {
    return new PbftHeight(HEIGHT, rulesOf(this.committee), { number, signer: this.#signers[number]! }, log);
  }

  disorder(): void {
    const dice = this.#chance();
    const seat = this.honest[this.#pick(this.honest.length)]!;
    if (dice < 0.58) this.#deliverOne(this.#pick(this.#letters.length));
    else if (dice < 0.66) this.#work(seat);
    else if (dice < 0.76) this.#judge(seat);
    else if (dice < 0.82) this.#tick(seat);
    else if (dice < 0.85) this.#restart(seat);
    else if (dice < 0.89) this.#loseOne();
    else if (this.#byzantine.size > 0) this.#scheme();
  }

  /** No more faults: in time everybody who is honest decides. Byzantine seats are silent, which is their worst. */
  #calm(): string | undefined {
    this.#calmed = true;
    for (let round = 0; round < 400; round++) {
      for (const seat of this.honest) {
        this.#work(seat);
        while (seat.checks.length > 0) this.#judge(seat, true);
      }
      // A fixed number, so that letters which call forth letters cannot hold up the clock.
      for (let left = this.#letters.length; left > 0; left--) this.#deliverOne(0, true);
      if (this.honest.every((seat) => seat.decided !== undefined)) return undefined;
      if (this.#letters.length > 0) continue;
      const due = Math.min(
        ...this.honest.filter((seat) => seat.decided === undefined).map((seat) => seat.pbft.wakeAt),
      );
      if (due === Number.POSITIVE_INFINITY)
        return `nobody waits for anything, and nothing is decided; ${this.#describe()}`;
      this.#nowMs = Math.max(this.#nowMs + 1, due);
      for (const seat of this.honest) this.#perform(seat, seat.pbft.tick(this.#nowMs));
    }
    return `not decided after the network calmed; ${this.#describe()}`;
  }

  #disagreement(): string | undefined {
    const values = new Map<string, number>();
    for (const { decided, number } of this.honest) {
      if (decided === undefined) continue;
      values.set(toHex(decided.id), number);
      const header = this.#headers.find((known) => equalBytes(headerId(known), decided.id))!;
      const checked = checkCertificate(header, decided.certificate, this.committee, network);
      if (!checked.ok)
        return `seat ${number}: its certificate is refused: ${checked.code} ${JSON.stringify(checked.facts)}`;
    }
    return values.size > 1 ? `seats ${[...values.values()].join(' and ')} decided differently` : undefined;
  }

  /** An honest seat that is accused, or an accusation that does not hold by itself `[BFT-2]`. */
  #slander(): string | undefined {
    for (const offence of this.accused) {
      const checked = checkOffence(offence, network);
      if (!checked.ok) return `an accusation does not hold: ${checked.code}`;
      const seat = this.committee.seatOf.get(toHex(offence.key));
      if (seat === undefined || !this.#byzantine.has(seat)) return `seat ${seat} is accused, and is honest`;
    }
    return undefined;
  }

  #describe(): string {
    return this.honest
      .map(
        ({ number, pbft, decided }) =>
          `${number}: view ${pbft.view}${decided ? ' decided' : ` wakeAt ${pbft.wakeAt}`}`,
      )
      .join('; ');
  }

  /** What the node around the seat does: a leader proposes, a seat with work arms its timer. */
  #work(seat: Seat): void {
    if (seat.decided !== undefined) return;
    seat.pbft.arm(this.#nowMs);
    if (!seat.pbft.mayPropose) return;
    const header = this.#makeHeader();
    this.#perform(seat, seat.pbft.propose(header, new Uint8Array(0), undefined, this.#nowMs));
  }

  #makeHeader(): Header {
    const header = headerOf(this.#variants++, this.committee);
    this.#headers.push(header);
    return header;
  }

  /** A verdict that was waited for; now and then a bad one, as from a node whose clock differs. */
  #judge(seat: Seat, good = this.#chance() < 0.9): void {
    const check = seat.checks.shift();
    if (check !== undefined) this.#perform(seat, seat.pbft.checked(check.id, good, this.#nowMs));
  }

  #tick(seat: Seat): void {
    if (seat.decided !== undefined || seat.pbft.wakeAt === Number.POSITIVE_INFINITY) return;
    this.#nowMs = Math.max(this.#nowMs, seat.pbft.wakeAt);
    this.#perform(seat, seat.pbft.tick(this.#nowMs));
  }

  #restart(seat: Seat): void {
    this.counts.restarts += 1;
    if (this.#options.forgetful) seat.log.length = 0;
    seat.pbft = this.#openSeat(seat.number, seat.log);
    seat.checks = [];
  }

  #loseOne(): void {
    if (this.#letters.length === 0) return;
    this.#letters.splice(this.#pick(this.#letters.length), 1);
    this.counts.lost += 1;
  }

  #deliverOne(index: number, once = this.#chance() < 0.9): void {
    const letter = this.#letters[index];
    if (letter === undefined) return;
    if (once) this.#letters.splice(index, 1);
    const seat = this.#seats[letter.to]!;
    if (this.#byzantine.has(seat.number)) return;
    if (seat.decided !== undefined) return this.#answer(seat, letter.message);
    this.#perform(seat, seat.pbft.receive(letter.message, this.#nowMs));
  }

  /** A message for a height already certified is answered with its certificate `[BFT-7]`. */
  #answer(seat: Seat, { seat: sender }: SeatMessage): void {
    const other = this.#seats[sender]!;
    if (!this.#calmed && this.#chance() < 0.9) return;
    if (!this.#byzantine.has(sender)) other.decided ??= seat.decided;
  }

  /** Carries out outputs in order; a crash may come between any two. */
  #perform(seat: Seat, outputs: readonly PbftOutput[]): void {
    this.counts.highestView = Math.max(this.counts.highestView, seat.pbft.view);
    for (const output of outputs) {
      if (!this.#calmed && this.#chance() < 0.004) return this.#restart(seat);
      if (output.type === 'log') {
        seat.log.push(output.entry);
        if (output.entry.prepared !== undefined) this.#prepared.push(output.entry.prepared);
      } else if (output.type === 'send') this.#send(output.message, seat.number);
      else if (output.type === 'check') seat.checks.push({ id: headerId(output.header) });
      else if (output.type === 'offence') this.accused.push(output.offence);
      else if (output.type === 'decided') {
        this.#decide(seat, { id: output.headerId, certificate: output.certificate });
      }
    }
  }

  /** The worst moment: one seat knows, nobody else does, and now the power fails and the post is lost. */
  #decide(seat: Seat, decided: NonNullable<Seat['decided']>): void {
    seat.decided = decided;
    const others = this.honest.filter((other) => other.decided === undefined);
    if (this.#calmed || others.length < this.honest.length - 1 || this.#chance() < 0.5) return;
    this.#letters = [];
    for (const other of others) if (this.#chance() < 0.8) this.#restart(other);
  }

  #send(message: SeatMessage, from: number): void {
    if (message.type === 'viewChange') this.#viewChanges.push(message);
    if (message.type === 'proposal') this.#overhear(message);
    for (const { number } of this.#seats) if (number !== from) this.#letters.push({ to: number, message });
  }

  #overhear({ view, header, newView }: SeatMessage & { type: 'proposal' }): void {
    this.#proposed.push({ view, header, newView: newViewHash(newView) });
  }

  /** A Byzantine seat says something that its own key can sign, to some of the others. */
  #scheme(): void {
    const number = [...this.#byzantine][this.#pick(this.#byzantine.size)]!;
    this.counts.forged += 1;
    const dice = this.#chance();
    const highest = Math.max(
      ...this.honest.filter((seat) => seat.decided === undefined).map((seat) => seat.pbft.view),
      0,
    );
    const view = Math.max(0, highest - this.#pick(2));
    const proposed = this.#proposed[this.#proposed.length - 1 - this.#pick(3)];
    if (dice < 0.3) this.#whisper(this.#forgeProposal(number, view));
    else if (dice < 0.5 && view > 0) this.#whisper(this.#forgeViewChange(number, view));
    else if (proposed !== undefined) {
      // It votes for whatever was proposed, twice over, and so helps each of two values along.
      this.#whisper(this.#forgeVote(number, 'prepare', proposed));
      this.#whisper(this.#forgeVote(number, 'commit', proposed));
    }
  }

  #whisper(message: SeatMessage | undefined): void {
    if (message === undefined) return;
    if (message.type === 'proposal') this.#overhear(message);
    for (const { number: to } of this.honest)
      if (this.#chance() < 0.6) this.#letters.unshift({ to, message });
  }

  #forgeProposal(number: number, near: number): SeatMessage | undefined {
    let view = near;
    while (this.committee.leader(HEIGHT, view) !== number) view += 1;
    const newView = view === 0 ? undefined : this.#forgeNewView(number, view);
    if (view > 0 && newView === undefined) return undefined;
    const choice = newView && checkNewView(newView, HEIGHT, view, rulesOf(this.committee));
    const bound = choice?.ok ? choice.value?.header : undefined;
    // Half of the time it does not heed the value that the view is bound to.
    const header = bound !== undefined && this.#chance() < 0.5 ? bound : this.#anyHeader();
    const body = this.#voteBytes(view, headerId(header), newViewHash(newView));
    const signature = signDigest(this.#signers[number]!, 'proposal', network, body);
    return {
      type: 'proposal',
      view,
      header,
      previousCertificate: undefined,
      newView,
      anchor: new Uint8Array(0),
      seat: number,
      signature,
    };
  }

  /** q view-changes for the view, chosen as suits the adversary: its own may hide what it knows. */
  #forgeNewView(number: number, view: number): NewViewProof | undefined {
    const chosen = new Map<number, SeatMessage & { type: 'viewChange' }>();
    const offered = this.#viewChanges
      .filter((change) => change.view === view)
      .sort(() => this.#chance() - 0.5);
    for (const own of this.#byzantine) chosen.set(own, this.#signViewChange(own, view, undefined));
    for (const change of offered)
      if (chosen.size < this.committee.quorum && !chosen.has(change.seat)) chosen.set(change.seat, change);
    if (chosen.size < this.committee.quorum || !chosen.has(number)) return undefined;
    const viewChanges = [...chosen.values()]
      .sort((a, b) => a.seat - b.seat)
      .map(({ type: _, ...change }) => change);
    return { viewChanges };
  }

  #forgeViewChange(number: number, view: number): SeatMessage | undefined {
    const prepared = this.#chance() < 0.5 ? undefined : this.#prepared[this.#pick(this.#prepared.length)];
    return this.#signViewChange(number, view, prepared);
  }

  #signViewChange(
    seat: number,
    view: number,
    prepared: PreparedProof | undefined,
  ): SeatMessage & { type: 'viewChange' } {
    const subject = prepared && { view: prepared.view, headerId: headerId(prepared.header) };
    const body = viewChangeBytes({
      network,
      committeeHash: this.committee.hash,
      height: HEIGHT,
      view,
      prepared: subject,
    });
    const signature = signDigest(this.#signers[seat]!, 'view-change', network, body);
    return { type: 'viewChange', height: HEIGHT, view, prepared, seat, signature };
  }

  #forgeVote(
    seat: number,
    phase: VotePhase,
    proposed: { readonly view: number; readonly header: Header; readonly newView: Uint8Array },
  ): SeatMessage {
    const { view, header } = proposed;
    const newView = phase === 'commit' ? zero32 : proposed.newView;
    const id = headerId(header);
    const signature = signDigest(
      this.#signers[seat]!,
      phaseDomain[phase],
      network,
      this.#voteBytes(view, id, newView),
    );
    return { type: 'vote', phase, height: HEIGHT, view, headerId: id, newView, seat, signature };
  }

  /** One of the newest values, or now and then another. */
  #anyHeader(): Header {
    return this.#headers[this.#headers.length - 1 - this.#pick(4)] ?? this.#makeHeader();
  }

  #voteBytes(view: number, id: Uint8Array, newView: Uint8Array): Uint8Array {
    return voteBytes({
      network,
      committeeHash: this.committee.hash,
      height: HEIGHT,
      view,
      headerId: id,
      newView,
    });
  }

  #pick(below: number): number {
    return Math.floor(this.#chance() * below);
  }
}
