/** The API of one real node, alone in its network: who may ask, how it refuses, what it remembers. */

import '../polyfill.ts';
import { stat } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { callId, composeCall, signCall, signedCall } from '../../consensus/vertex/call.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { readEvents } from '../cli/follow-events.ts';
import { nativeSigner } from '../crypto/native.ts';
import type { RunningNode } from '../node.ts';
import { Api, act, apiOf, type LocalNetwork, leiOf, makeNetwork, startHome, until } from './local-nodes.ts';

const test = suite('http api');

let network: LocalNetwork;
let node: RunningNode;
let api: Api;

test.before(async () => {
  network = await makeNetwork([{ name: 'bank', role: 'bank', seat: true }], { heartbeatMs: 1_000 });
  node = await startHome(network.home('bank'));
  api = apiOf(node);
  await until('a checkpoint is certified', () => node.services.head.height > 0);
});
test.after(async () => {
  await node.stop();
  await network.remove();
});

/** A key of the test's own, to be enrolled. */
const newKey = (n: number) => nativeSigner(Uint8Array.from({ length: 32 }, (_, i) => (i + n) & 255));
const enrolArgs = (n: number) => ({
  party: network.home('bank').party,
  key: toHex(newKey(n).publicKey),
  kind: 'party',
  monitor: null,
  replaces: null,
});

/** Adds the signature of a key that no node holds. */
function signedBy(n: number): (call: string) => string {
  return (hex) => {
    const call = signedCall.decode(fromHex(hex)!);
    if (!call.ok) throw new Error('not a call');
    const signatures = [...call.value.signatures, signCall(call.value, newKey(n))];
    signatures.sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1));
    return toHex(signedCall.encode({ ...call.value, signatures }));
  };
}

test('health is for everybody, everything under /v1 for the holder of the token', async () => {
  const anonymous = new Api(node.api.url);
  assert.equal(await anonymous.get('/livez'), { live: true });
  assert.equal(await anonymous.get('/readyz'), { ready: true });
  for (const [method, path] of [
    ['GET', '/v1/status'],
    ['GET', '/v1/objects/loan'],
    ['GET', '/v1/events'],
    ['POST', '/v1/calls'],
    ['POST', '/v1/calls/sign'],
    ['POST', '/v1/calls/submit'],
  ] as const) {
    const body = method === 'POST' ? '{' : undefined;
    for (const asker of [
      anonymous,
      new Api(node.api.url, 'x'.repeat(43)),
      new Api(node.api.url, `${node.api.token}x`),
    ]) {
      const { status, code, media } = await asker.refused(method, path, body);
      assert.equal(
        [status, code, media],
        [401, 'E_CREDENTIAL', 'application/problem+json; charset=utf-8'],
        `${method} ${path}`,
      );
    }
  }
  const { mode } = await stat(network.home('bank').tokenFile);
  assert.is(mode & 0o777, 0o600);
});

test('a route that is none, a body that is none: problems with our code', async () => {
  assert.is((await api.refused('GET', '/v1/nothing')).status, 404);
  assert.is((await api.refused('DELETE', '/v1/status')).status, 404);
  const notJson = await api.refused('POST', '/v1/calls', '{"transition":');
  assert.equal([notJson.status, notJson.code, notJson.facts?.['field']], [400, 'E_SCHEMA', 'body']);
  const text = await api.refused('POST', '/v1/calls', '{}', { 'content-type': 'text/plain' });
  assert.is(text.status, 400);
  const missing = await api.refused('POST', '/v1/calls', { transition: 'apply' });
  assert.equal([missing.status, missing.facts?.['field']], [400, 'args']);
  const unknown = await api.refused('POST', '/v1/calls', { transition: 'apply', args: {}, argz: {} });
  assert.equal([unknown.status, unknown.facts?.['field']], [400, 'argz']);
  const large = await api.refused('POST', '/v1/calls', {
    transition: 'apply',
    args: { text: 'x'.repeat(300_000) },
  });
  assert.equal([large.status, large.code], [413, 'E_LIMIT_BYTES']);
  assert.is((await api.refused('GET', '/v1/vertices/12')).status, 400);
  assert.is((await api.refused('GET', `/v1/vertices/${'0'.repeat(64)}`)).status, 404);
  assert.is((await api.refused('GET', '/v1/objects/nothing')).code, 'E_NOT_FOUND');
  assert.is((await api.refused('GET', '/v1/checkpoints/999999')).status, 404);
});

test('arguments that do not fit: the problem names the field, also deep inside', async () => {
  const refusal = async (transition: string, args: object) => {
    const { status, facts, remedy } = await api.refused('POST', '/v1/calls', { transition, args });
    assert.is(status, 400);
    assert.ok(remedy!.length > 0);
    return facts?.['field'];
  };
  assert.is(await refusal('no-such', {}), 'transition');
  assert.is(await refusal('enrol-key', { ...enrolArgs(1), colour: 'red' }), 'colour');
  assert.is(await refusal('enrol-key', { ...enrolArgs(1), kind: 'nothing' }), 'kind');
  assert.is(await refusal('enrol-key', { ...enrolArgs(1), key: 'abc' }), 'key');
  const loan = {
    applicant: 'lei:1',
    bank: 'lei:2',
    lei: leiOf(0),
    amount: 5,
    currency: 'EUR',
    maturity: 1,
    orders: ['A', 5],
    units: ['sscc:1'],
  };
  assert.is(await refusal('apply', loan), 'orders[1]');
  const decision = { type: 'approve', grant: 'x', evaluation: '0'.repeat(64), limit: 1, until: 1 };
  assert.is(await refusal('decide', { loan: '0'.repeat(64), decision }), 'decision.grant');
  const { code } = await api.refused('POST', '/v1/calls', {
    transition: 'enrol-key',
    args: enrolArgs(1),
    deadline: Date.now() + 1e12,
  });
  assert.is(code, 'E_SCHEMA');
  const late = await api.refused('POST', '/v1/calls', {
    transition: 'enrol-key',
    args: enrolArgs(1),
    deadline: 5,
  });
  assert.is(late.code, 'E_EXPIRED');
});

test('a name stands for its ledger key where an id is wanted, and for itself where text is', async () => {
  const composed = await api.post('/v1/calls', {
    transition: 'enrol-key',
    args: { ...enrolArgs(1), party: `lei:${leiOf(0)}` },
  });
  assert.is(composed.args.party, network.home('bank').party);
  const args = { pledge: '0'.repeat(64), waived: false };
  const released = await api.post('/v1/calls', {
    transition: 'release',
    args: { ...args, pledge: 'sscc:340123450000000017' },
  });
  const { id } = await api.get('/v1/search/sscc/340123450000000017');
  assert.is(released.args.pledge, id);
});

test('a label with a slip is refused, by each kind of search, before it can read as free goods', async () => {
  for (const kind of ['', '/certificate', '/bundle']) {
    const slip = await api.refused('GET', `/v1/search/sscc/340123450000000018${kind}`);
    assert.equal(
      [slip.status, slip.code, slip.detail],
      [400, 'E_ID_INVALID', 'label: check digit is wrong (modulo 10): 8, character 18'],
      kind,
    );
    const short = await api.refused('GET', `/v1/search/sscc/34012345${kind}`);
    assert.equal([short.code, short.detail], ['E_ID_INVALID', 'label: expected 18 digits']);
  }
  const lot = await api.refused('GET', `/v1/search/lot/${encodeURIComponent('09506000134353/7')}`);
  assert.equal([lot.status, lot.detail], [400, 'label: check digit is wrong (modulo 10): 3, character 14']);
  const lei = await api.refused('GET', `/v1/search/lei/${leiOf(0).slice(0, 18)}00`);
  assert.equal([lei.status, lei.detail], [400, 'label: check digits are wrong (MOD 97-10)']);
});

test('compose, sign, try, submit, wait: final, with a bundle that verifies offline; asked twice it is one vertex', async () => {
  const composed = await api.post('/v1/calls', { transition: 'enrol-key', args: enrolArgs(2) });
  assert.equal(composed.signers, [
    { party: network.home('bank').party, roles: composed.signers[0].roles, signed: false },
  ]);
  const untried = await api.post('/v1/calls/check', { call: composed.call });
  assert.equal([untried.passes, untried.refusal.code], [false, 'E_ROLE']);
  const signed = await api.post('/v1/calls/sign', { call: composed.call });
  assert.is(signed.signers[0].signed, true);
  assert.is(
    (await api.post('/v1/calls/sign', { call: signed.call })).call,
    signed.call,
    'signing is idempotent',
  );
  const complete = signedBy(2)(signed.call);
  const merged = await api.post('/v1/calls/describe', {
    call: [composed.call, signedBy(2)(composed.call), signed.call],
  });
  assert.is(merged.call, complete, 'copies signed apart are put together');
  const tried = await api.post('/v1/calls/check', { call: complete });
  assert.is(tried.passes, true);
  const written = tried.writes.map((write: { type: string }) => write.type).sort();
  assert.equal(written, ['call', 'key', 'nonce', 'nonce'], 'of both signers');
  assert.is(
    (await api.refused('GET', `/v1/calls/${composed.callId}`)).status,
    404,
    'trying leaves nothing behind',
  );

  const answers = await Promise.all(
    [1, 2, 3].map(() => api.post('/v1/calls/submit?wait=60000', { call: complete })),
  );
  const [submitted] = answers;
  // Who asks just as the checkpoint becomes durable is told the outcome before its latency is known.
  for (const answer of answers) assert.equal({ ...answer, latencyMs: 0 }, { ...submitted, latencyMs: 0 });
  assert.equal(
    [submitted.status, submitted.outcome.code, submitted.callId],
    ['final', 'OK', composed.callId],
  );
  assert.ok(submitted.latencyMs >= 0 && submitted.outcome.height > 0);
  const again = await api.request('POST', '/v1/calls/submit', { call: complete });
  assert.is(again.status, 200);
  assert.is(((await again.json()) as { vertex: string }).vertex, submitted.vertex);
  assert.is((await api.get(`/v1/calls/${composed.callId}`)).vertex, submitted.vertex);
  const shown = await api.get(`/v1/vertices/${submitted.vertex}`);
  assert.equal(
    [shown.kind, shown.outcome.code, shown.call.transition, shown.call.args.kind],
    ['transaction', 'OK', 'enrol-key', 'party'],
  );
  const bundle = await api.bytes(`/v1/vertices/${submitted.vertex}/bundle`);
  assert.is(verifyBundle(bundle, network.genesis, { nowMs: Date.now() }).verdict, 'valid');
  for (const at of [40, bundle.length - 1]) {
    const changed = bundle.slice();
    changed[at]! ^= 1;
    assert.is(verifyBundle(changed, network.genesis, { nowMs: Date.now() }).verdict, 'invalid');
  }
  const replayed = await api.post('/v1/calls/check', { call: complete });
  assert.equal([replayed.refusal.code, replayed.refusal.conflict], ['E_REPLAY', submitted.vertex]);
});

test('a call that the contracts refuse is final too, with its code and what stood in the way', async () => {
  const first = await act([api], 'enrol-key', enrolArgs(3), signedBy(3));
  assert.is(first.outcome.code, 'OK');
  const second = await act([api], 'enrol-key', enrolArgs(3), signedBy(3));
  assert.equal([second.outcome.code, second.outcome.conflict], ['E_ID_LIVE', toHex(newKey(3).publicKey)]);
  assert.is((await api.get(`/v1/calls/${second.callId}`)).outcome.code, 'E_ID_LIVE');
  const bundle = await api.bytes(`/v1/vertices/${second.vertex}/bundle`);
  const { verdict, facts } = verifyBundle(bundle, network.genesis, { nowMs: Date.now() });
  assert.is(verdict, 'valid');
  assert.ok(facts.some(({ text }) => text.includes('E_ID_LIVE')));
});

test('calls of another network, forged, or out of shape are not signed', async () => {
  const { call } = await api.post('/v1/calls', { transition: 'enrol-key', args: enrolArgs(4), sign: true });
  const refusal = async (hex: string | string[]) =>
    (await api.refused('POST', '/v1/calls/sign', { call: hex })).code;
  assert.is(await refusal(call.slice(0, -2)), 'E_ENC');
  assert.is(await refusal('zz'), 'E_SCHEMA');
  const decoded = signedCall.decode(fromHex(call)!);
  if (!decoded.ok) throw new Error('not a call');
  const { value } = decoded;
  const elsewhere = { ...value, header: { ...value.header, network: zero32 }, signatures: [] };
  assert.is(await refusal(toHex(signedCall.encode(elsewhere))), 'E_NETWORK');
  const otherParts = value.parts.map((part, i) =>
    i === 1 ? { ...part, salt: part.salt.map((byte) => byte ^ 1) } : part,
  );
  assert.is(await refusal(toHex(signedCall.encode({ ...value, parts: otherParts }))), 'E_PAYLOAD');
  const [own] = value.signatures;
  const forged = { ...own!, signature: own!.signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) };
  assert.is(await refusal(toHex(signedCall.encode({ ...value, signatures: [forged] }))), 'E_SIG');
  const other = await api.post('/v1/calls', { transition: 'enrol-key', args: enrolArgs(4) });
  assert.is(await refusal([call, other.call]), 'E_SCHEMA');
  const unknown = composeCall({
    ...{
      network: network.genesis.network,
      transition: 'no-such',
      values: [zero32, zero32, zero32],
      salts: [zero32, zero32],
    },
    ...{ nonce: new Uint8Array(16), deadline: Date.now() + 600_000 },
  });
  assert.is(await refusal(toHex(signedCall.encode(unknown))), 'E_SCHEMA');
  assert.is(toHex(callId(value.header)).length, 64);
});

test('objects: by id, by name, page by page, and proofs of presence and of absence', async () => {
  const { party } = network.home('bank');
  const own = await api.get(`/v1/objects/party/${party}`);
  assert.equal([own.classes, own.value.name], [[0, 1, 2], 'bank']);
  assert.is((await api.get(`/v1/objects/party/lei:${leiOf(0)}`)).id, party);
  for (let n = 10; n < 13; n++)
    assert.is((await act([api], 'enrol-key', enrolArgs(n), signedBy(n))).outcome.code, 'OK');
  const all = await api.get('/v1/objects/key?limit=500');
  const ids = all.objects.map((object: { id: string }) => object.id);
  assert.equal(ids, [...ids].sort());
  assert.is(all.next, null);
  const paged: string[] = [];
  for (let after = ''; ; ) {
    const page = await api.get(`/v1/objects/key?limit=2&after=${after}`);
    paged.push(...page.objects.map((object: { id: string }) => object.id));
    if (page.next === null) break;
    after = page.next;
  }
  assert.equal(paged, ids);
  assert.is((await api.get('/v1/objects/key?state=REVOKED')).objects.length, 0);
  for (const id of [`lei:${leiOf(0)}`, `lei:${leiOf(7)}`]) {
    const bundle = await api.bytes(`/v1/objects/party/${id}/bundle`);
    assert.is(verifyBundle(bundle, network.genesis, { nowMs: Date.now() }).verdict, 'valid', id);
  }
});

test('seats are named and an epoch is ended over the API; what is proved after that carries the change', async () => {
  assert.is((await api.get('/v1/status')).epochEndsAt, null, 'no end is scheduled');
  const [seat] = network.genesis.committee.seats;
  const named = await act([api], 'name-seats', { seats: [toHex(seat!)] });
  assert.is(named.outcome.code, 'OK');
  const height = named.outcome.height + 3;
  assert.is((await act([api], 'end-epoch', { height })).outcome.code, 'OK');
  assert.is((await api.get('/v1/status')).epochEndsAt, height);
  const late = await act([api], 'end-epoch', { height: height + 1 });
  assert.is(late.outcome.code, 'E_STATE');
  for (let n = 60; (await api.get('/v1/status')).epoch === 0; n++) {
    assert.ok(n < 70, 'the epoch does not end');
    await act([api], 'enrol-key', enrolArgs(n), signedBy(n));
  }
  const after = await act([api], 'enrol-key', enrolArgs(80), signedBy(80));
  assert.is(after.outcome.code, 'OK');
  const bundle = await api.bytes(`/v1/vertices/${after.vertex}/bundle`);
  const { verdict, facts } = verifyBundle(bundle, network.genesis, { nowMs: Date.now() });
  assert.is(verdict, 'valid', JSON.stringify(facts));
  assert.ok(facts.some(({ text }) => text.includes('One change of committee leads')));
});

test('status, checkpoints, peers, transitions, and a document of the API that names them all', async () => {
  const status = await api.get('/v1/status');
  assert.equal(
    [status.name, status.seat, status.seats, status.quorum, status.epoch, status.ready],
    ['bank', 0, 1, 1, 1, true],
  );
  assert.equal([status.party, status.roles], [network.home('bank').party, ['bank']]);
  const newest = await api.get('/v1/checkpoints/newest?outcomes=true');
  assert.is(newest.header.height, newest.certificate.height);
  assert.equal((await api.get(`/v1/checkpoints/${newest.header.height}`)).id, newest.id);
  assert.equal((await api.get('/v1/peers')).peers, []);
  const listed = await api.get('/v1/transitions');
  assert.equal(
    listed.transitions.map((entry: { name: string }) => entry.name),
    [...transitions.keys()],
  );
  const release = listed.transitions.find((entry: { name: string }) => entry.name === 'agree-pledge');
  assert.equal(
    [release.args.properties.unit['x-visibility'], release.args.properties.ceiling['x-visibility']],
    ['V0', 'V2'],
  );
  assert.ok(!release.args.required.includes('receipt'));
  const document = await new Api(node.api.url).get('/openapi.json');
  for (const path of ['/v1/calls/submit', '/v1/search/{scheme}/{label}/bundle', '/v1/events', '/readyz'])
    assert.ok(path in document.paths, path);
  assert.is((await new Api(node.api.url).request('GET', '/docs/')).status, 200);
});

test('events: what happens, and after a break everything since the last event, or a word that it is lost', async () => {
  const follow = async (count: number, lastId?: string, types = 'checkpoint,outcome,object') => {
    const response = await api.request(
      'GET',
      `/v1/events?types=${types}`,
      undefined,
      lastId === undefined ? {} : { 'last-event-id': lastId },
    );
    assert.is(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    const events: { id: string | undefined; type: string; data: string }[] = [];
    for await (const event of readEvents(response.body!)) {
      events.push(event);
      if (events.length === count) break;
    }
    return events;
  };
  const first = follow(1, undefined, 'outcome');
  const { vertex, callId: id } = await act([api], 'enrol-key', enrolArgs(20), signedBy(20));
  const [outcome] = await first;
  const seen = JSON.parse(outcome!.data) as {
    vertex: string;
    callId: string;
    code: string;
    transition: string;
  };
  assert.equal([seen.vertex, seen.callId, seen.code, seen.transition], [vertex, id, 'OK', 'enrol-key']);

  const missed = await act([api], 'enrol-key', enrolArgs(21), signedBy(21));
  const since = await follow(2, outcome!.id, 'outcome,object');
  assert.ok(
    since.some(({ type, data }) => type === 'object' && data.includes(toHex(newKey(20).publicKey))),
    'the rest of that checkpoint',
  );
  assert.ok(
    since.some(({ type, data }) => type === 'outcome' && data.includes(missed.vertex)),
    'what came meanwhile',
  );
  const ids = since.map((event) => Number(event.id!.split('.')[1]));
  assert.ok(ids.every((number, i) => i === 0 || number > ids[i - 1]!));
  const [lost] = await follow(1, 'another-life.7');
  assert.is(lost!.type, 'lost');
  assert.is((await api.refused('GET', '/v1/events?types=nonsense')).status, 400);
});

test('slow or many listeners are bounded', async () => {
  const open: AbortController[] = [];
  const statuses: number[] = [];
  for (let i = 0; i < 34; i++) {
    const abort = new AbortController();
    open.push(abort);
    const response = await fetch(`${node.api.url}/v1/events`, {
      headers: { authorization: `Bearer ${node.api.token}` },
      signal: abort.signal,
    });
    statuses.push(response.status);
  }
  for (const abort of open) abort.abort();
  assert.equal(
    [statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 503).length],
    [32, 2],
  );
  await until('the listeners are gone', async () => {
    const abort = new AbortController();
    const { status } = await fetch(`${node.api.url}/v1/events`, {
      headers: { authorization: `Bearer ${node.api.token}` },
      signal: abort.signal,
    });
    abort.abort();
    return status === 200;
  });
});

test('metrics count what happened', async () => {
  const read = async () => {
    const text = await (await fetch(node.metricsUrl)).text();
    return (name: string): number =>
      Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  };
  const before = await read();
  await act([api], 'enrol-key', enrolArgs(30), signedBy(30));
  await act([api], 'enrol-key', enrolArgs(30), signedBy(30));
  const after = await read();
  const grown = (name: string) => after(name) - (Number.isNaN(before(name)) ? 0 : before(name));
  assert.is(grown('tally_vertices_total{kind="transaction"}'), 2);
  assert.ok(grown('tally_outcomes_total{code="OK"}') >= 1);
  assert.is(grown('tally_outcomes_total{code="E_ID_LIVE"}'), 1);
  assert.is(grown('tally_finality_seconds_count'), 2);
  assert.ok(grown('tally_checkpoints_total') >= 2);
  assert.ok(after('tally_height') > before('tally_height'));
  assert.ok(after('tally_state_objects') > 0 && after('tally_nodejs_eventloop_lag_seconds') >= 0);
  assert.is((await fetch(new URL('/', node.metricsUrl))).status, 404);
});

test('stopping is graceful, once, and final', async () => {
  const listening = await fetch(`${node.api.url}/v1/events`, {
    headers: { authorization: `Bearer ${node.api.token}` },
  });
  const startedMs = performance.now();
  assert.equal(await Promise.all([node.stop(), node.stop(), node.stopped]), [0, 0, 0]);
  assert.ok(performance.now() - startedMs < 10_000, `${performance.now() - startedMs} ms`);
  await listening.text();
  await assertRejects(() => fetch(`${node.api.url}/livez`));
  const { height } = node.services.head;
  node = await startHome(network.home('bank'));
  assert.ok(node.services.head.height >= height);
  assert.is(node.api.token.length, 43, 'the token is the same file’s');
});

async function assertRejects(call: () => Promise<unknown>): Promise<void> {
  let failed = false;
  await call().catch(() => {
    failed = true;
  });
  assert.ok(failed, 'expected a rejection');
}

test.run();
