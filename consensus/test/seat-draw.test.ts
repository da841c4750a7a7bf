/**
 * The draw of seats by stake: shares over 10,000 draws (R080), what enters the seed and what does not, and what a party
 * gains by silence.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { uint32Bytes } from '../codec/bytes.ts';
import { stake } from '../contracts/objects/stake.ts';
import { stakeOf } from '../contracts/rules/stake.ts';
import { type Candidate, drawSeats, seedCommitment } from '../contracts/seats/stake-draw.ts';
import { commitSeed, revealSeed } from '../contracts/transitions/seeds.ts';
import { bond, releaseStake, transferStake, unbond } from '../contracts/transitions/stake.ts';
import { hash } from '../crypto/hash.ts';
import { hashOf } from './arbitraries.ts';
import { DAY_MS, EpochWorld } from './epoch-world.ts';

const test = suite('seat draw');
const DRAWS = 10_000;

const candidatesOf = (weights: readonly number[]): Candidate[] =>
  weights.map((weight, i) => ({ party: hashOf(i), weight }));

/** How often each was drawn. */
function tally(candidates: readonly Candidate[], count: number): number[] {
  const times = new Map(candidates.map((candidate) => [candidate, 0]));
  for (let i = 0; i < DRAWS; i++) {
    const drawn = drawSeats(candidates, count, hash('salt', uint32Bytes(i)));
    assert.is(new Set(drawn).size, Math.min(count, candidates.length), 'different ones');
    for (const one of drawn) times.set(one, times.get(one)! + 1);
  }
  return candidates.map((candidate) => times.get(candidate)!);
}

test('over 10,000 draws everybody’s share of the seats is within ±5 % of the share of the stake (R080)', () => {
  const settings: [weights: number[], count: number][] = [
    [[50, 60, 70, 80, 90, 100, 110, 120, 130, 140], 6],
    [[1e15, 1.1e15, 0.9e15, 1.3e15, 0.8e15, 0.7e15, 1e15], 4],
    [Array.from({ length: 16 }, (_, i) => 300 + 20 * i), 10],
    [Array.from({ length: 20 }, (_, i) => 41 + ((i * 7) % 20)), 7],
  ];
  for (const [weights, count] of settings) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    assert.ok(Math.max(...weights) * count <= total, 'nobody holds more than 1/k');
    const times = tally(candidatesOf(weights), count);
    let worst = 0;
    for (const [i, drawn] of times.entries()) {
      const share = drawn / (count * DRAWS);
      worst = Math.max(worst, Math.abs(share / (weights[i]! / total) - 1));
    }
    assert.ok(worst < 0.05, `n = ${weights.length}, k = ${count}: ${(100 * worst).toFixed(2)} % off`);
    console.log(`n = ${weights.length}, k = ${count}: at most ${(100 * worst).toFixed(2)} % off`);
  }
});

test('whoever holds more than 1/k of the stake sits for sure, and the rest share what is left by stake', () => {
  const weights = [1_000, 100, 110, 120, 130, 140];
  const [whale, ...rest] = tally(candidatesOf(weights), 4);
  assert.is(whale, DRAWS);
  const others = 100 + 110 + 120 + 130 + 140;
  for (const [i, drawn] of rest.entries()) {
    const share = drawn / (3 * DRAWS) / (weights[i + 1]! / others);
    assert.ok(Math.abs(share - 1) < 0.05, `${i}: ${share}`);
  }
  assert.equal(drawSeats(candidatesOf([3, 2, 1]), 4, hashOf(1)).length, 3, 'all where there are too few');
  assert.equal(drawSeats(candidatesOf([0, 0]), 4, hashOf(1)), []);
});

test('the order in which candidates are listed decides nothing where nobody is sure', () => {
  const candidates = candidatesOf([50, 60, 70, 80, 90, 100]);
  for (let i = 0; i < 50; i++) {
    const seed = hashOf(i);
    assert.equal(drawSeats(candidates, 3, seed), drawSeats([...candidates].reverse(), 3, seed));
  }
});

// ---- over epochs

const secretOf = (party: number, epoch: number) => hash('seed', uint32Bytes(party), uint32Bytes(epoch));
const PARTIES = [0, 1, 2, 3, 4, 5, 6, 7];

class DrawWorld extends EpochWorld {
  constructor(bonds = PARTIES.map(() => 100)) {
    super({ parties: 10, seats: 4, bonds, policy: 'stake', epochHeights: 4, seatsWanted: 4 });
  }

  commit(parties: readonly number[] = PARTIES): void {
    for (const number of parties) {
      const commitment = seedCommitment(this.party(number), secretOf(number, this.committee.epoch));
      this.call(commitSeed, { party: this.party(number), commitment }, [number]);
    }
  }

  reveal(parties: readonly number[] = PARTIES): void {
    for (const number of parties) {
      const secret = secretOf(number, this.committee.epoch - 1);
      this.call(revealSeed, { party: this.party(number), secret }, [number]);
    }
  }

  /** Into epoch 1, with commitments made in epoch 0. */
  begin(parties: readonly number[] = PARTIES): void {
    this.commit(parties);
    this.endEpoch();
  }
}

test('who did not commit and reveal has no part, and too few of them leave the old committee', () => {
  const world = new DrawWorld();
  world.begin([1, 2, 3, 4, 5, 6, 7]);
  assert.ok(world.epoch.kept, 'nobody could have committed before epoch 0');
  world.reveal([1, 2, 3, 4, 5]);
  world.commit([4, 5, 6]);
  const drawn = world.seatNumbers(world.endEpoch());
  assert.is(drawn.length, 4);
  assert.ok(
    drawn.every((party) => [1, 2, 3, 4, 5].includes(party)),
    drawn.join(),
  );
  assert.not.ok(world.epoch.kept);
  world.reveal([4, 5, 6]);
  const before = world.committee;
  assert.equal(world.endEpoch().seats, before.seats);
  assert.ok(world.epoch.kept);
});

test('a secret counts as it was committed to, once, by a party with a bond', () => {
  const world = new DrawWorld();
  world.begin([0]);
  const party = world.party(0);
  const wrong = world.call(revealSeed, { party, secret: hashOf(5) }, [0]);
  const right = world.call(revealSeed, { party, secret: secretOf(0, 0) }, [0]);
  const again = world.call(revealSeed, { party, secret: secretOf(0, 0) }, [0]);
  const stolen = world.call(revealSeed, { party: world.party(1), secret: secretOf(0, 0) }, [1]);
  const commitment = seedCommitment(party, hashOf(1));
  const first = world.call(commitSeed, { party, commitment }, [0]);
  const changed = world.call(commitSeed, { party, commitment: hashOf(2) }, [0]);
  const poor = world.call(commitSeed, { party: world.party(8), commitment }, [8]);
  world.step();
  const codes = [wrong, right, again, stolen, first, changed, poor].map((id) => world.code(id));
  assert.equal(codes, ['E_EVIDENCE', 'OK', 'E_STATE', 'E_STATE', 'OK', 'E_STATE', 'E_STATE']);
});

test('once secrets are known, nothing but silence changes a draw: not bonds, keys, transfers, or an offence', () => {
  const plain = new DrawWorld();
  const bent = new DrawWorld();
  for (const world of [plain, bent]) {
    world.begin();
    world.reveal();
    world.step();
  }
  const expected = plain.seatNumbers(plain.endEpoch());
  const inside = expected[0]!;
  const outside = PARTIES.find((party) => !expected.includes(party))!;
  // All of it after every secret is out.
  const others = PARTIES.filter((party) => party !== inside && party !== outside);
  bent.call(unbond, { party: bent.party(inside), amount: 100 }, [inside]);
  bent.call(unbond, { party: bent.party(others[0]!), amount: 50 }, [others[0]!]);
  const swapped = bent.enrol(others[1]!, bent.signer(20));
  bent.call(bond, { party: bent.party(others[1]!), amount: 0, key: swapped.publicKey }, [others[1]!]);
  bent.step();
  const after = bent.endEpoch();
  assert.equal(
    bent.seatNumbers(after).map((party) => (party === 20 ? others[1]! : party)),
    expected,
  );

  // Weights are those of the epoch's start: what was unbonded counts in the next draw.
  assert.is(stakeOf(bent.state, bent.party(inside)).weight, 0);
  assert.is(stakeOf(bent.state, bent.party(others[0]!)).weight, 50);
});

test('who turns unfit after all secrets are out leaves its own seat empty, and every other as it was', () => {
  const run = (unfit: number | undefined): number[] => {
    const bonds = [60, 70, 80, 90, 100, 110, 120, 130];
    const world = new EpochWorld({
      ...{ parties: 10, seats: 8, bonds, policy: 'stake', epochHeights: 4, seatsWanted: 5 },
    });
    for (const number of PARTIES) {
      const commitment = seedCommitment(world.party(number), secretOf(number, 0));
      world.call(commitSeed, { party: world.party(number), commitment }, [number]);
    }
    world.endEpoch();
    for (const number of PARTIES)
      world.call(revealSeed, { party: world.party(number), secret: secretOf(number, 0) }, [number]);
    world.step();
    if (unfit !== undefined) world.accuse(unfit, 2);
    world.step();
    return world.seatNumbers(world.endEpoch());
  };
  const expected = run(undefined);
  assert.is(expected.length, 5);
  for (const unfit of PARTIES)
    assert.equal(
      run(unfit),
      expected.filter((party) => party !== unfit),
      `${unfit} is convicted`,
    );
});

test('whoever stays silent does not gain its own seat by that, and changes the others’ draw in one way only', () => {
  const draws = new Set<string>();
  for (const silent of [[], [0], [1], [0, 1]]) {
    const world = new DrawWorld();
    world.begin();
    world.reveal(PARTIES.filter((party) => !silent.includes(party)));
    const drawn = world.seatNumbers(world.endEpoch());
    for (const party of silent) assert.not.ok(drawn.includes(party));
    draws.add(drawn.join());
  }
  assert.ok(draws.size <= 4);
});

test('a secret without a weight behind it, which would cost nothing to withhold, is not in the seed', () => {
  const drawn = [true, false].map((says) => {
    const world = new DrawWorld();
    // In this order: without a bond nobody commits.
    world.commit();
    world.call(unbond, { party: world.party(7), amount: 100 }, [7]);
    world.endEpoch();
    world.reveal(says ? PARTIES : PARTIES.slice(0, 7));
    return world.seatNumbers(world.endEpoch());
  });
  assert.equal(drawn[0], drawn[1]);
});

test('stake is neither made nor lost: free, bonded, unbonding, and released after the trusting period', () => {
  const world = new DrawWorld();
  const total = () => {
    let sum = 0;
    for (const { type, id } of world.state.objects()) {
      if (type !== stake.name) continue;
      const { free, bonded, unbonding } = world.state.get(stake, id)!;
      sum += free + bonded + unbonding.reduce((all, { amount }) => all + amount, 0);
    }
    return sum;
  };
  const party = world.party(0);
  world.call(unbond, { party, amount: 60 }, [0]);
  world.call(unbond, { party, amount: 10 }, [0]);
  world.step();
  const release = () => world.call(releaseStake, { party }, [0]);
  const early = release();
  world.endEpoch();
  const oneEpoch = release();
  world.endEpoch();
  const twoEpochs = release();
  world.step();
  world.timeMs += world.genesis.record.pace.trustingPeriodMs - DAY_MS;
  const almost = release();
  world.step();
  assert.equal(
    [early, oneEpoch, twoEpochs, almost].map((id) => world.code(id)),
    Array(4).fill('E_STATE'),
  );
  world.timeMs += 2 * DAY_MS;
  const released = release();
  world.call(transferStake, { from: party, to: world.party(8), amount: 30 }, [0]);
  const tooMuch = world.call(transferStake, { from: party, to: world.party(8), amount: 41 }, [0]);
  world.call(bond, { party: world.party(8), amount: 30, key: world.signer(8).publicKey }, [8]);
  world.step();
  assert.equal(
    [released, tooMuch].map((id) => world.code(id)),
    ['OK', 'E_INSUFFICIENT'],
  );
  const { free, bonded, unbonding } = world.state.get(stake, party)!;
  assert.equal([free, bonded, unbonding], [40, 30, []]);
  assert.is(world.state.get(stake, world.party(8))!.bonded, 30);
  assert.is(total(), 800);
  assert.is(world.code(world.accuse(1, world.height)), undefined);
  world.step();
  assert.is(total(), 700, 'what an offence forfeits is burnt');
});

test.run();
