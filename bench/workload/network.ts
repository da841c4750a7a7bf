/** The network that is measured: a genesis with so many seats, and authors whose keys are enrolled from the start. */

import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
  type GenesisRecord,
  type Pace,
} from '../../consensus/checkpoint/genesis.ts';
import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { SUITE } from '../../consensus/crypto/ed25519.ts';
import { hash } from '../../consensus/crypto/hash.ts';

/** A genesis holds 256 parties of 8 keys; seats are parties of their own. */
const KEYS_PER_PARTY = 8;
export const AUTHORS_MAX = 1_024;
const LEI_PREFIX = '54930000000000';

/** Seed of the key of an author, or of a load generator's link; the same in every run. */
export function authorSecret(number: number): Uint8Array {
  return hash('salt', uint32Bytes(0xb0), uint32Bytes(number));
}

/**
 * Public keys of seats and authors in; `timeMs` is the genesis's; one epoch for ever unless `epochHeights` says, the default
 * pace but for what `pace` says.
 */
export function benchGenesis(
  seats: readonly Uint8Array[],
  authors: readonly Uint8Array[],
  timeMs: number,
  epochHeights = 0,
  pace: Partial<Pace> = {},
): Genesis {
  if (authors.length > AUTHORS_MAX)
    throw new RangeError(`"authors" expected at most ${AUTHORS_MAX}, got ${authors.length}`);
  const parties: GenesisRecord['parties'][number][] = [];
  const add = (role: 'bank' | 'monitor', keys: readonly Uint8Array[]): void => {
    const number = parties.length;
    parties.push({
      lei: makeLei(number),
      name: `Party ${number}`,
      address: '',
      roles: [role],
      keys: [...keys],
    });
  };
  for (const seat of seats) add('bank', [seat]);
  for (let at = 0; at < authors.length; at += KEYS_PER_PARTY)
    add('monitor', authors.slice(at, at + KEYS_PER_PARTY));
  const genesis = checkGenesis({
    ...{ suite: SUITE, name: 'tallystick bench', time: timeMs, seats: [...seats], parties },
    ...{ committee: { ...defaultCommitteeRules, epochHeights }, policy: defaultPolicy },
    pace: { ...defaultPace, ...pace },
  });
  invariant(genesis.ok, `the bench's genesis is good: ${JSON.stringify(genesis)}`);
  return genesis.value;
}

/** ISO 17442: the two last digits make the whole 1 modulo 97. */
function makeLei(number: number): string {
  const stem = `${LEI_PREFIX}${String(number).padStart(4, '0')}`;
  return `${stem}${String(98n - ((BigInt(stem) * 100n) % 97n)).padStart(2, '0')}`;
}
