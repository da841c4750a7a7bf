/**
 * A transaction gathers its signatures among real processes over libp2p, by the command line: parties are away, are
 * killed without warning and come back, sign in any order; it is submitted once, and takes effect once.
 */

import '../polyfill.ts';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { signCall, signedCall } from '../../consensus/vertex/call.ts';
import { type LocalNetwork, leiOf, makeNetwork, until } from './local-nodes.ts';
import { NodeProcesses } from './node-processes.ts';
import { newSigner, signedBy } from './pending-calls.ts';

const test = suite('gathering among processes');
let network: LocalNetwork;
let nodes: NodeProcesses;
const newcomer = newSigner('NEWCOMER');
const apiOf = (name: string) => nodes.api(name);
const tally = (name: string, ...args: string[]) => nodes.tally(name, args);

const stateAt = async (name: string, id: string): Promise<string> => {
  const response = await apiOf(name).request('GET', `/v1/pending/${id}`);
  return response.ok ? ((await response.json()) as { state: string }).state : 'none';
};
const untilState = (name: string, id: string, state: string): Promise<void> =>
  until(`at ${name} it is ${state}`, async () => (await stateAt(name, id)) === state, 60_000);

/** Composed by `name`'s node, signed by the newcomer alone, in a file. */
async function composeFor(name: string, countersigners: readonly string[], lei: number): Promise<string> {
  const composed = await apiOf(name).post('/v1/calls', {
    transition: 'enrol-party',
    args: {
      ...{ roles: ['auditor'], key: toHex(newcomer.publicKey), lei: leiOf(lei), name: 'Auditor' },
      ...{ countersigners: countersigners.map((other) => network.home(other).party) },
      ...{ address: '', controller: '00'.repeat(32) },
    },
  });
  const call = signedCall.decode(fromHex(composed.call)!);
  if (!call.ok) throw new Error('not a call');
  const file = join(network.folder, `call-${lei}.hex`);
  await writeFile(file, toHex(signedCall.encode(signedBy(call.value, newcomer))));
  return file;
}

test.before(async () => {
  const cast = ['a', 'b', 'c', 'd'].map((name, i) => ({
    ...{ name, seat: true },
    role: i < 2 ? ('bank' as const) : ('monitor' as const),
  }));
  network = await makeNetwork(cast, { heartbeatMs: 1_000 });
  nodes = await NodeProcesses.start(network);
});
test.after(async () => {
  await nodes.killAll();
  await network.remove();
});

let id = '';

test('proposed while one party is away: the holder says who was reached; the party that is there is told in words', async () => {
  const file = await composeFor('b', ['a', 'c'], 50);
  await nodes.kill('c');
  const proposed = await tally('b', 'tx', '--call', `@${file}`, '--no-sign', '--gather', '--json');
  assert.is(proposed.code, 0, proposed.err);
  ({ callId: id } = JSON.parse(proposed.out));
  await untilState('a', id, 'gathering');
  await until('b knows that a has it', async () => {
    const { signers } = await apiOf('b').get(`/v1/pending/${id}`);
    return signers.find((signer: { party: string }) => signer.party === network.home('a').party).reached;
  });
  const atHolder = await tally('b', 'tx', 'show', id);
  assert.match(atHolder.out, /You proposed it\./);
  assert.match(
    atHolder.out,
    new RegExp(`${network.home('c').party} \\(its node has not been reached yet\\)`),
  );
  assert.not.match(atHolder.out, new RegExp(`${network.home('a').party} \\(its node`));

  const list = await tally('a', 'tx', 'pending');
  assert.match(
    list.out,
    new RegExp(`${id.slice(0, 12)}  enrol-party  0 of 2 signed  gathering .*waits for you`),
  );
  const shown = await tally('a', 'tx', 'show', id.slice(0, 8));
  assert.match(shown.out, /^Enrols a legal entity and its first key\. \(enrol-party\)/);
  assert.match(shown.out, /You are asked to sign it, as bank or monitor\./);
  assert.match(shown.out, /by {8}\d{4}-.*\(in (5\d|60) min\)/);
  assert.match(shown.out, new RegExp(`lei: ${leiOf(50)}`));
  assert.match(shown.out, /Signed:\n {2}nobody/);
  assert.match(shown.out, new RegExp(`tally tx sign ${id.slice(0, 12)}`));
  assert.is((await tally('d', 'tx', 'pending')).out, 'nothing waits\n', 'whoever need not sign sees nothing');
  assert.is((await tally('d', 'tx', 'show', id)).code, 3);
});

test('holder and party are killed without warning; what was signed and asked is still there, and the one who was away is asked', async () => {
  const signed = await tally('a', 'tx', 'sign', id.slice(0, 8));
  assert.is(signed.code, 0, signed.err);
  assert.match(signed.out, /You have signed it\./);
  await nodes.kill('b');
  await nodes.start('c');
  await nodes.start('b');
  await untilState('c', id, 'gathering');
  await until(
    'c sees that a has signed',
    async () => (await apiOf('c').get(`/v1/pending/${id}`)).signedCount === 1,
  );
  await nodes.kill('a');
  await nodes.start('a');
  const own = await apiOf('a').get(`/v1/pending/${id}`);
  assert.equal([own.state, own.signedCount, own.waitsForYou], ['gathering', 1, false]);
});

test('a signature over another call, by a wrong key or of a party that is not asked is refused with a code', async () => {
  const call = signedCall.decode(fromHex((await apiOf('b').get(`/v1/pending/${id}`)).call)!);
  const other = signedCall.decode(
    fromHex((await readFile(await composeFor('b', ['a', 'c'], 51), 'utf8')).trim())!,
  );
  if (!call.ok || !other.ok) throw new Error('not a call');
  const [a, c, d] = ['a', 'c', 'd'].map((name) => network.home(name).signer);
  const unsigned = { ...call.value, signatures: [] };
  const post = async (signature: ReturnType<typeof signCall>) => {
    const body = { call: toHex(signedCall.encode({ ...unsigned, signatures: [signature] })) };
    const { status, code } = await apiOf('b').refused('POST', '/v1/pending', body);
    return [status, code];
  };
  assert.equal(await post(signCall(other.value, c!)), [400, 'E_SIG'], 'over another call');
  assert.equal(
    await post({ ...signCall(call.value, a!), key: c!.publicKey }),
    [400, 'E_SIG'],
    'by a wrong key',
  );
  assert.equal(await post(signCall(call.value, d!)), [403, 'E_ROLE'], 'not asked');
  assert.is(await stateAt('b', id), 'gathering');
});

test('the last signature completes it: submitted once by the holder, final everywhere', async () => {
  assert.is((await tally('c', 'tx', 'sign', id)).code, 0);
  for (const name of ['a', 'b', 'c']) await untilState(name, id, 'final');
  assert.is((await tally('c', 'tx', 'sign', id)).code, 3, 'over');
  const shown = await tally('a', 'tx', 'show', id);
  assert.match(shown.out, /it took effect/);
  const outcome = await apiOf('d').get(`/v1/calls/${id}`);
  assert.is(outcome.outcome.code, 'OK');
  const party = await apiOf('d').get(`/v1/objects/party/lei:${leiOf(50)}`);
  assert.equal(party.value.roles, ['auditor']);
});

test('declined with a reason, and withdrawn', async () => {
  const file = await composeFor('b', ['a', 'c'], 52);
  const proposed = await tally('b', 'tx', '--call', `@${file}`, '--no-sign', '--gather', '--json');
  const { callId } = JSON.parse(proposed.out);
  await untilState('c', callId, 'gathering');
  assert.is((await tally('c', 'tx', 'decline', callId)).code, 2, 'a reason is wanted');
  const declined = await tally('c', 'tx', 'decline', callId, '--reason', 'not an auditor of ours');
  assert.is(declined.code, 0, declined.err);
  await untilState('b', callId, 'declined');
  await untilState('a', callId, 'declined');
  assert.match((await tally('b', 'tx', 'show', callId)).out, /declined: "not an auditor of ours"/);
  assert.is((await tally('b', 'tx', 'decline', callId, '--reason', 'we ask another')).code, 0);
  for (const name of ['a', 'c']) await untilState(name, callId, 'withdrawn');
  const late = await tally('a', 'tx', 'sign', callId);
  assert.is(late.code, 3);
  assert.match(late.err, /E_STATE/);
});

test('after its deadline a signature is refused with a code', async () => {
  const file = await composeFor('b', ['a', 'c'], 53);
  const call = signedCall.decode(fromHex((await readFile(file, 'utf8')).trim())!);
  if (!call.ok) throw new Error('not a call');
  const short = {
    ...call.value,
    header: { ...call.value.header, deadline: Date.now() + 4_000 },
    signatures: [],
  };
  const { callId } = await apiOf('b').post('/v1/pending', {
    call: toHex(signedCall.encode(signedBy(short, newcomer))),
  });
  await untilState('a', callId, 'gathering');
  await untilState('a', callId, 'expired');
  const late = await tally('a', 'tx', 'sign', callId);
  assert.is(late.code, 3);
  assert.match(late.err, /E_EXPIRED/);
});

test.run();
