/** Who takes part in a simulated network: the genesis, with a key for each node and the parties of the contract calls. */

import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
  type GenesisRecord,
  type Pace,
} from '../consensus/checkpoint/genesis.ts';
import { uint32Bytes } from '../consensus/codec/bytes.ts';
import { invariant } from '../consensus/codec/result.ts';
import { defaultPolicy, type Policy } from '../consensus/contracts/policy.ts';
import type { CommitteeRules } from '../consensus/contracts/seats/rules.ts';
import { type Signer, SUITE } from '../consensus/crypto/ed25519.ts';
import { hash } from '../consensus/crypto/hash.ts';
import { nativeSigner } from '../node/crypto/native.ts';
import { makeLei } from '../node/story/lei.ts';

export type Party = GenesisRecord['parties'][number];

/** Any Monday will do; what matters is that it is the same in every run. */
export const START_MS = Date.UTC(2026, 0, 5);
/** A genesis holds 256 parties of 8 keys; the rest is for those without a node. */
const NODE_PARTIES_MAX = 200;
const KEYS_PER_PARTY = 8;
export const NODES_MAX = NODE_PARTIES_MAX * KEYS_PER_PARTY;

/** The key of a node, or of anybody else who is numbered: the same for equal seeds. */
export function drawSigner(seed: number, number: number): Signer {
  return nativeSigner(hash('salt', uint32Bytes(seed), uint32Bytes(number)));
}

export interface NetworkRules {
  readonly pace?: Partial<Pace>;
  /** The default one when left out. */
  readonly policy?: Policy | undefined;
  /** Parties of the genesis that run no node. */
  readonly parties?: readonly Party[];
  /** How committees change; one for ever when left out. */
  readonly committee?: Partial<CommitteeRules>;
  /** What each node's party has bonded at the start, in the order of the nodes. */
  readonly bonds?: readonly number[];
}

export function makeGenesis(
  signers: readonly Signer[],
  seats: number,
  { pace, policy = defaultPolicy, parties: others = [], committee, bonds = [] }: NetworkRules,
): Genesis {
  const keysPerParty = Math.ceil(signers.length / NODE_PARTIES_MAX);
  const parties: Party[] = [];
  for (let first = 0; first < signers.length; first += keysPerParty) {
    const number = parties.length;
    parties.push({
      lei: makeLei(number),
      name: `Party ${number}`,
      address: '',
      roles: [number % 2 === 0 ? 'bank' : 'monitor'],
      keys: signers.slice(first, first + keysPerParty).map((signer) => signer.publicKey),
    });
  }
  const stakes = bonds.map((amount, i) => ({
    ...{ lei: parties[i]!.lei, amount, key: signers[i * keysPerParty]!.publicKey },
  }));
  const genesis = checkGenesis({
    suite: SUITE,
    name: 'simulated',
    time: START_MS,
    seats: signers.slice(0, seats).map((signer) => signer.publicKey),
    committee: { ...defaultCommitteeRules, ...committee, stakes },
    parties: [...parties, ...others],
    policy,
    pace: { ...defaultPace, ...pace },
  });
  invariant(genesis.ok, 'the simulated genesis is good');
  // Each node begins with a state of its own; computing the very same map anew for each would take long.
  const first = genesis.value.makeState();
  return { ...genesis.value, makeState: () => first.copy() };
}
