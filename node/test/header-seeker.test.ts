/** Headers from before a node's first checkpoint `[SNP-5]`: asked of one peer after the other, and believed by their path alone. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Header, headerId, historyLeaf } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { inclusionPath, treeLevels } from '../../consensus/merkle/tree.ts';
import type { Effect } from '../replica/events.ts';
import { HeaderSeeker } from '../replica/header-seeker.ts';
import type { Ledger } from '../replica/ledger.ts';
import { headerOf } from './store-samples.ts';

const test = suite('sought headers');
const SIZE = 20;
const headers = Array.from({ length: SIZE }, (_, height) => headerOf(height));
const levels = treeLevels(headers.map((header) => historyLeaf(headerId(header))));
const root = levels.at(-1)![0]!;
const proved = (header: Header, path = inclusionPath(levels, header.height), size = SIZE) =>
  ({ type: 'provedHeader', header, size, path }) as const;

function open(peers: readonly string[] = ['a', 'b', 'c']) {
  const sent: string[] = [];
  const awaited = new Set(headers.map((header) => toHex(headerId(header))));
  const effect = (wanted: Effect): void => {
    assert.ok(wanted.type === 'send' && wanted.message.type === 'getHeader' && wanted.message.size === SIZE);
    sent.push(wanted.peer);
  };
  const ledger = { header: { height: SIZE, historyRoot: root } } as Ledger;
  const isAwaited = (id: string): boolean => awaited.has(id);
  return { sent, awaited, seeker: new HeaderSeeker({ ledger, peers: new Set(peers), effect, isAwaited }) };
}

test('asked after a second, then of others; the path alone is believed', () => {
  const { seeker, sent } = open();
  const header = headers[7]!;
  const id = headerId(header);
  seeker.seek(id, 0);
  seeker.tick(999);
  assert.equal([sent, seeker.wakeAt], [[], 1_000], 'it may come by itself');
  assert.equal(seeker.take(proved(header)), { ok: true, value: undefined }, 'nobody was asked yet');
  seeker.tick(1_000);
  seeker.tick(3_000);
  assert.equal(sent, ['a', 'b']);
  const bent = inclusionPath(levels, 7).map((entry, i) => (i === 1 ? hash('header', entry) : entry));
  for (const path of [bent, inclusionPath(levels, 8), [], [...inclusionPath(levels, 7), zero32]]) {
    const refused = seeker.take(proved(header, path));
    assert.is(refused.ok ? 'taken' : refused.code, 'E_PROOF');
  }
  assert.equal(
    seeker.take(proved(header, undefined, SIZE - 1)),
    { ok: true, value: undefined },
    'another history',
  );
  assert.equal(seeker.take(proved(headers[8]!)), { ok: true, value: undefined }, 'not sought');
  assert.equal(seeker.take(proved(header)), { ok: true, value: { id, height: 7 } });
  assert.is(seeker.wakeAt, Number.POSITIVE_INFINITY);
});

test('given up when nobody waits for it any more, and after eight peers; no more than so many are sought', () => {
  const { seeker, sent, awaited } = open();
  seeker.seek(headerId(headers[1]!), 0);
  awaited.delete(toHex(headerId(headers[1]!)));
  seeker.tick(1_000);
  assert.equal([sent, seeker.wakeAt], [[], Number.POSITIVE_INFINITY]);
  seeker.seek(headerId(headers[2]!), 0);
  for (let second = 1; second <= 60; second++) seeker.tick(second * 1_000);
  assert.is(sent.length, 8);
  assert.is(new Set(sent).size, 3);
  for (let number = 0; number < 200; number++) seeker.seek(hash('header', Uint8Array.of(number)), 100_000);
  awaited.clear();
  for (let number = 0; number < 200; number++) awaited.add(toHex(hash('header', Uint8Array.of(number))));
  seeker.tick(101_000);
  assert.is(sent.length, 8 + 64);
});

test.run();
