/**
 * One conformance suite for the three seat policies `[CKP-4]` (R068): whichever way seats come, committees change at the
 * heights that were announced and nowhere else, in a way that everybody computes and a light client can follow; who
 * cheated or was revoked is out at the next epoch (R081); and no committee falls below four.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkCertificate } from '../checkpoint/certificate.ts';
import { changesMax, checkChange, endsEpoch } from '../checkpoint/change.ts';
import { Committee } from '../checkpoint/committee.ts';
import { headerSchema } from '../checkpoint/header.ts';
import { committeeIn, endOf } from '../checkpoint/succession.ts';
import { equalBytes, toHex, uint32Bytes } from '../codec/bytes.ts';
import { offenceId, offenceRecord, offender } from '../contracts/objects/offence.ts';
import { stake } from '../contracts/objects/stake.ts';
import type { SeatPolicyName } from '../contracts/seats/rules.ts';
import { seedCommitment } from '../contracts/seats/stake-draw.ts';
import { revokeKey } from '../contracts/transitions/revoke.ts';
import { endEpoch, nameSeats } from '../contracts/transitions/seats.ts';
import { commitSeed, revealSeed } from '../contracts/transitions/seeds.ts';
import { electDelegate } from '../contracts/transitions/stake.ts';
import { hash } from '../crypto/hash.ts';
import { hashOf, signerOf } from './arbitraries.ts';
import { EpochWorld, type EpochWorldOptions } from './epoch-world.ts';

const HEIGHTS = 5;
const BONDED = [0, 1, 2, 3, 4, 5, 6, 7];

/** What the parties do in each epoch so that the policy has somebody to choose from. */
interface Policy {
  readonly name: SeatPolicyName;
  readonly duties: (world: EpochWorld) => void;
  /** Epochs until the policy's own choice is first in office. */
  readonly settlesIn: number;
}

const secretOf = (party: number, epoch: number) => hash('seed', uint32Bytes(party), uint32Bytes(epoch));

const policies: readonly Policy[] = [
  {
    name: 'governance',
    settlesIn: 1,
    duties: (world) => {
      const named = [1, 2, 3, 4, 5, 6].map((i) => (i + world.committee.epoch) % 8);
      const seats = named.map((party) => world.signer(party).publicKey);
      world.call(nameSeats, { seats }, world.seatNumbers());
    },
  },
  {
    name: 'stake',
    settlesIn: 2,
    duties: (world) => {
      const { epoch } = world.committee;
      for (const number of BONDED) {
        const party = world.party(number);
        const commitment = seedCommitment(party, secretOf(number, epoch));
        world.call(commitSeed, { party, commitment }, [number]);
        if (epoch > 0) world.call(revealSeed, { party, secret: secretOf(number, epoch - 1) }, [number]);
      }
    },
  },
  {
    name: 'delegates',
    settlesIn: 1,
    duties: (world) => {
      // The votes move, or the same delegates would sit for ever.
      const [from, to] = [world.committee.epoch % 8, (world.committee.epoch + 3) % 8];
      world.call(electDelegate, { party: world.party(from), delegate: world.signer(to).publicKey }, [from]);
    },
  },
];

function open(policy: Policy, options: Partial<EpochWorldOptions> = {}): EpochWorld {
  const seats = 5;
  const bonds = BONDED.map((party) => 100 + 20 * party);
  const rules = { policy: policy.name, epochHeights: HEIGHTS, seatsWanted: 5 };
  return new EpochWorld({ parties: 10, seats, bonds, ...rules, ...options });
}

/** Into the policy's own choice. */
function settle(world: EpochWorld, policy: Policy): void {
  while (world.committee.epoch < policy.settlesIn) {
    policy.duties(world);
    world.endEpoch();
  }
}

for (const policy of policies) {
  const test = suite(`committees by ${policy.name}`);

  test('change at the ends of epochs, and nowhere else; each header says so, and the state knows them all', () => {
    const world = open(policy);
    for (let epoch = 0; epoch < 5; epoch++) {
      policy.duties(world);
      world.endEpoch();
    }
    assert.is(world.height, 5 * HEIGHTS);
    const seen = new Set<string>();
    for (const header of world.headers.slice(1)) {
      const committee = world.committees[header.height]!;
      const epoch = Math.floor((header.height - 1) / HEIGHTS);
      assert.equal(header.committeeHash, committee.hash);
      assert.is(header.epoch, epoch);
      assert.is(committee.epoch, epoch);
      assert.ok(committee.holds(header.height));
      assert.is(endsEpoch(header), header.height % HEIGHTS === 0, `height ${header.height}`);
      assert.equal(header.nextCommitteeHash, world.committees[header.height + 1]!.hash);
      assert.ok(committee.size >= 4);
      assert.is(new Set(committee.seats.map(toHex)).size, committee.size);
      assert.equal(committeeIn(world.state, committee.hash)!.record, committee.record);
      assert.is(endOf(world.state, committee), (epoch + 1) * HEIGHTS);
      seen.add(world.seatNumbers(committee).join());
    }
    assert.ok(seen.size > 2, 'and the seats did change');
    assert.is(endOf(world.state, world.committee), undefined);
  });

  test('is computed alike by everybody, and nothing that a leader chooses is in it', () => {
    const worlds = [1, 2, 3].map(() => open(policy));
    for (const [i, world] of worlds.entries()) {
      for (let epoch = 0; epoch < 4; epoch++) {
        policy.duties(world);
        // The third world's leaders choose other anchors and times.
        while (world.committee.epoch === epoch) {
          if (i === 2) world.timeMs += 137;
          world.step(i === 2 ? hashOf(9_000 + world.height) : undefined);
        }
      }
    }
    const [first, second, third] = worlds as [EpochWorld, EpochWorld, EpochWorld];
    assert.equal(first.headers.map(headerSchema.encode), second.headers.map(headerSchema.encode));
    assert.is.not(
      toHex(headerSchema.encode(first.headers[1]!)),
      toHex(headerSchema.encode(third.headers[1]!)),
    );
    for (const [height, committee] of first.committees.entries())
      assert.equal(third.committees[height]!.hash, committee.hash, `height ${height}`);
  });

  test('whoever cheats, is revoked or forks its chain keeps the seat until the end of the epoch, and loses it then', () => {
    const world = open(policy, { seats: 8, seatsWanted: 8 });
    settle(world, policy);
    policy.duties(world);
    world.step();
    const seats = world.seatNumbers();
    const [cheat, revoked, forker] = seats.filter((seat) => seat >= 0) as [number, number, number];
    const proved = world.accuse(cheat, world.height);
    world.call(revokeKey, { key: world.signer(revoked).publicKey }, [revoked]);
    world.fork(forker);
    const { committee } = world;
    world.step();
    assert.is(world.code(proved), 'OK');
    assert.equal(world.committee.hash, committee.hash, 'nothing changes within the epoch');
    const held = world.state.get(stake, world.party(cheat))!;
    assert.equal([held.bonded, held.unbonding.length], [0, 0], 'its stake is forfeited at once');
    const after = world.seatNumbers(world.endEpoch());
    for (const out of [cheat, revoked, forker]) assert.not.ok(after.includes(out), `${out} is out`);
    assert.ok(after.length >= 4);
    // For good: whoever is named, elected or drawn later, it is not these keys.
    for (let i = 0; i < 2; i++) {
      policy.duties(world);
      const later = world.seatNumbers(world.endEpoch());
      for (const out of [cheat, revoked, forker]) assert.not.ok(later.includes(out));
    }
    assert.is(world.state.get(offender, world.signer(cheat).publicKey)!.offences, 1);
  });

  test('an offence counts once for each key and height, within the trusting period, and of seats only', () => {
    const world = open(policy);
    settle(world, policy);
    const { committee } = world;
    world.step();
    const { height } = world;
    const [cheat] = world.seatNumbers() as [number, ...number[]];
    const stranger = BONDED.find((party) => !world.seatNumbers().includes(party))!;
    const first = world.accuse(cheat, height);
    const again = world.accuse(cheat, height);
    const other = world.accuse(cheat, height - 1, committee);
    const ofNobody = world.accuse(stranger, height);
    const unknown = world.accuse(
      cheat,
      height,
      new Committee({ ...committee.record, lastHeight: 9_999_999 }),
    );
    const within = world.accuse(cheat, height + 1, committee, 1);
    const beyond = world.accuse(cheat, committee.record.lastHeight + 1, committee, 1);
    world.step();
    const codes = [first, again, other, ofNobody, unknown, within, beyond].map((id) => world.code(id));
    assert.equal(codes, ['OK', 'E_OFFENCE_KNOWN', 'OK', 'E_NOT_SEAT', 'E_NOT_SEAT', 'E_EVIDENCE', 'OK']);
    const record = world.state.get(offenceRecord, offenceId(world.signer(cheat).publicKey, height))!;
    assert.equal([record.kind, record.height], ['two-values', height]);
    assert.equal(toHex(record.vertex), first);

    policy.duties(world);
    world.endEpoch();
    const second = committee.seats.length > 1 ? world.seatNumbers(committee)[1]! : cheat;
    world.timeMs += world.genesis.record.pace.trustingPeriodMs - 10_000;
    const late = world.accuse(second, height, committee);
    world.step();
    assert.is(world.code(late), 'OK', 'just in time');
    world.timeMs += 20_000;
    const tooLate = world.accuse(world.seatNumbers(committee)[2]!, height, committee);
    world.step();
    assert.is(world.code(tooLate), 'E_STALE');
  });

  test('one vote for a height after an early end is an offence, by whoever casts it', () => {
    const world = open(policy, { epochHeights: 0 });
    const { committee } = world;
    world.step();
    world.call(endEpoch, { height: 4 }, world.seatNumbers());
    world.step();
    const early = world.accuse(1, 5, committee, 1);
    world.step();
    assert.is(world.code(early), 'E_EVIDENCE', 'the end has not come yet');
    world.endEpoch();
    const proved = world.accuse(1, 5, committee, 1);
    world.step();
    assert.is(world.code(proved), 'OK');
  });

  test('a committee never falls below four: where too few are fit the old one goes on, and says so', () => {
    const world = open(policy, { parties: 10, seats: 4, bonds: [100, 100, 100, 100], seatsWanted: 4 });
    const only = { ...policy, duties: (at: EpochWorld) => dutiesOfFour(policy, at) };
    settle(world, only);
    assert.equal(world.seatNumbers().sort(), [0, 1, 2, 3]);
    only.duties(world);
    world.step();
    const proved = world.accuse(2, world.height);
    world.step();
    assert.is(world.code(proved), 'OK');
    const before = world.committee;
    const after = world.endEpoch();
    assert.equal(after.seats, before.seats, 'minus nobody');
    assert.is(after.epoch, before.epoch + 1);
    assert.ok(!equalBytes(after.hash, before.hash), 'but under another hash');
    assert.ok(world.epoch.kept);
    assert.not.ok(world.epochAt(before.epoch).kept);
  });

  test('q seats bring the end forward, fewer do not; the end only falls, and not to what is decided', () => {
    const world = open(policy, { epochHeights: 40 });
    const { committee } = world;
    const q = world.seatNumbers().slice(0, committee.quorum);
    const tried = [
      world.call(endEpoch, { height: 20 }, q.slice(1)),
      world.call(endEpoch, { height: 20 }, [5, 6, 7, ...q.slice(1)]),
      world.call(endEpoch, { height: 40 }, q),
      world.call(endEpoch, { height: 1 }, q),
      world.call(endEpoch, { height: 20 }, q),
      world.call(endEpoch, { height: 25 }, q),
      world.call(endEpoch, { height: 12 }, q),
    ];
    world.step();
    const codes = tried.map((id) => world.code(id));
    assert.equal(codes, ['E_ROLE', 'E_ROLE', 'E_STATE', 'E_STALE', 'OK', 'E_STATE', 'OK']);
    world.stepTo(11);
    assert.equal(world.committee.hash, committee.hash);
    const last = world.step();
    assert.ok(endsEpoch(last));
    assert.is(world.committee.record.firstHeight, 13);
    assert.is(world.committee.record.lastHeight, 52);
    assert.is(endOf(world.state, committee), 12);
  });

  test('a light client follows: change by change, none left out, none made up', () => {
    const world = open(policy);
    for (let epoch = 0; epoch < 4; epoch++) {
      policy.duties(world);
      world.endEpoch();
    }
    world.step();
    const { network } = world.genesis;
    const changes = world.changes();
    assert.is(changes.length, 4);
    assert.ok(changes.length < changesMax);
    let trusted = world.genesis.committee;
    for (const [i, change] of changes.entries()) {
      for (const other of changes.slice(i + 1))
        assert.is(checkChange(other, trusted, network).ok, false, 'a change left out');
      const next = checkChange(change, trusted, network);
      assert.ok(next.ok, JSON.stringify(next));
      const bent = [
        { ...change, committee: { ...change.committee, seats: trusted.seats.slice(1) } },
        { ...change, committee: { ...change.committee, lastHeight: change.committee.lastHeight + 1 } },
        { ...change, header: { ...change.header, nextCommitteeHash: trusted.hash } },
        {
          ...change,
          committee: trusted.record,
          header: { ...change.header, nextCommitteeHash: trusted.hash },
        },
      ];
      for (const one of bent) assert.is(checkChange(one, trusted, network).ok, false);
      // Certified by q seats all the same, as only q seats that lie could: the record must follow.
      for (const made of [
        { epoch: next.value.epoch + 1 },
        { firstHeight: next.value.record.firstHeight + 1 },
      ]) {
        const committee = new Committee({ ...change.committee, ...made });
        const header = { ...change.header, nextCommitteeHash: committee.hash };
        const forged = { header, certificate: world.certify(header), committee: committee.record };
        assert.is(checkChange(forged, trusted, network).ok, false, JSON.stringify(made));
      }
      trusted = next.value;
    }
    assert.equal(trusted.hash, world.committee.hash);
    const newest = world.headers.at(-1)!;
    assert.ok(checkCertificate(newest, world.certify(newest), trusted, network).ok);
    // Whose epoch it is not cannot vouch for it, however many of them sign.
    const [first] = changes;
    const outside = { ...newest, epoch: 0, committeeHash: world.genesis.committee.hash };
    const signed = world.certify(outside, world.genesis.committee);
    const refused = checkCertificate(outside, signed, world.genesis.committee, network);
    assert.ok(!refused.ok && String(refused.facts['reason']).includes('outside'));
    assert.ok(first !== undefined);
  });

  test.run();
}

/** The policy's duties where only four parties have a bond, or are to be named. */
function dutiesOfFour(policy: Policy, world: EpochWorld): void {
  if (policy.name !== 'stake') return;
  const { epoch } = world.committee;
  for (const number of [0, 1, 2, 3]) {
    const party = world.party(number);
    world.call(commitSeed, { party, commitment: seedCommitment(party, secretOf(number, epoch)) }, [number]);
    if (epoch > 0) world.call(revealSeed, { party, secret: secretOf(number, epoch - 1) }, [number]);
  }
}

const own = suite('what is each policy’s own');

own('governance: without a name the present seats go on; the last names before the end count', () => {
  const world = open(policies[0]!);
  assert.equal(world.seatNumbers(world.endEpoch()), [0, 1, 2, 3, 4]);
  assert.not.ok(world.epoch.kept);
  const seatsOf = (...parties: number[]) => parties.map((party) => world.signer(party).publicKey);
  world.call(nameSeats, { seats: seatsOf(4, 5, 6, 7) }, [0, 1, 2, 3]);
  world.step();
  const second = world.call(nameSeats, { seats: seatsOf(7, 6, 5, 3, 2) }, [0, 1, 2, 4]);
  world.step();
  assert.is(world.code(second), 'OK');
  assert.equal(world.seatNumbers(), [0, 1, 2, 3, 4]);
  assert.equal(world.seatNumbers(world.endEpoch()), [7, 6, 5, 3, 2], 'in the order named');
  assert.equal(world.epoch.named, [], 'and names are used up');
});

own('governance: a key enrolled in the place of a revoked one takes the seat when it is named', () => {
  const world = open(policies[0]!);
  const fresh = world.enrol(0, signerOf(99), world.signer(0));
  world.step();
  world.call(
    nameSeats,
    { seats: [fresh, ...[1, 2, 3, 4].map((i) => world.signer(i))].map((s) => s.publicKey) },
    [1, 2, 3, 4],
  );
  const next = world.endEpoch();
  assert.equal(next.seats[0], fresh.publicKey);
  assert.is(next.size, 5);
});

own('delegates: most stake first, equal votes in the order of keys, one seat for a party', () => {
  const world = open(policies[2]!, { bonds: [100, 100, 100, 100, 100, 100, 100, 100], seatsWanted: 4 });
  const delegates = (from: number, to: number) =>
    world.call(electDelegate, { party: world.party(from), delegate: world.signer(to).publicKey }, [from]);
  delegates(0, 7);
  delegates(1, 9);
  const elected = world.seatNumbers(world.endEpoch());
  const rest = [2, 3, 4, 5, 6].sort((a, b) =>
    toHex(world.signer(a).publicKey) < toHex(world.signer(b).publicKey) ? -1 : 1,
  );
  // Party 9 has no stake of its own, and one vote of 100 like the rest.
  const tied = [...rest, 9].sort((a, b) =>
    toHex(world.signer(a).publicKey) < toHex(world.signer(b).publicKey) ? -1 : 1,
  );
  assert.equal(elected, [7, ...tied.slice(0, 3)]);

  const second = world.enrol(7, signerOf(77));
  world.step();
  for (const from of [0, 2])
    world.call(electDelegate, { party: world.party(from), delegate: second.publicKey }, [from]);
  const next = world.endEpoch();
  assert.equal(next.seats[0], second.publicKey);
  assert.not.ok(
    world.seatNumbers(next).includes(7),
    'its first key has a vote as well, but the party a seat',
  );
  assert.is(next.size, 4);

  // A vote for an unfit key falls back to the voter's own.
  world.call(revokeKey, { key: second.publicKey }, [7]);
  const fallen = world.seatNumbers(world.endEpoch());
  const own = [0, 2, 3, 4, 5, 6, 7, 9].sort((a, b) => (hexOf(world, a) < hexOf(world, b) ? -1 : 1));
  assert.equal(fallen, own.slice(0, 4));
});

const hexOf = (world: EpochWorld, party: number): string => toHex(world.signer(party).publicKey);

own.run();
