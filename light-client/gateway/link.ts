/** A connection to one full node, as the gateway sees it: questions with answers, and headers unasked. */

import type { LightRequest, LightResponse } from '../protocol/messages.ts';
import type { CertifiedHeader } from '../proof/anchor.ts';

/** A full node to follow. */
export interface LedgerNode {
  /** Public key in hexadecimal. */
  readonly key: string;
  readonly address: string;
  /** The party that runs it, as the genesis knows it; nodes of one party count as one opinion. */
  readonly organisation: string;
}

export interface LedgerLink {
  /** Rejects when the link falls before the answer comes, or no answer comes in time. */
  ask(request: LightRequest): Promise<LightResponse>;
  readonly bytes: { readonly sent: number; readonly received: number };
  close(): Promise<void>;
}

export interface LinkEvents {
  onHead(certified: CertifiedHeader): void;
  /** The link fell, for whatever reason; called once. */
  onClose(reason: string): void;
}

/** Connects once; rejects when the node cannot be reached or does not let us in. */
export type OpenLink = (node: LedgerNode, events: LinkEvents) => Promise<LedgerLink>;
