/** Steps of the policy pack: three of four seats state one, and who knows whom. In a `World` each call has a height. */

import { packId, policyHead } from '../contracts/objects/policy-pack.ts';
import { revokeKyc, stateKyc, statePolicy } from '../contracts/transitions/policy.ts';
import { zero32 } from '../crypto/hash.ts';
import { DAY_MS } from './contract-story.ts';
import { type ArgsOf, idOf, type Outcome, type PartyName, seats, type World } from './contract-world.ts';

type Holder = { readonly world: World };
type Terms = ArgsOf<typeof statePolicy>;

/** The next pack, which applies from the call after this one on. */
export function state(
  { world }: Holder,
  terms: Partial<Terms> = {},
  by: readonly string[] = seats.slice(0, 3),
): Outcome {
  const number = (world.get(policyHead, zero32)?.newest ?? 0) + 1;
  const args = { number, from: world.height + 2, kycRequired: false, caps: [], blocked: [], ...terms };
  return world.run(statePolicy, args, by);
}

export const firstPack = packId(1);

export function know(
  { world }: Holder,
  party: PartyName = 'acme',
  changes: Partial<ArgsOf<typeof stateKyc>> = {},
  by: readonly string[] = ['bankA'],
): Outcome {
  const args = { party: idOf(party), by: idOf('bankA'), until: world.time + 30 * DAY_MS, ...changes };
  return world.run(stateKyc, args, by);
}

export function forget(
  { world }: Holder,
  party: PartyName = 'acme',
  by: readonly string[] = ['bankA'],
): Outcome {
  return world.run(revokeKyc, { party: idOf(party) }, by);
}
