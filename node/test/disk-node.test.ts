/** `[STO-3]` at a whole node: what its operator sees of the disk, and how it ends when its budget is used up. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readNodeConfig } from '../config/node-config.ts';
import { makeLog, type RunningNode, startNode } from '../node.ts';
import { exitCodes, StartError } from '../startup.ts';
import {
  type Acted,
  type Api,
  apiOf,
  type LocalNetwork,
  makeNetwork,
  passphrase,
  until,
} from './local-nodes.ts';

const test = suite('disk of a node');
const MIB = 1 << 20;
let network: LocalNetwork;
let running: RunningNode | undefined;

test.before(async () => {
  network = await makeNetwork([{ name: 'a', role: 'monitor', seat: true }], { heartbeatMs: 200 });
});
test.after(async () => {
  await running?.stop();
  await network.remove();
});

/** What the node says in its log, by level. */
const said: string[] = [];

async function start(diskBytesMax: number | undefined): Promise<RunningNode> {
  const config = await readNodeConfig(network.homes[0]!.configFile);
  const log = makeLog({ name: 'a', logLevel: 'silent' });
  log.fatal = ((_: object, text: string) => void said.push(text)) as typeof log.fatal;
  log.warn = ((text: string) => void said.push(text)) as typeof log.warn;
  running = await startNode({ ...config, store: { ...config.store, diskBytesMax } }, passphrase, log);
  await until('a checkpoint is certified', () => running!.services.head.height > 0);
  return running;
}

let devices = 0;
async function enrol(api: Api): Promise<Acted> {
  const { party } = network.homes[0]!;
  const { call } = await api.post('/v1/calls', {
    ...{ transition: 'enrol-device', sign: true },
    args: {
      ...{ owner: party, monitor: party, key: '', replaces: false },
      ...{ identifier: `camera-${devices++}`, functions: ['camera'] },
    },
  });
  // Not for long: whoever still waits when the node stops keeps this process.
  return api.post('/v1/calls/submit?wait=5000', { call });
}

test('status and metrics show the profile, the budget, what holds the space and what went', async () => {
  const node = await start(64 * MIB);
  await enrol(apiOf(node));
  const { disk } = await apiOf(node).get('/v1/status');
  assert.is(disk.profile, 'archive');
  assert.equal([disk.capBytes, disk.roomBytes, disk.takesBatches], [64 * MIB, 48 * MIB, true]);
  assert.equal(disk.pruned, { height: 0, batches: 0, bytes: 0 });
  assert.ok(disk.bytes > 0 && disk.dataBytes > 0 && 'body' in disk.holds);
  const metrics = await (await fetch(node.metricsUrl)).text();
  assert.match(metrics, /\ntally_store_profile\{profile="archive"\} 1\n/);
  assert.match(metrics, /\ntally_disk_cap_bytes 67108864\n/);
  assert.match(metrics, /\ntally_disk_bytes [1-9]\d+\n/);
  assert.match(metrics, /\ntally_takes_batches 1\n/);
  for (const name of ['height', 'batches', 'bytes'])
    assert.match(metrics, new RegExp(`\ntally_pruned_${name} 0\n`));
  assert.is(await node.stop(), exitCodes.stopped);
});

test('used up: it stops by itself with a code of its own, says why, and goes on where it was once there is room', async () => {
  // Room for less than a megabyte.
  const small = 12 * MIB;
  const node = await start(small);
  const api = apiOf(node);
  let last: Acted | undefined;
  const submitters = Array.from({ length: 24 }, async () => {
    for (;;) {
      const acted = await enrol(api).catch(() => undefined);
      if (acted === undefined) return;
      if (acted.outcome === null) continue;
      assert.is(acted.outcome.code, 'OK');
      if (last === undefined || acted.outcome.height > last.outcome.height) last = acted;
    }
  });
  assert.is(await node.stopped, exitCodes.budgetSpent);
  await Promise.all(submitters);
  assert.match(said.at(-1)!, /the node stops: .*the disk budget is used up: .* \[store\] disk_mb = 12 /);
  assert.match(said.join('\n'), /no batches of readings are taken/, 'it had warned before');

  // As full as that it may start once more, and comes to the same end; or it says so at once.
  const again = await start(small - MIB / 2).then(
    (one) => one.stopped,
    (error) => {
      assert.instance(error, StartError);
      assert.match(error.message, /disk_mb/);
      return (error as StartError).exitCode;
    },
  );
  assert.is(again, exitCodes.budgetSpent);

  const roomier = await start(undefined);
  const found = await apiOf(roomier).get(`/v1/calls/${last!.callId}`);
  assert.equal([found.outcome.code, found.outcome.height], ['OK', last!.outcome.height]);
  assert.is((await enrol(apiOf(roomier))).outcome.code, 'OK');
});

test.run();
