/** Cases of the calls about seats and stake (row 0). docs/spec/committee.md. */

import * as assert from 'uvu/assert';
import type { SeatPolicyName } from '../../contracts/seats/rules.ts';
import { seedCommitment } from '../../contracts/seats/stake-draw.ts';
import { endEpoch, nameSeats } from '../../contracts/transitions/seats.ts';
import { commitSeed, revealSeed } from '../../contracts/transitions/seeds.ts';
import {
  bond,
  electDelegate,
  releaseStake,
  transferStake,
  unbond,
} from '../../contracts/transitions/stake.ts';
import { zero32 } from '../../crypto/hash.ts';
import { hashOf } from '../arbitraries.ts';
import { EpochWorld } from '../epoch-world.ts';
import type { Cases } from './cases.ts';

/** Parties 0 to 3 have seats and bonds, 0 has some free stake; 4 and 5 have neither. The least bond is 4. */
function open(policy: SeatPolicyName = 'governance'): EpochWorld {
  const world = new EpochWorld({
    ...{ parties: 8, seats: 4, bonds: [100, 300, 300, 300], policy, epochHeights: 50, seatsWanted: 4 },
  });
  assert.is(world.genesis.seatRules.bondMin, 4);
  return world;
}

type Case = readonly [world: EpochWorld, id: string];
const seatsOf = (world: EpochWorld, ...parties: number[]) =>
  parties.map((party) => world.signer(party).publicKey);
const q = [0, 1, 2];

function naming(parties: readonly number[], by: readonly number[] = q, policy?: SeatPolicyName): Case {
  const world = open(policy);
  return [world, world.call(nameSeats, { seats: seatsOf(world, ...parties) }, by)];
}

function ending(height: number, by: readonly number[] = q): Case {
  const world = open();
  world.step();
  return [world, world.call(endEpoch, { height }, by)];
}

function transferring(amount: number, to: number | Uint8Array, by: readonly number[] = [0]): Case {
  const world = open();
  const taker = typeof to === 'number' ? world.party(to) : to;
  return [world, world.call(transferStake, { from: world.party(0), to: taker, amount }, by)];
}

function bonding(party: number, amount: number, key: (world: EpochWorld) => Uint8Array): Case {
  const world = open();
  return [world, world.call(bond, { party: world.party(party), amount, key: key(world) }, [party])];
}

function unbonding(amount: number, times = 1): Case {
  const world = open();
  const args = { party: world.party(1), amount };
  let id = '';
  for (let i = 0; i < times; i++) {
    id = world.call(unbond, args, [1]);
    world.step();
    // Each in an epoch of its own.
    world.call(endEpoch, { height: world.height + 2 }, q);
    world.endEpoch();
  }
  return [world, id];
}

function electing(by: number, delegate: Uint8Array | number, policy: SeatPolicyName = 'delegates'): Case {
  const world = open(policy);
  const key = typeof delegate === 'number' ? world.signer(delegate).publicKey : delegate;
  return [world, world.call(electDelegate, { party: world.party(by), delegate: key }, [by])];
}

function committing(by: number, policy: SeatPolicyName = 'stake'): Case {
  const world = open(policy);
  return [world, world.call(commitSeed, { party: world.party(by), commitment: hashOf(1) }, [by])];
}

function revealing(secret: Uint8Array, policy: SeatPolicyName = 'stake', commits = true): Case {
  const world = open(policy);
  const party = world.party(0);
  if (commits) world.call(commitSeed, { party, commitment: seedCommitment(party, hashOf(1)) }, [0]);
  world.endEpoch();
  return [world, world.call(revealSeed, { party, secret }, [0])];
}

/** Unbonded in one epoch, locked through the next and a trusting period, then released. */
function releasing(): Case {
  const world = open();
  const party = world.party(0);
  world.call(unbond, { party, amount: 10 }, [0]);
  for (let ended = 0; ended < 2; ended++) {
    const { epoch } = world.committee;
    while (world.committee.epoch === epoch) world.step();
  }
  world.timeMs += world.genesis.record.pace.trustingPeriodMs;
  return [world, world.call(releaseStake, { party }, [0])];
}

const table: { readonly [call: string]: { readonly [code: string]: () => Case } } = {
  'name-seats': {
    OK: () => naming([4, 1, 2, 3]),
    E_POLICY: () => naming([0, 1, 2]),
    'E_POLICY ': () => naming([0, 1, 2, 3], q, 'stake'),
    E_ROLE: () => naming([0, 1, 2, 4], [0, 1]),
    E_SCHEMA: () => naming([0, 1, 2, 2, 3]),
    E_STATE: () => naming([0, 1, 2, 20]),
  },
  'end-epoch': {
    OK: () => ending(3),
    E_ROLE: () => ending(3, [0, 1, 4, 5]),
    E_STALE: () => ending(2),
    E_STATE: () => ending(50),
  },
  'transfer-stake': {
    OK: () => {
      const [world] = releasing();
      world.step();
      return [world, world.call(transferStake, { from: world.party(0), to: world.party(4), amount: 1 }, [0])];
    },
    E_INSUFFICIENT: () => transferring(1, 4),
    E_NOT_FOUND: () => transferring(1, zero32),
    E_SCHEMA: () => transferring(1, 0),
    E_ROLE: () => transferring(1, 4, [4]),
  },
  bond: {
    OK: () => bonding(0, 0, (world) => world.signer(0).publicKey),
    E_CREDENTIAL: () => bonding(0, 0, (world) => world.signer(1).publicKey),
    E_INSUFFICIENT: () => bonding(0, 1, (world) => world.signer(0).publicKey),
    E_NOT_FOUND: () => bonding(0, 1, (world) => world.signer(20).publicKey),
    E_POLICY: () => bonding(4, 0, (world) => world.signer(4).publicKey),
    E_STATE: () => {
      const world = open();
      world.step();
      world.accuse(0, 1);
      const args = { party: world.party(0), amount: 0, key: world.signer(0).publicKey };
      return [world, world.call(bond, args, [0])];
    },
  },
  unbond: {
    OK: () => unbonding(296),
    E_INSUFFICIENT: () => unbonding(301),
    E_POLICY: () => unbonding(297),
    E_STATE: () => unbonding(1, 17),
  },
  'release-stake': {
    OK: releasing,
    E_STATE: () => {
      const world = open();
      return [world, world.call(releaseStake, { party: world.party(0) }, [0])];
    },
  },
  'elect-delegate': {
    OK: () => electing(0, 4),
    E_POLICY: () => electing(0, 4, 'governance'),
    E_STATE: () => electing(4, 0),
    'E_STATE ': () => electing(0, hashOf(1)),
  },
  'commit-seed': {
    OK: () => committing(0),
    E_POLICY: () => committing(0, 'delegates'),
    E_STATE: () => committing(4),
  },
  'reveal-seed': {
    OK: () => revealing(hashOf(1)),
    E_EVIDENCE: () => revealing(hashOf(2)),
    E_POLICY: () => revealing(hashOf(1), 'governance', false),
    E_STATE: () => revealing(hashOf(1), 'stake', false),
  },
};

/** The code that a call came to: at once, or with the next checkpoint. */
function codeOf([world, id]: Case): string {
  if (world.code(id) === undefined) world.step();
  return world.code(id)!;
}

export const cases: Cases = Object.fromEntries(
  Object.entries(table).map(([call, runs]) => {
    const byCode: { [code: string]: { [when: string]: () => string } } = {};
    for (const [name, run] of Object.entries(runs)) {
      const code = name.trim();
      byCode[code] = { ...byCode[code], [`case ${name.length - code.length}`]: () => codeOf(run()) };
    }
    return [call, byCode];
  }),
);
