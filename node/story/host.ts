/** Where a story is told: what the interpreter asks of the demo's real processes and of the simulator alike. */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { Fields } from './plan.ts';

/** The story did not go as the file says. */
export class StoryError extends Error {
  override readonly name = 'StoryError';
}

export interface Act {
  readonly transition: string;
  readonly args: Fields;
  /** Members of the cast that sign; the first of them submits where it can. */
  readonly parties: readonly string[];
  /** Further keys that sign: those of devices and of the gateway. */
  readonly keys: readonly Signer[];
}

/** How a call ended. Ids in hexadecimal. */
export interface Performed {
  readonly callId: string;
  readonly vertex: string;
  readonly code: Code;
  /** What stood in the way; zeros when nothing did. */
  readonly conflict: string;
  readonly height: number;
  /** From submission to certified checkpoint, as the submitter saw it. */
  readonly ms: number;
}

/** A frame that is final, with its encoded proof in hexadecimal, as calls carry it. */
export interface ShownFrame {
  readonly frame: Frame;
  readonly proof: string;
}

export interface StoryHost {
  readonly genesis: Genesis;
  readonly gateway: Signer;
  leiOf(member: string): string;
  /** What a clock shows beside the network, ms: for judging how old a proof is. */
  clockMs(): number;
  /** Time of the newest certified header, ms, as somebody has it who knows that of `height`. Never goes back. */
  now(height: number): Promise<number>;
  /** Resolves when a certified header of that time or a later one is known. */
  reach(timeMs: number): Promise<void>;
  /** Carries a call through to its outcome, whatever that is. Throws when its arguments do not fit. */
  perform(act: Act): Promise<Performed>;
  /** Has the gateway take frames to the ledger; resolves when all are final, in the given order. */
  feed(frames: readonly Frame[]): Promise<readonly ShownFrame[]>;
  /** The object as `by` may see it, at `height` or later; `undefined` when there is none. */
  read(type: string, id: string, by: string, height: number): Promise<Fields | undefined>;
  /** Proof bundle of a call that is final, got by one of `by`; `undefined` where none of them can. */
  prove(step: string, vertex: string, by: readonly string[]): Promise<Uint8Array | undefined>;
}
