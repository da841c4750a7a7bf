/**
 * What a dishonest stakeholder is in the simulator: a real node, and an actor between it and everybody else. The actor
 * holds the node's key, sees all that the node would say and hears, and decides what really leaves. docs/spec/simulator.md.
 *
 * One file an actor beside this one; `byzantine/index.ts` lists them under the names of the command line.
 */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import type { SignedCall } from '../../consensus/vertex/call.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Event, Reply } from '../../node/replica/events.ts';
import type { Replica } from '../../node/replica/replica.ts';

/** What an actor may use: everything that its stakeholder has. Nothing of it reaches into honest nodes. */
export interface Stage {
  readonly genesis: Genesis;
  /** Signs whatever the actor likes. */
  readonly signer: Signer;
  /** The node behind the actor; it follows the rules. Absent while it is down. */
  readonly replica: Replica | undefined;
  /** Everybody who is connected, in one fixed order. */
  readonly peers: readonly PeerKey[];
  /** Other Byzantine stakeholders of the run: they may act in concert. */
  readonly accomplices: readonly PeerKey[];
  nowMs(): number;
  /** A number from 0 (included) to 1, by the seed. */
  chance(): number;
  /** Sends past the actor itself. */
  send(peer: PeerKey, message: PeerMessage): void;
  sendBytes(peer: PeerKey, frame: Uint8Array): void;
  /** Gossips encoded vertices past the actor itself. */
  gossip(envelopes: readonly Uint8Array[]): void;
  gossipBytes(data: Uint8Array): void;
  /** Hands the own node an event, as its stakeholder would. */
  tell(event: Event): Reply;
  after(delayMs: number, call: () => void): void;
  /**
   * Two calls, signed by all who must, of which at most one can take effect: a unit pledged twice. Absent, or nothing
   * given: the actor makes rivals that its own key can sign alone.
   */
  rivalCalls?(): readonly [SignedCall, SignedCall] | undefined;
}

/** How often an actor did each of the things that it is there for; zero where it has not yet. */
export type Acts = Readonly<Record<string, number>>;

export interface Actor {
  /** For the run's result: an actor that did nothing proves nothing. */
  readonly acts: Acts;
  /** Called once when the run begins, and again whenever its node comes up. */
  onStart?(): void;
  /** The node wants to send this; the actor's answer is what goes out instead. Left out: the node is not hindered. */
  onSend?(peer: PeerKey, message: PeerMessage): readonly PeerMessage[];
  /** The node wants to gossip these encoded vertices; the answer is gossiped instead, by ordinary gossip. */
  onGossip?(envelopes: readonly Uint8Array[]): readonly Uint8Array[];
  /** A frame for the node has come; false keeps it from the node. */
  onReceive?(peer: PeerKey, message: PeerMessage): boolean;
  /** Vertices have come by gossip; false keeps them from the node. */
  onHear?(peer: PeerKey, envelopes: readonly Uint8Array[]): boolean;
}

export interface ActorKind {
  /** As on the command line: `--byzantine equivocate:1`. */
  readonly name: string;
  /** One line for `--help` and the report. */
  readonly summary: string;
  /** Whether it wants a seat, or is an author without one. */
  readonly needs: 'seat' | 'any';
  create(stage: Stage): Actor;
}
