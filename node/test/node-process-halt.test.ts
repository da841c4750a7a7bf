/** A node that finds itself wrong, or whose disk fails, stops by itself and says so by its exit code. */

import '../polyfill.ts';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readNodeConfig } from '../config/node-config.ts';
import { startNode } from '../node.ts';
import { exitCodes } from '../startup.ts';
import { act, apiOf, type LocalNetwork, makeNetwork, passphrase, startHome, until } from './local-nodes.ts';

const test = suite('node halts');
const main = fileURLToPath(new URL('../main.js', import.meta.url));
/** In blocks of 512 bytes: no file of the node may grow beyond. */
const FILE_BLOCKS_MAX = 96;

let network: LocalNetwork;
test.before.each(async () => {
  network = await makeNetwork([{ name: 'bank', role: 'bank', seat: true }], {
    heartbeatMs: 50,
    checkpointIntervalMs: 10,
  });
});
test.after.each(async () => {
  await network.remove();
});

test('a replica that throws takes the node down with it, whoever caused the step', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'fatal' }, { write: (line: string) => void lines.push(line) });
  const config = await readNodeConfig(network.home('bank').configFile);
  const node = await startNode(config, passphrase, log);
  await until('a checkpoint is certified', () => node.services.head.height > 0);
  node.replica.step = () => {
    throw new Error('broken invariant: on purpose');
  };
  assert.is(await node.stopped, exitCodes.wrong);
  assert.match(lines.join(''), /the replica broke[\s\S]*on purpose/);
  assert.is(await fetch(`${node.api.url}/livez`).catch(() => 'closed'), 'closed');
  const again = await startHome(network.home('bank'));
  await until('it goes on', () => again.services.head.height > node.services.head.height);
  await again.stop();
});

test('a disk that takes no more: exit code 74, and what was acknowledged is there at the next start', async () => {
  const { configFile } = network.home('bank');
  const script = `ulimit -f ${FILE_BLOCKS_MAX}; exec "${process.execPath}" "${main}" node --config "${configFile}"`;
  const child = spawn('sh', ['-c', script], {
    env: { ...process.env, TALLY_PASSPHRASE: passphrase },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  assert.is(code, exitCodes.storeFailed, errors);
  assert.match(errors, /the store failed/);
  const node = await startHome(network.home('bank'));
  const { height } = node.services.head;
  assert.ok(height > 0, 'its ledger is there');
  await until('it goes on', () => node.services.head.height > height);
  const args = {
    party: network.home('bank').party,
    key: 'ff'.repeat(32),
    kind: 'party',
    monitor: null,
    replaces: null,
  };
  assert.is((await act([apiOf(node)], 'enrol-key', args)).outcome.code, 'E_CREDENTIAL');
  await node.stop();
});

test.run();
