/** What surrounds the machine of one height: the rules that it is given, what seats say to it, and what it wants done. */

import type { Certificate } from '../checkpoint/certificate.ts';
import type { Committee } from '../checkpoint/committee.ts';
import type { Header } from '../checkpoint/header.ts';
import type { Code } from '../codec/codes.ts';
import type { Facts } from '../codec/result.ts';
import type { Offence } from '../vertex/offence.ts';
import type { ProposalMessage, ViewChangeMessage, VoteLogEntry, VoteMessage } from './messages.ts';
import type { DecisionProof } from './offence.ts';

export interface PbftRules {
  readonly network: Uint8Array;
  readonly committee: Committee;
  readonly viewTimeoutMs: number;
  readonly viewTimeoutMaxMs: number;
  /** What view 0 is given where heights have taken long of late; `viewTimeoutMs` when it is left out. */
  readonly patienceMs?: number;
  /** Whether this node has no connection to a seat: less patience is spent on a leader who is gone. */
  readonly isAbsent?: (seat: number) => boolean;
}

export type SeatMessage =
  | ({ readonly type: 'proposal' } & ProposalMessage)
  | ({ readonly type: 'vote' } & VoteMessage)
  | ({ readonly type: 'viewChange' } & ViewChangeMessage);

export type PbftOutput =
  /** Must be durable before anything that follows it. */
  | { readonly type: 'log'; readonly entry: VoteLogEntry }
  /** To all other seats. */
  | { readonly type: 'send'; readonly message: SeatMessage }
  /** Check this proposal against own DAG and state, then call `checked`. A prepared value's time is not judged again. */
  | {
      readonly type: 'check';
      readonly header: Header;
      readonly anchor: Uint8Array;
      readonly seat: number;
      readonly prepared: boolean;
      readonly view: number;
    }
  | {
      readonly type: 'decided';
      readonly headerId: Uint8Array;
      readonly certificate: Certificate;
      readonly proof: DecisionProof;
    }
  /** A seat signed what no honest one signs `[BFT-2]`. */
  | { readonly type: 'offence'; readonly offence: Offence }
  /** Somebody shows a vote of this seat that its log does not know: another life of it lost the log `[BFT-1]`. */
  | { readonly type: 'forgotten'; readonly view: number; readonly phase: string }
  | { readonly type: 'refused'; readonly code: Code; readonly facts: Facts };
