/** The cast of a story in the simulator: keys and LEIs by the seed. Nobody of them runs a node. */

import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { makeLei } from '../../node/story/lei.ts';
import type { StoryPlan } from '../../node/story/plan.ts';
import { drawSigner, type Party } from '../cast.ts';

/** Numbers of signers and LEIs beyond those of any node, and not those of the load's desk. */
const FIRST_NUMBER = 8_000;
const GATEWAY_NUMBER = 8_999;

export class StoryCast {
  /** As they stand in the genesis. */
  readonly parties: readonly Party[];
  readonly gateway: Signer;
  readonly #members: ReadonlyMap<string, { readonly signer: Signer; readonly lei: string }>;

  constructor({ cast }: StoryPlan, seed: number) {
    this.gateway = drawSigner(seed, GATEWAY_NUMBER);
    this.#members = new Map(
      cast.map(({ name }, i) => [
        name,
        { signer: drawSigner(seed, FIRST_NUMBER + i), lei: makeLei(FIRST_NUMBER + i) },
      ]),
    );
    this.parties = cast.map(({ name, title, roles }) => ({
      lei: this.leiOf(name),
      name: title,
      address: `${title}, main office`,
      roles: [...roles],
      keys: [this.signerOf(name).publicKey],
    }));
  }

  leiOf(member: string): string {
    return this.#member(member).lei;
  }

  signerOf(member: string): Signer {
    return this.#member(member).signer;
  }

  #member(name: string): { readonly signer: Signer; readonly lei: string } {
    const member = this.#members.get(name);
    if (member === undefined) throw new RangeError(`"cast" expected ${name} in it`);
    return member;
  }
}
