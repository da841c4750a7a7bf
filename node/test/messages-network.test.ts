/**
 * Messages between banks among real processes over libp2p, by the command line: either side is killed without warning amid
 * everything, the recipient is away when the message is sent, and what each side prints.
 */

import '../polyfill.ts';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type LocalNetwork, makeNetwork, until } from './local-nodes.ts';
import { NodeProcesses } from './node-processes.ts';

const test = suite('messages among processes');

let network: LocalNetwork;
let nodes: NodeProcesses;
const tally = (name: string, ...args: string[]) => nodes.tally(name, args);
const lei = (name: string): string => network.home(name).lei;

const viewAt = (name: string, id: string) => nodes.api(name).get(`/v1/messages/${id}`);
const untilState = (name: string, id: string, state: string): Promise<void> =>
  until(
    `at ${name} it is ${state}`,
    async () => {
      const response = await nodes.api(name).request('GET', `/v1/messages/${id}`);
      return response.ok && ((await response.json()) as { state: string }).state === state;
    },
    60_000,
  );

test.before(async () => {
  const cast = ['a', 'b', 'c', 'd'].map((name, i) => ({
    ...{ name, seat: true },
    role: i < 3 ? ('bank' as const) : ('monitor' as const),
  }));
  network = await makeNetwork(cast, { heartbeatMs: 1_000 });
  nodes = await NodeProcesses.start(network);
});
test.after(async () => {
  await nodes.killAll();
  await network.remove();
});

let id = '';

test('a bank without a key is told of, and what to do; then it has one', async () => {
  const early = await nodes.tally('a', ['message', 'send', '-', '--to', lei('b')], 'too early');
  assert.is(early.code, 3);
  assert.match(early.err, /E_NOT_FOUND: the recipient has stated no message key/);
  const keyed = await tally('b', 'message', 'key');
  assert.is(keyed.code, 0, keyed.err);
  assert.match(keyed.out, /^Messages to this bank are sealed to the new key from now on\.\n$/);
  assert.match(await readFile(join(network.home('b').folder, 'messages.age'), 'utf8'), /^-----BEGIN AGE/);
  assert.is((await tally('d', 'message', 'key')).code, 3, 'a monitor has none');
});

test('sent while its recipient is away, and both sides are killed before they meet: it arrives all the same', async () => {
  await nodes.kill('b');
  const file = join(network.folder, 'letter.txt');
  await writeFile(file, 'Release 40 packages to the carrier.\n');
  const sent = await tally('a', 'message', 'send', file, '--to', lei('b'));
  assert.is(sent.code, 0, sent.err);
  assert.match(sent.out, /^message [0-9a-f]{64}\n36 bytes, sealed; its recipient’s node fetches them\./);
  id = /message ([0-9a-f]{64})/.exec(sent.out)![1]!;
  const listed = await tally('a', 'message', 'list');
  assert.match(
    listed.out,
    new RegExp(
      `^${id.slice(0, 12)}  to   ${network.home('b').party.slice(0, 12)}  2.*Z  not received yet\n$`,
    ),
  );
  const open = await tally('a', 'message', 'proof', id.slice(0, 8));
  assert.match(open.out, new RegExp(`^Not received yet: party ${network.home('b').party} has until 2`));

  await nodes.kill('a');
  await nodes.start('b');
  await untilState('b', id, 'SENT');
  assert.is((await viewAt('b', id)).here, false, 'nobody has it but its sender');
  await nodes.start('a');
  await untilState('b', id, 'RECEIVED');
  await nodes.kill('b');
  await untilState('a', id, 'RECEIVED');
  await nodes.start('b');
});

test('the recipient, killed once more, reads it in words or as it is', async () => {
  const listed = await tally('b', 'message', 'list');
  assert.match(
    listed.out,
    new RegExp(
      `^${id.slice(0, 12)}  from ${network.home('a').party.slice(0, 12)}  2.*Z  received  ← unread\n$`,
    ),
  );
  const read = await tally('b', 'message', 'read', id.slice(0, 8));
  assert.is(read.code, 0, read.err);
  assert.is(read.out, 'Release 40 packages to the carrier.\n');
  assert.match(read.err, new RegExp(`^from ${lei('a')}, sent 2.*Z, received 2.*Z; 36 bytes\n$`));
  const file = join(network.folder, 'got.txt');
  const saved = await tally('b', 'message', 'read', id, '--out', file);
  assert.equal([saved.out, await readFile(file, 'utf8')], ['', read.out]);
  assert.not.match((await tally('b', 'message', 'list')).out, /unread/);
});

test('either side proves the delivery to whoever has the genesis', async () => {
  for (const [name, words] of [
    ['a', `Received: party ${network.home('b').party} has opened it and signed for it, 2`],
    ['b', 'Received: this bank has opened it and signed for it, 2'],
  ] as const) {
    const file = join(network.folder, `delivery-${name}.bundle`);
    const proof = await tally(name, 'message', 'proof', id, '--out', file);
    assert.is(proof.code, 0, proof.err);
    assert.ok(proof.out.startsWith(words), proof.out);
    assert.match(proof.out, /content {2}[0-9a-f]{64}\nsalt {5}[0-9a-f]{64}\n/);
    const content = /content {2}([0-9a-f]{64})/.exec(proof.out)![1]!;
    // At a third bank, whose node need not be asked.
    const verified = await nodes.verify(file);
    assert.is(verified.code, 0, verified.err);
    for (const told of ['RECEIVED', content, network.home('a').party, network.home('b').party])
      assert.match(verified.out, told);
  }
  const stranger = await tally('c', 'message', 'proof', id);
  assert.is(stranger.code, 3);
  assert.match(stranger.err, /E_SCOPE: neither sent by this party nor to it/);
  assert.is((await tally('c', 'message', 'list')).out, 'no messages\n');
  assert.is((await tally('c', 'message', 'read', id)).code, 3);
});

test('killed right after it was told that it is sent, a sender still has it to give', async () => {
  await nodes.kill('b');
  const sent = await nodes.tally('a', ['message', 'send', '-', '--to', lei('b'), '--json'], 'second');
  await nodes.kill('a');
  assert.is(sent.code, 0, sent.err);
  const { callId } = JSON.parse(sent.out);
  await Promise.all(['a', 'b'].map((name) => nodes.start(name)));
  await untilState('a', callId, 'RECEIVED');
  const read = await tally('b', 'message', 'read', callId);
  assert.is(read.out, 'second');
  await until('its sender has let it go', async () => !(await viewAt('a', callId)).here);
});

test('what is asked for wrongly is told in words', async () => {
  const long = join(network.folder, 'long');
  await writeFile(long, Buffer.alloc(65_537));
  for (const [args, code, words] of [
    [['send', long, '--to', lei('b')], 2, /65537 bytes, and a message takes 65536 at most/],
    [['send', join(network.folder, 'none'), '--to', lei('b')], 2, /cannot be read/],
    [['send', long.replace('long', 'letter.txt'), '--to', 'Bank B'], 3, /E_SCHEMA: id: expected 64/],
    [['send', long.replace('long', 'letter.txt'), '--to', lei('a')], 3, /E_NOT_FOUND/],
    [['send', long.replace('long', 'letter.txt'), '--to', lei('b'), '--until', 'soon'], 2, /--until soon/],
    [['read', '0123456789'], 3, /no message here has an id that begins with this/],
    [['read', 'xyz'], 2, /expected the id of a message/],
  ] as const) {
    const ended = await tally('a', 'message', ...args);
    assert.is(ended.code, code, ended.err);
    assert.match(ended.err, words);
  }
  const removed = await tally('b', 'message', 'remove', id);
  assert.is(removed.out, `removed: ${id}\n`);
  assert.is((await tally('b', 'message', 'read', id)).code, 3);
  assert.match((await tally('b', 'message', 'list')).out, new RegExp(`${id.slice(0, 12)}.*received\n`));
});

test.run();
