/** The committee `[CKP-4]`: how many seats are enough, and who leads. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Committee, committeeSchema } from '../checkpoint/committee.ts';
import { toHex } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import { hashOf } from './arbitraries.ts';

const test = suite('committee');

const makeCommittee = (size: number, firstHeight = 0, lastHeight = 1_000): Committee =>
  new Committee({
    epoch: 0,
    firstHeight,
    lastHeight,
    seats: Array.from({ length: size }, (_, i) => hashOf(i)),
  });

test('f and q, as the protocol’s table has them', () => {
  const table = [1, 2, 3, 4, 5, 6, 7, 10, 13, 16].map((size) => {
    const { faults, quorum } = makeCommittee(size);
    return [size, faults, quorum];
  });
  assert.equal(table, [
    [1, 0, 1],
    [2, 0, 2],
    [3, 0, 3],
    [4, 1, 3],
    [5, 1, 4],
    [6, 1, 5],
    [7, 2, 5],
    [10, 3, 7],
    [13, 4, 9],
    [16, 5, 11],
  ]);
});

test('any two quorums share an honest seat, and the honest seats alone are a quorum', () => {
  for (let size = 1; size <= limits.seatsMax; size++) {
    const { faults, quorum } = makeCommittee(size);
    assert.ok(2 * quorum - size > faults, `n = ${size}: two quorums may share only Byzantine seats`);
    assert.ok(size - faults >= quorum, `n = ${size}: f silent seats stop it`);
    assert.ok(3 * faults < size, `n = ${size}`);
  }
});

test('leadership goes round, one seat on with every height and every view', () => {
  const committee = makeCommittee(5);
  for (let height = 1; height < 30; height++) {
    const leaders = [0, 1, 2, 3, 4].map((view) => committee.leader(height, view));
    assert.equal(leaders.slice().sort(), [0, 1, 2, 3, 4], 'n views in a row have n leaders');
    assert.is(committee.leader(height + 1, 0), committee.leader(height, 1));
  }
  assert.ok(committee.leader(Number.MAX_SAFE_INTEGER - 9, 7) < 5);
});

test('its hash names its seats in their order, its epoch and its heights', () => {
  const { record, hash } = makeCommittee(4);
  const others = [
    { ...record, epoch: 1 },
    { ...record, firstHeight: 1 },
    { ...record, lastHeight: 999 },
    { ...record, seats: record.seats.slice().reverse() },
    { ...record, seats: record.seats.slice(1) },
  ].map((changed) => toHex(new Committee(changed).hash));
  assert.is(new Set([toHex(hash), ...others]).size, 6);
  const decoded = committeeSchema.decode(committeeSchema.encode(record));
  assert.ok(decoded.ok);
  assert.equal(new Committee(decoded.value).hash, hash);
});

test('holds its own heights and no others', () => {
  const committee = makeCommittee(4, 10, 20);
  assert.equal(
    [9, 10, 20, 21].map((height) => committee.holds(height)),
    [false, true, true, false],
  );
  assert.is(committee.seatOf.get(toHex(hashOf(2))), 2);
  assert.is(committee.seatOf.get(toHex(hashOf(9))), undefined);
});

test.run();
