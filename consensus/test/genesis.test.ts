/** The genesis `[GEN-1]`: its JSON form, what is refused in it, and what follows from it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
  type GenesisRecord,
  genesisSchema,
  parseGenesis,
} from '../checkpoint/genesis.ts';
import { headerId } from '../checkpoint/header.ts';
import { toHex } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import type { Json } from '../codec/schema.ts';
import { stake as stakeObject } from '../contracts/objects/stake.ts';
import { defaultPolicy } from '../contracts/policy.ts';
import { key, labelKey, party } from '../contracts/registry.ts';
import { SUITE } from '../crypto/ed25519.ts';
import { zero32 } from '../crypto/hash.ts';
import { emptyRoot } from '../merkle/tree.ts';
import { repeat, signerOf } from './arbitraries.ts';
import { makeLei } from './contract-world.ts';

const test = suite('genesis');

const keys = [1, 2, 3, 4, 5].map((byte) => signerOf(byte).publicKey);
const lei = (number: number) => makeLei(`TALLY${number}`);
const parties = keys.map((publicKey, i) => ({
  lei: lei(i),
  name: `Party ${i}`,
  address: `${i} Road`,
  roles: [i % 2 === 0 ? ('bank' as const) : ('monitor' as const)],
  keys: [publicKey],
}));
const good: GenesisRecord = {
  suite: SUITE,
  name: 'test',
  time: 1_767_571_200_000,
  seats: keys.slice(0, 4),
  committee: defaultCommitteeRules,
  parties,
  policy: defaultPolicy,
  pace: defaultPace,
};

function open(record: GenesisRecord): Genesis {
  const checked = checkGenesis(record);
  if (!checked.ok) throw new Error(`${checked.code} ${JSON.stringify(checked.facts)}`);
  return checked.value;
}

function codeOf(change: Partial<GenesisRecord>): Code | 'OK' {
  const checked = checkGenesis({ ...good, ...change });
  return checked.ok ? 'OK' : checked.code;
}

test('JSON and back, by way of a file: the same network', () => {
  const file = JSON.stringify(genesisSchema.toJson(good), null, 2);
  const parsed = parseGenesis(JSON.parse(file) as Json);
  assert.ok(parsed.ok);
  assert.equal(parsed.value.network, open(good).network);
  assert.equal(parsed.value.record, good);
  // Order of fields, spaces and capitals of hexadecimal are the file's own affair.
  const shuffled = Object.fromEntries(
    Object.entries(JSON.parse(file.replaceAll(/"[0-9a-f]{64}"/g, (hex) => hex.toUpperCase()))).reverse(),
  );
  const again = parseGenesis(shuffled as Json);
  assert.ok(again.ok);
  assert.equal(again.value.headerId, parsed.value.headerId);
});

test('whatever differs is another network', () => {
  const variants: Partial<GenesisRecord>[] = [
    {},
    { name: 'other' },
    { time: good.time + 1 },
    { seats: keys.slice(1, 5) },
    { seats: [...good.seats].reverse() },
    { committee: { ...good.committee, epochHeights: 100 } },
    { committee: { ...good.committee, stakes: [{ lei: lei(0), amount: 1, key: keys[0]! }] } },
    { parties: parties.slice().reverse() },
    { parties: parties.map((entry, i) => (i === 0 ? { ...entry, address: '' } : entry)) },
    { policy: { ...defaultPolicy, toleranceBp: 51 } },
    { pace: { ...defaultPace, settledWindow: 1_023 } },
  ];
  const networks = variants.map((variant) => toHex(open({ ...good, ...variant }).network));
  assert.is(new Set(networks).size, variants.length);
});

test('header 0 follows from the record, and needs no certificate', () => {
  const genesis = open(good);
  const { header, committee } = genesis;
  assert.equal(genesis.headerId, headerId(header));
  assert.is(header.height, 0);
  assert.is(header.time, good.time);
  assert.equal(header.network, genesis.network);
  for (const empty of [header.previous, header.anchor]) assert.equal(empty, zero32);
  for (const empty of [header.outcomesRoot, header.historyRoot]) assert.equal(empty, emptyRoot);
  assert.equal(header.committeeHash, committee.hash);
  assert.is(committee.size, 4);
  assert.ok(committee.holds(1) && committee.holds(Number.MAX_SAFE_INTEGER));
  assert.equal(genesis.makeState().map.root, header.stateRoot);
});

test('the first state holds every party, every key and the first epoch, and nothing else', () => {
  const genesis = open({
    ...good,
    parties: parties.map((entry, i) =>
      i === 4 ? { ...entry, keys: [keys[4]!, signerOf(9).publicKey] } : entry,
    ),
  });
  const state = genesis.makeState();
  assert.is(state.size, 5 + 6 + 2);
  const id = labelKey(genesis.network, 'lei', lei(4));
  assert.is(state.get(party, id)?.name, 'Party 4');
  for (const publicKey of [keys[4]!, signerOf(9).publicKey]) {
    assert.equal(state.get(key, publicKey), { party: id, kind: 'party', state: 'ACTIVE', since: 0 });
  }
  // A state each time: one network's run does not write into another's.
  assert.is.not(genesis.makeState(), state);
});

test('keys that could be anybody’s, or two people’s, are refused', () => {
  const smallOrder = Uint8Array.of(1, ...new Uint8Array(31));
  const withKeys = (at: number, ...changed: Uint8Array[]) =>
    parties.map((entry, i) => (i === at ? { ...entry, keys: changed } : entry));
  assert.is(codeOf({ parties: withKeys(4, smallOrder) }), 'E_CREDENTIAL');
  assert.is(codeOf({ parties: withKeys(4, repeat(0xff)) }), 'E_CREDENTIAL');
  assert.is(codeOf({ parties: withKeys(4, keys[0]!) }), 'E_CREDENTIAL', 'another party’s');
  assert.is(codeOf({ parties: withKeys(4, keys[4]!, keys[4]!) }), 'E_CREDENTIAL', 'twice');
});

test('a party has one legal entity identifier, with right check digits, and no other party has it', () => {
  const withLei = (text: string) => parties.map((entry, i) => (i === 4 ? { ...entry, lei: text } : entry));
  assert.is(codeOf({ parties: withLei(lei(5)) }), 'OK');
  assert.is(codeOf({ parties: withLei(lei(0)) }), 'E_ID_INVALID', 'another party’s');
  const digits = Number(lei(4).slice(18));
  const wrong = `${lei(4).slice(0, 18)}${String((digits + 1) % 100).padStart(2, '0')}`;
  assert.is(codeOf({ parties: withLei(wrong) }), 'E_ID_INVALID', 'check digits');
  assert.is(codeOf({ parties: withLei(lei(4).toLowerCase()) }), 'E_ID_INVALID', 'one spelling');
});

test('each seat is one party’s key, and named once', () => {
  assert.is(codeOf({ seats: [...good.seats.slice(1), good.seats[1]!] }), 'E_CREDENTIAL');
  assert.is(codeOf({ seats: [...good.seats.slice(1), signerOf(9).publicKey] }), 'E_CREDENTIAL');
  assert.is(codeOf({ seats: keys }), 'OK');
  assert.is(codeOf({ suite: 2 }), 'E_SUITE');
});

test('bonds are one party’s each, behind a key of its own, and not too small', () => {
  const stake = (party: number, amount: number, seat = keys[party]!) => ({
    lei: lei(party),
    amount,
    key: seat,
  });
  const codeWith = (...stakes: GenesisRecord['committee']['stakes']) =>
    codeOf({ committee: { ...good.committee, stakes } });
  assert.is(codeWith(stake(0, 1), stake(1, 256)), 'E_SCHEMA', '1 of 257: the least bond is 2');
  assert.is(codeWith(stake(0, 1), stake(1, 255)), 'OK');
  assert.is(codeWith(stake(0, 5), stake(0, 5)), 'E_SCHEMA', 'twice');
  assert.is(codeWith({ ...stake(0, 5), lei: lei(9) }), 'E_SCHEMA', 'nobody’s');
  assert.is(codeWith(stake(0, 5, keys[1])), 'E_CREDENTIAL');
  assert.is(codeWith(stake(0, Number.MAX_SAFE_INTEGER), stake(1, 1)), 'E_SCHEMA', 'too much in all');
  const tooFew = { ...good.committee, policy: 'stake' as const, seatsWanted: 3 };
  assert.is(codeOf({ committee: tooFew }), 'E_SCHEMA');
  const genesis = open({ ...good, committee: { ...good.committee, stakes: [stake(0, 5), stake(1, 7)] } });
  const held = genesis.makeState().get(stakeObject, labelKey(genesis.network, 'lei', lei(1)))!;
  assert.equal([held.bonded, held.weight, held.free, held.key], [7, 7, 0, keys[1]]);
});

test('an epoch of the genesis committee ends where the genesis says', () => {
  const { committee } = open({ ...good, committee: { ...good.committee, epochHeights: 100 } });
  assert.ok(committee.holds(1) && committee.holds(100) && !committee.holds(101));
});

test('a file that does not fit names the field', () => {
  const json = genesisSchema.toJson(good) as { readonly [field: string]: Json };
  const pace = json['pace'] as { readonly [field: string]: Json };
  const broken: [string, Json][] = [
    ['name', { ...json, name: '' }],
    ['name', { ...json, name: 'ü' }],
    ['seats', { ...json, seats: [] }],
    ['seats[0]', { ...json, seats: ['00'] }],
    ['time', { ...json, time: -1 }],
    ['time', { ...json, time: 1.5 }],
    ['extra', { ...json, extra: 1 }],
    ['pace.settledWindow', { ...json, pace: { ...pace, settledWindow: 15 } }],
    ['pace.verticesPerCheckpointMax', { ...json, pace: { ...pace, verticesPerCheckpointMax: 20_001 } }],
    ['pace.heartbeatMs', { ...json, pace: { ...pace, heartbeatMs: 0 } }],
    ['policy', { ...json, policy: null }],
    [
      'parties[0].roles',
      { ...json, parties: [{ ...((json['parties'] as Json[])[0]! as object), roles: [] }] as Json },
    ],
  ];
  for (const [field, file] of broken) {
    const parsed = parseGenesis(file);
    assert.ok(!parsed.ok, field);
    assert.is(parsed.code, 'E_SCHEMA');
    assert.is(parsed.facts['field'], `genesis.${field}`);
  }
  for (const nonsense of [null, 1, 'x', [], {}]) assert.not.ok(parseGenesis(nonsense).ok);
});

test.run();
