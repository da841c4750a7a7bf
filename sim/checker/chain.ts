/** The one chain of certified headers, as the first honest node to know each told it, and whether another follows it. */

import { type Certificate, checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { type Outcome, outcomesRoot } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';

export class CertifiedChain {
  readonly #genesis: Genesis;
  readonly #headers: { readonly id: Uint8Array; readonly header: Header }[];

  constructor(genesis: Genesis) {
    this.#genesis = genesis;
    this.#headers = [{ id: genesis.headerId, header: genesis.header }];
  }

  /** The greatest height that anybody called final. */
  get height(): number {
    return this.#headers.length - 1;
  }

  /** Whether `id` is that of the header at this height; `undefined` where none is known. */
  holds(height: number, id: Uint8Array): boolean | undefined {
    const known = this.#headers[height];
    return known && equalBytes(known.id, id);
  }

  /** The header is to be `defect`-free and the first of its height. */
  push(header: Header): void {
    this.#headers[header.height] = { id: headerId(header), header };
  }

  /** Why a checkpoint cannot follow the one before it, or be what it says. */
  defect(header: Header, certificate: Certificate, outcomes: readonly Outcome[]): string | undefined {
    const before = this.#headers[header.height - 1];
    if (before === undefined || !equalBytes(before.id, header.previous))
      return 'does not follow the header before';
    if (header.time <= before.header.time) return 'its time does not grow';
    const { committee, network } = this.#genesis;
    const certified = checkCertificate(header, certificate, committee, network);
    if (!certified.ok) return describeRefusal(certified);
    if (outcomes.length !== header.outcomesCount || !equalBytes(outcomesRoot(outcomes), header.outcomesRoot))
      return 'its outcomes are not those under its root';
    return undefined;
  }
}
