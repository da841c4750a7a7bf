/** What a replica starts from: node/restore.ts reads it from the store, tests make it up. */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import type { AncestorFacts } from '../../consensus/dag/open-dag.ts';
import type { VoteLogEntry } from '../../consensus/pbft/messages.ts';
import type { DecisionProof } from '../../consensus/pbft/offence.ts';
import type { ChainEnd } from './author.ts';
import type { LedgerStart } from './ledger.ts';
import type { SilenceStart } from './silence.ts';

export interface ReplicaStart {
  readonly genesis: Genesis;
  readonly signer: Signer;
  readonly ledger: LedgerStart;
  /** The last confirmed vertex of this node's own chain, if there is one. */
  readonly ownEnd: ChainEnd | undefined;
  /** Vertices settled by the last K checkpoints, lowest height first. */
  readonly settled: readonly {
    readonly height: number;
    readonly vertices: readonly { readonly key: string; readonly facts: AncestorFacts }[];
  }[];
  /** Encoded open vertices in the order of their arrival. */
  readonly openVertices: readonly Uint8Array[];
  readonly voteLog: readonly VoteLogEntry[];
  readonly silence: SilenceStart;
  /** Encoded pending calls, in the order in which they came. */
  readonly pendingCalls: readonly Uint8Array[];
  /** What is known of messages that are kept, encoded. */
  readonly messages: readonly Uint8Array[];
  /** Why the newest height was decided, if that is known. */
  readonly decision: DecisionProof | undefined;
  /** Times of the last heights of blocks of `DECISION_BLOCK`, by their numbers. */
  readonly decisionMarks: ReadonlyMap<number, number>;
  /** The store has every checkpoint; not after joining by a snapshot. */
  readonly isWhole: boolean;
  /** Seed of tip selection: policy, so that it need not be agreed on. */
  readonly seed: number;
  /** 32 bits that nobody else can foresee, nor find out from what this node says, as they can the seed. */
  readonly salt: number;
}
