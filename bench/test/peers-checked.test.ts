/**
 * The peer that checks signatures, as far as it shows without Go: where its program comes from, and that one which checks
 * nothing is found out. The application's own test is beside it: `go test -C bench/peers/checked-kvstore .`
 */

import { createPublicKey, verify } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { CHECKED_INSTALL_LINE, COMET_VERSION, findChecked } from '../peers/binary.ts';
import { forgeRecord, idOf, makeRecord, RECORD_BYTES, recordId } from '../peers/record.ts';
import { Rpc } from '../peers/rpc.ts';
import { countVerified, demandRefusal } from '../peers/signature-check.ts';
import { authorSecret } from '../workload/network.ts';

const test = suite('bench peers: signatures checked');
installNativePrimitives();

test('its program is found, or built where there is Go; else why not, and the line that brings it, are told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-peers-'));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  let said: string[] = [];
  const find = (path: string, goPath?: string): Promise<string | undefined> => {
    said = [];
    const say = (text: string): void => void said.push(...text.split('\n'));
    return findChecked(folder, say, path, async () => goPath);
  };
  const put = async (name: string, script: string): Promise<string> => {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
    return join(bin, name);
  };
  assert.is(await find(bin), undefined);
  assert.match(said.join(), 'go ENOENT');
  assert.ok(said.includes(CHECKED_INSTALL_LINE), said.join());
  await put('go', 'echo no module at hand >&2; exit 1');
  assert.is(await find(bin), undefined);
  assert.match(said.join(), 'no module at hand');
  assert.ok(said.includes(CHECKED_INSTALL_LINE), said.join());
  await put('go', '[ "$1 $2 $4 $6" = "build -C -o ." ] && [ -f "$3/go.mod" ] && echo built >"$5"');
  const built = await find(bin);
  assert.is(await readFile(built!, 'utf8'), 'built\n', said.join());
  const found = await put('checked-kvstore', '');
  assert.is(await find(bin), found);
  assert.is(await find('', folder), found);
  await rm(folder, { recursive: true });
});

test('it is of the version that the driver was written for, and its line names a folder that is there', async () => {
  const source = CHECKED_INSTALL_LINE.split(' ')[3]!;
  const module = await readFile(join(source, 'go.mod'), 'utf8');
  assert.match(module, `require github.com/cometbft/cometbft ${COMET_VERSION}\n`);
});

test('a forged record differs from the good one in its signature only, which is not good any more', () => {
  const author = nativeSigner(authorSecret(1));
  const record = makeRecord(3, 70_000, author);
  const forged = forgeRecord(record);
  assert.is(forged.length, RECORD_BYTES);
  assert.is(idOf(forged), recordId(3, 70_000));
  const partsOf = (transaction: Buffer) => {
    const value = Buffer.from(transaction.toString('latin1').split('=')[1]!, 'base64url');
    return { key: value.subarray(0, 32), signature: value.subarray(32, 96), body: value.subarray(96) };
  };
  const [good, bad] = [partsOf(record), partsOf(forged)];
  assert.ok(bad.key.equals(good.key) && bad.body.equals(good.body));
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: good.key.toString('base64url') };
  const isSigned = ({ body, signature }: typeof good) =>
    verify(null, body, createPublicKey({ key: jwk, format: 'jwk' }), signature);
  assert.equal([isSigned(good), isSigned(bad)], [true, false]);
  assert.is(good.body.toString('latin1', 0, idOf(record).length), idOf(record), 'the id is signed');
});

/** A node that answers every record with this code, and tells this of itself. */
async function standIn(code: number, data: string | undefined): Promise<{ rpc: Rpc; close: () => void }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [{ method }] = JSON.parse(Buffer.concat(chunks).toString());
      const result = method === 'abci_info' ? { response: { data } } : { code, log: `says ${code}` };
      response.end(JSON.stringify([{ id: 0, result }]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const rpc = new Rpc((server.address() as AddressInfo).port, 1);
  return {
    rpc,
    close: () => {
      rpc.close();
      server.close();
    },
  };
}

test('a node that takes a forged record, refuses it for another reason, or has verified too few is found out', async () => {
  const nodes = await Promise.all([
    standIn(3, '{"verified":7}'),
    standIn(0, '{"size":7}'),
    standIn(2, '{"verified":6}'),
    standIn(3, undefined),
  ]);
  const rpcs = nodes.map(({ rpc }) => rpc);
  try {
    const error = await demandRefusal(rpcs).catch(({ message }: Error) => message);
    assert.match(
      String(error),
      'expected code 3 of every node, but node1 answered code 0 "says 0", node2 answered code 2',
    );
    await demandRefusal([rpcs[0]!, rpcs[3]!]);
    assert.equal(await countVerified(rpcs, 7), [
      'node1 has verified no signatures of 7 records in blocks',
      'node2 has verified 6 signatures of 7 records in blocks',
      'node3 has verified no signatures of 7 records in blocks',
    ]);
  } finally {
    for (const { close } of nodes) close();
  }
});

test.run();
