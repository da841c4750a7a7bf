/**
 * Credit over real nodes: a fleet gets a limit from a bank and draws on it; a device leaves the line at the checkpoint of its
 * revocation; rating, indicators and limits are asked of each party's own node, over HTTP and by `tally get`; and asking changes nothing.
 */

import '../polyfill.ts';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { moneyId } from '../../consensus/contracts/objects/money.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { signCall, signedCall } from '../../consensus/vertex/call.ts';
import { nativeSigner } from '../crypto/native.ts';
import type { RunningNode } from '../node.ts';
import {
  type Acted,
  type Api,
  act,
  apiOf,
  type LocalNetwork,
  makeNetwork,
  startAll,
  until,
} from './local-nodes.ts';

const test = suite('credit');
const main = fileURLToPath(new URL('../main.js', import.meta.url));
const DAY_MS = 86_400_000;

let network: LocalNetwork;
let nodes: Map<string, RunningNode>;
const api = (name: 'bank' | 'monitor' | 'fleet'): Api => apiOf(nodes.get(name)!);
const partyOf = (name: 'bank' | 'monitor' | 'fleet'): string => network.home(name).party;

test.before(async () => {
  network = await makeNetwork([
    { name: 'bank', role: 'bank', seat: true },
    { name: 'monitor', role: 'monitor', seat: false },
    { name: 'fleet', role: 'enterprise', seat: false },
  ]);
  nodes = await startAll(network);
});
test.after(async () => {
  for (const node of nodes.values()) await node.stop();
  await network.remove();
});

const truckKey = nativeSigner(Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1));
function truckSigns(hex: string): string {
  const call = signedCall.decode(fromHex(hex)!);
  if (!call.ok) throw new Error('not a call');
  const signatures = [...call.value.signatures, signCall(call.value, truckKey)];
  signatures.sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1));
  return toHex(signedCall.encode({ ...call.value, signatures }));
}

/** Runs `act`, demands the code, and waits until every node has come as far. */
async function settle(acting: Promise<Acted>, code = 'OK'): Promise<Acted> {
  const done = await acting;
  assert.is(done.outcome.code, code, JSON.stringify(done.outcome));
  const { height } = done.outcome;
  await until('every node is there', () =>
    [...nodes.values()].every((node) => node.services.head.height >= height),
  );
  return done;
}

async function tally(...args: string[]): Promise<{ readonly code: number | null; readonly out: string }> {
  const home = network.home('bank');
  const node = nodes.get('bank')!;
  const child = spawn(process.execPath, [
    main,
    'get',
    ...args,
    '--json',
    ...['--url', node.api.url, '--token-file', home.tokenFile],
  ]);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
}

const limits: { line?: string; plain?: string } = {};
const application = (members: object[]) => ({
  ...{ applicant: partyOf('fleet'), bank: partyOf('bank'), currency: 'EUR', purpose: 'fuel and tolls' },
  ...{ amount: 100_000, periodMs: DAY_MS, members },
});
const grant = (limit: string) => ({
  limit,
  decision: { type: 'grant', amount: 80_000, until: Date.now() + 30 * DAY_MS },
});

test('a bank grants limits: one carried by a truck, one by its word', async () => {
  const enrolment = {
    ...{ owner: partyOf('fleet'), monitor: partyOf('monitor'), key: toHex(truckKey.publicKey) },
    ...{ replaces: false, identifier: 'truck-1', functions: ['counter'] },
  };
  await settle(act([api('fleet'), api('monitor')], 'enrol-device', enrolment));
  const issue = {
    issuer: partyOf('bank'),
    to: partyOf('bank'),
    currency: 'EUR',
    amount: 500_000,
    reference: 'TX-1',
  };
  await settle(act([api('bank')], 'issue-money', issue));
  const member = { device: 'device:truck-1', measure: 'pulses', perUnit: 200, most: 50_000 };
  const line = await settle(act([api('fleet')], 'apply-limit', application([member])));
  const plain = await settle(act([api('fleet')], 'apply-limit', application([])));
  Object.assign(limits, { line: line.callId, plain: plain.callId });
  for (const id of [line.callId, plain.callId]) await settle(act([api('bank')], 'validate-limit', grant(id)));
  const { positions } = await api('bank').get(`/v1/credit/limits/lei:${network.home('fleet').lei}`);
  assert.equal(
    positions
      .map(({ id, limit, available, code }: Record<string, unknown>) => [id, limit, available, code])
      .sort(),
    [
      [line.callId, 0, 0, 'E_LIMIT'],
      [plain.callId, 80_000, 80_000, null],
    ].sort(),
  );
});

test('a drawing shows at its own checkpoint; above the limit and while frozen it is refused', async () => {
  const draw = { limit: limits.plain, amount: 30_000, reference: 'fuel' };
  const drawn = await settle(act([api('fleet')], 'draw-limit', draw));
  const after = await api('fleet').get(`/v1/credit/limits/${limits.plain}`);
  assert.ok(after.height >= drawn.outcome.height);
  assert.equal([after.positions[0].used, after.positions[0].available], [30_000, 50_000]);
  await settle(act([api('fleet')], 'draw-limit', { ...draw, amount: 50_001 }), 'E_LIMIT');
  await settle(act([api('fleet')], 'draw-limit', { ...draw, limit: limits.line }), 'E_LIMIT');
  // The truck is a member of the line, and has no mandate.
  const byTruck = {
    ...{ mandate: limits.line, means: limits.line, content: 'fuel', event: '00' },
    ...{ on: { type: 'limit', limit: limits.line }, amount: 1, reference: 'fuel' },
  };
  await settle(act([api('fleet')], 'draw-by-thing', byTruck, truckSigns), 'E_NOT_FOUND');
  const freeze = { limit: limits.plain, by: partyOf('bank'), reason: 'audit' };
  await settle(act([api('bank')], 'freeze-limit', freeze));
  await settle(act([api('fleet')], 'draw-limit', { ...draw, amount: 1 }), 'E_FROZEN');
  const frozen = await api('fleet').get(`/v1/credit/limits/${limits.plain}`);
  assert.equal([frozen.positions[0].available, frozen.positions[0].code], [0, 'E_FROZEN']);
});

test('a thing gets an account, and its owner and its bank see what comes of it: nothing yet', async () => {
  const opening = {
    ...{ device: 'device:truck-1', money: toHex(moneyId(fromHex(partyOf('bank'))!, 'EUR')) },
    ...{ ownedSince: 1_750_000_000_000, ownershipProof: 'ab'.repeat(32) },
    capabilities: { sensing: true, expression: true, processing: true, storage: true, identity: true },
  };
  await settle(act([api('fleet'), api('bank')], 'open-account', opening, truckSigns));
  const path = `/v1/things/lei:${network.home('fleet').lei}`;
  for (const party of ['fleet', 'bank'] as const) {
    const { accounts, totals } = await api(party).get(path);
    assert.equal([accounts.length, accounts[0].currency, accounts[0].result], [1, 'EUR', '0']);
    assert.equal([totals.length, totals[0].sums.paid, totals[0].change], [1, '0', '0']);
  }
  assert.equal((await api('fleet').get('/v1/things/device:truck-1')).accounts.length, 1);
  assert.is((await api('monitor').refused('GET', path)).status, 404);
});

test('a stranger is shown no limit, and rates by what it may see', async () => {
  const path = `/v1/credit/limits/${limits.plain}`;
  assert.equal((await api('monitor').refused('GET', path)).status, 404);
  const rating = await api('monitor').get(`/v1/credit/rating/lei:${network.home('fleet').lei}`);
  assert.is(rating.score, 500_000);
  const own = await api('bank').get(`/v1/credit/rating/lei:${network.home('fleet').lei}`);
  // One limit stands well, one is frozen: (10,000 + 0 + 10,000) / 4 = 5,000; else no history.
  const standing = own.contributions.find(({ factor }: { factor: string }) => factor === 'credit-status');
  assert.equal([standing.value, standing.observations], [5_000, 2]);
  const sum = own.contributions.reduce(
    (total: number, entry: { contribution: number }) => total + entry.contribution,
    0,
  );
  assert.is(sum, own.score);
});

test('indicators of the truck, by its calls as the checkpoints recorded them', async () => {
  const answer = await api('fleet').get('/v1/credit/indicators/device:truck-1?scenario=factory');
  assert.equal(
    [answer.scenario, answer.things.length, answer.things[0].ei.toFixed(6)],
    ['factory', 1, '0.999909'],
  );
  const { accuracy, decision, finality } = answer.things[0].indicators;
  assert.equal([accuracy.good, accuracy.of, decision.value, finality.of], [1, 2, 10_000, 1]);
  assert.is(
    (await api('fleet').refused('GET', '/v1/credit/indicators/device:truck-1?scenario=x')).status,
    400,
  );
  const nothing = await api('monitor').refused(
    'GET',
    `/v1/credit/indicators/lei:${network.home('monitor').lei}`,
  );
  assert.equal([nothing.status, nothing.code], [422, 'E_RANGE']);
  assert.is((await api('fleet').refused('GET', `/v1/credit/rating/${'0'.repeat(64)}`)).status, 404);
  assert.is((await api('fleet').refused('GET', '/v1/credit/rating/nobody')).status, 400);
});

test('`tally get` prints the same; asking changes no state', async () => {
  const root = (await api('bank').get('/v1/status')).stateRoot;
  const fleet = `lei:${network.home('fleet').lei}`;
  for (const [name, id] of [
    ['rating', fleet],
    ['indicators', 'device:truck-1'],
    ['limit', limits.plain!],
    ['things', 'device:truck-1'],
  ] as const) {
    const { code, out } = await tally(name, id);
    assert.is(code, 0, name);
    const printed = JSON.parse(out);
    assert.ok(printed.score ?? printed.things ?? printed.positions ?? printed.accounts, out);
  }
  assert.is((await tally('limit', '0'.repeat(64))).code, 3);
  assert.is((await api('bank').get('/v1/status')).stateRoot, root);
});

test('the truck is revoked: at that checkpoint the line has no member, and nobody rates it', async () => {
  const device = toHex(labelKey(network.genesis.network, 'device', 'truck-1'));
  const before = await api('bank').get(`/v1/objects/credit-limit/${limits.line}`);
  assert.is(before.value.members.length, 1);
  const revoked = await settle(act([api('fleet')], 'revoke-device', { device }));
  const after = await api('bank').get(`/v1/objects/credit-limit/${limits.line}`);
  assert.equal([after.value.members.length, after.value.height], [0, revoked.outcome.height]);
  const refused = await api('bank').refused('GET', `/v1/credit/rating/${device}`);
  assert.equal([refused.status, refused.code], [409, 'E_DEVICE_STATE']);
});

test.run();
