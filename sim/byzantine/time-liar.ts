/**
 * Liar about time: its witnesses and readings are of years ago or years ahead, and as leader it moves the network's
 * clock as far as it can, and further. Stopped by: of the seats' times that order a vertex the (f+1)-th counts, so that
 * one honest seat was not later `[ORD-2]`; a proposal's time must grow and be near every voter's clock `[CKP-3]`; an
 * author's time decides nothing `[VTX-3]`.
 */

import { limits } from '../../consensus/codec/limits.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import {
  anyHash,
  type Draft,
  every,
  gossip,
  isFree,
  ownSeat,
  type Proposal,
  retime,
  tipsOf,
  writeSecretly,
} from './pen.ts';
import { type Shown, Swap } from './swap.ts';

const INTERVAL_MS = 300;
const YEAR_MS = 365 * 86_400_000;
/** How often it moves the network's clock no further than it may: else the next leader takes over. */
const WITHIN = 0.5;

class TimeLiar implements Actor {
  readonly acts = { past: 0, future: 0, 'proposals within bounds': 0, 'proposals out of bounds': 0 };
  readonly #stage: Stage;
  #started = false;
  readonly #swap: Swap;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#swap = new Swap(stage);
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, (replica) => this.#witness(replica));
  }

  onSend(_peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    if (message.type === 'proposal') return [this.#swap.propose(message, () => this.#move(message))];
    return [message.type === 'vote' ? this.#swap.vote(message) : message];
  }

  /** Witnesses must grow in time, but not what is between them: so the past is open to a seat at any moment. */
  #witness(replica: Replica): void {
    const open = [...replica.dag.nodes()].some((node) => node.vertex.kind !== 'witness');
    if (!open) return;
    const past = this.#stage.chance() < 0.7;
    const time = past ? Math.floor(this.#stage.chance() * 1_000) : this.#stage.nowMs() + YEAR_MS;
    const drafts: Draft[] = [{ kind: 'readings', time, payloadHash: anyHash(this.#stage) }];
    if (ownSeat(this.#stage) !== undefined)
      drafts.push({ kind: 'witness', time: time + 1, parents: tipsOf(replica, limits.witnessParentsMax) });
    const written = writeSecretly(this.#stage, drafts);
    gossip(this.#stage, written);
    if (written.length > 0) this.acts[past ? 'past' : 'future'] += 1;
  }

  #move(proposal: Proposal): Shown | undefined {
    const { replica } = this.#stage;
    if (replica === undefined || !isFree(proposal)) return undefined;
    const { clockAheadMs, clockBehindMs } = this.#stage.genesis.record.pace;
    const least = replica.ledger.header.time + 1;
    const now = this.#stage.nowMs();
    const within = [now + clockAheadMs, Math.max(least, now - clockBehindMs / 2), least];
    const beyond = [now + YEAR_MS, now + 2 * clockAheadMs, least - 2, 0];
    const keeps = this.#stage.chance() < WITHIN;
    const choices = keeps ? within : beyond;
    const header = retime(
      replica,
      proposal.header,
      choices[Math.floor(this.#stage.chance() * choices.length)]!,
    );
    if (header === undefined) return undefined;
    this.acts[keeps ? 'proposals within bounds' : 'proposals out of bounds'] += 1;
    return { header };
  }
}

export const timeLiar: ActorKind = {
  name: 'time-liar',
  summary: 'lies about time in vertices, witnesses and proposals',
  needs: 'seat',
  create: (stage) => new TimeLiar(stage),
};
