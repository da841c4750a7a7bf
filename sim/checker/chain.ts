/**
 * `agreement` and `validity`: the one chain of certified headers, as the first honest node to know each told it; whether
 * another follows it, and whether what a node calls final is of it.
 */

import { type Certificate, checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { type Outcome, outcomesRoot } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { broken, diverged, type Finding, first } from './finding.ts';

export interface Certified {
  readonly header: Header;
  readonly certificate: Certificate;
  readonly outcomes: readonly Outcome[];
}

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

  /** One header id for each height: a node has this one; `how` it came by it. */
  checkSame(name: string, how: 'has' | 'is back with' | 'stores', height: number, id: Uint8Array) {
    if (this.holds(height, id) !== false) return undefined;
    return diverged('agreement', `${name} ${how} another header at height ${height}`);
  }

  /** A node that stood at height `stood` calls this final. */
  checkNext(name: string, stood: number, checkpoint: Certified): Finding | undefined {
    const { height } = checkpoint.header;
    if (height !== stood + 1) return broken('validity', `${name} went from height ${stood} to ${height}`);
    return first(
      () => this.checkSame(name, 'has', height, headerId(checkpoint.header)),
      () => this.checkValid(name, checkpoint),
    );
  }

  /** It follows the header before, is certified, and has the outcomes under its root. */
  checkValid(name: string, { header, certificate, outcomes }: Certified): Finding | undefined {
    const defect = this.#defect(header, certificate, outcomes);
    return defect === undefined
      ? undefined
      : broken('validity', `${name} at height ${header.height}: ${defect}`);
  }

  #defect(header: Header, certificate: Certificate, outcomes: readonly Outcome[]): string | undefined {
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
