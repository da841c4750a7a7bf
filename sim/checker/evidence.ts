/** `evidence`: what a node shows is for strangers; it must convict by its bytes alone, and nobody who is honest `[BFT-2]`. */

import { toHex } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { checkOffence, type Offence } from '../../consensus/vertex/offence.ts';
import { broken, type Finding } from './finding.ts';

export class Evidence {
  readonly #network: Uint8Array;
  /** Keys (hex) of those who are honest. */
  readonly #honest: ReadonlySet<string>;
  readonly #guilty = new Set<string>();

  constructor(network: Uint8Array, honest: ReadonlySet<string>) {
    this.#network = network;
    this.#honest = honest;
  }

  /** Keys (hex) that evidence convicts, ascending. */
  get guilty(): readonly string[] {
    return [...this.#guilty].sort();
  }

  take(name: string, offence: Offence): Finding | undefined {
    const key = toHex(offence.key);
    const checked = checkOffence(offence, this.#network);
    if (!checked.ok)
      return broken('evidence', `${name} shows what proves nothing: ${describeRefusal(checked)}`);
    this.#guilty.add(key);
    return this.#honest.has(key)
      ? broken('evidence', `${name} convicts an honest seat, ${key.slice(0, 8)}`)
      : undefined;
  }
}
