import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CommitteeChange } from '../../consensus/checkpoint/change.ts';
import { type Header, headerId, historyLeaf } from '../../consensus/checkpoint/header.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { History } from '../../consensus/merkle/history.ts';
import { Follower } from '../gateway/follower.ts';
import type { CertifiedHeader } from '../proof/anchor.ts';
import {
  type Bench,
  benchOf,
  certifiedChain,
  certify,
  firstBench,
  headerAt,
  root,
  START_MS,
} from './certifying.ts';

const test = suite('follower');

const DAY_MS = 86_400_000;
const NOW_MS = START_MS + 10_000;
const chain = certifiedChain(40);

const follow = (newest?: CertifiedHeader) =>
  new Follower({ root, genesisTimeMs: START_MS, trustingPeriodMs: 90 * DAY_MS, newest, changes: [] });
const seen = (follower: Follower, certified: CertifiedHeader, source = 'a', nowMs = NOW_MS) => {
  const sight = follower.observe(certified, source, nowMs);
  return sight.type === 'refused' ? sight.refusal.code : sight.type;
};

test('stands on the newest certified header and never goes back', () => {
  const follower = follow();
  assert.is(follower.head, undefined);
  assert.is(seen(follower, chain[4]!), 'advanced');
  assert.is(seen(follower, chain[4]!, 'b'), 'known');
  assert.is(seen(follower, chain[2]!), 'known');
  assert.is(seen(follower, chain[3]!), 'known');
  assert.is(follower.head, chain[4]);
  assert.is(seen(follower, chain[9]!), 'advanced', 'heights may be left out');
  assert.is(follower.head!.header.height, 10);
  const restarted = follow(follower.head);
  assert.is(seen(restarted, chain[8]!), 'known');
  assert.is(restarted.head!.header.height, 10);
});

test('the order of arrival, from whichever node, does not matter', () => {
  const arrivals = fc.array(fc.tuple(fc.integer({ min: 0, max: 39 }), fc.constantFrom('a', 'b')), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(arrivals, (order) => {
      const follower = follow();
      let newest = 0;
      for (const [index, source] of order) {
        const verdict = seen(follower, chain[index]!, source);
        assert.is(verdict, index + 1 > newest ? 'advanced' : 'known');
        newest = Math.max(newest, index + 1);
        assert.is(follower.head!.header.height, newest);
      }
      assert.is(follower.conflict, undefined);
    }),
  );
});

test('takes nothing that q seats of the genesis’ committee did not sign', () => {
  const follower = follow();
  const header = headerAt(7, zero32);
  const good = certify(header);
  assert.is(seen(follower, certify(header, [0, 1])), 'E_CERTIFICATE', 'two of four');
  assert.is(
    seen(follower, { ...good, header: { ...header, stateRoot: headerId(header) } }),
    'E_CERTIFICATE',
    'another header',
  );
  assert.is(
    seen(follower, { ...good, certificate: { ...good.certificate, view: 1 } }),
    'E_CERTIFICATE',
    'another view',
  );
  const { quorum } = good.certificate;
  const doubled = {
    ...quorum,
    signatures: [quorum.signatures[0]!, quorum.signatures[0]!, quorum.signatures[2]!],
  };
  assert.is(
    seen(follower, { ...good, certificate: { ...good.certificate, quorum: doubled } }),
    'E_CERTIFICATE',
    'one seat twice',
  );
  assert.is(seen(follower, certify({ ...header, network: zero32 })), 'E_NETWORK');
  assert.is(
    seen(follower, certify({ ...header, committeeHash: zero32 })),
    'E_CERTIFICATE',
    'another committee',
  );
  assert.is(follower.head, undefined);
  assert.is(seen(follower, good), 'advanced');
});

test('two certified headers at one height stop it for good, and both are kept', () => {
  const follower = follow();
  seen(follower, chain[5]!, 'a');
  seen(follower, chain[6]!, 'a');
  const other = certify(
    headerAt(6, headerId(chain[4]!.header), { stateRoot: headerId(chain[0]!.header) }),
    [1, 2, 3],
  );
  assert.is(seen(follower, other, 'b'), 'conflict', 'a lagging node shows it');
  assert.is(follower.conflict!.known, chain[5]);
  assert.is(follower.conflict!.other, other);
  assert.is(follower.conflict!.source, 'b');
  const anchored = follower.checkAnchor(chain[6]!.header, { certified: chain[6]!, path: [] }, 'a', NOW_MS);
  assert.ok(!anchored.ok && anchored.code === 'E_CERTIFICATE', 'nothing is believed any more');
  const restarted = follow(chain[6]);
  restarted.recallConflict(follower.conflict!);
  assert.ok(restarted.conflict !== undefined, 'also after a restart');
});

test('a header that does not stand on the one known before it is a conflict, too', () => {
  const below = follow(chain[5]);
  assert.is(seen(below, certify(headerAt(7, zero32)), 'b'), 'conflict');
  const above = follow(chain[6]);
  assert.is(
    seen(above, certify(headerAt(6, zero32, { stateRoot: headerId(chain[0]!.header) })), 'b'),
    'conflict',
  );
});

test('with a trust root older than the trusting period nothing new is judged', () => {
  const late = START_MS + 91 * DAY_MS;
  const follower = follow();
  assert.ok(follower.isUnanchored(late) && !follower.isUnanchored(NOW_MS));
  assert.is(seen(follower, chain[0]!, 'a', late), 'E_CERTIFICATE');
  const recent = certify(headerAt(9, zero32, { time: START_MS + 60 * DAY_MS }));
  assert.is(seen(follower, recent, 'a', START_MS + 60 * DAY_MS), 'advanced');
  assert.not.ok(follower.isUnanchored(late), 'a header seen in time carries the trust on');
});

test('an older header is believed through the history of a certified one', () => {
  let history = History.empty;
  const nodes = new Map<string, Uint8Array>();
  const older = chain.slice(0, 5).map(({ header }) => header);
  // Leaf 0 stands for the genesis header.
  for (const leaf of [zero32, ...older.map(headerId)].map(historyLeaf)) {
    const grown = history.append(leaf);
    history = grown.history;
    for (const { level, index, hash } of grown.completed) nodes.set(`${level}/${index}`, hash);
  }
  const certified = certify(headerAt(6, headerId(older[4]!), { historyRoot: history.root }));
  const follower = follow();
  const path = [nodes.get('0/2')!, nodes.get('1/0')!, nodes.get('1/2')!];
  const believed = follower.checkAnchor(older[2]!, { certified, path }, 'a', NOW_MS);
  assert.ok(believed.ok, JSON.stringify(believed));
  assert.is(follower.head, certified, 'and the anchor is a header like any other');
  assert.not.ok(follower.checkAnchor(older[1]!, { certified, path }, 'a', NOW_MS).ok);
  assert.not.ok(follower.checkAnchor(older[2]!, { certified, path: [] }, 'a', NOW_MS).ok);
  const unsigned = {
    certified: { ...certify(headerAt(7, zero32)), certificate: certified.certificate },
    path: [],
  };
  const refused = follow().checkAnchor(unsigned.certified.header, unsigned, 'a', NOW_MS);
  assert.ok(!refused.ok && refused.code === 'E_CERTIFICATE');
});

// ---- over epochs

/** Epochs of ten heights, each with other seats: headers 1 to `epochs` · 10, and the changes between. */
function epochsOf(epochs: number): {
  readonly headers: CertifiedHeader[];
  readonly changes: CommitteeChange[];
} {
  const headers: CertifiedHeader[] = [];
  const changes: CommitteeChange[] = [];
  let bench = firstBench;
  for (let height = 1; height <= 10 * epochs; height++) {
    const next = height % 10 === 0 ? benchOf(height / 10, height + 1, seatsOfEpoch(height / 10)) : bench;
    const header = headerIn(bench, height, headers.at(-1), { nextCommitteeHash: next.committee.hash });
    const certified = certify(header, [0, 1, 2], bench);
    headers.push(certified);
    if (next !== bench) changes.push({ ...certified, committee: next.committee.record });
    bench = next;
  }
  return { headers, changes };
}

const seatsOfEpoch = (epoch: number) => [0, 1, 2, 3].map((seat) => `epoch ${epoch} seat ${seat}`);
const benchOfEpoch = (epoch: number): Bench =>
  epoch === 0 ? firstBench : benchOf(epoch, 10 * epoch + 1, seatsOfEpoch(epoch));

function headerIn(
  { committee }: Bench,
  height: number,
  before: CertifiedHeader | undefined,
  fields: Partial<Header> = {},
): Header {
  const office = { epoch: committee.epoch, committeeHash: committee.hash, nextCommitteeHash: committee.hash };
  return headerAt(height, before === undefined ? zero32 : headerId(before.header), { ...office, ...fields });
}

const { headers, changes } = epochsOf(4);
const take = (follower: Follower, change: CommitteeChange) => {
  const sight = follower.change(change, 'a', NOW_MS);
  return sight.type === 'refused' ? sight.refusal.code : sight.type;
};

test('from committee to committee: by the changes between, each in its turn, and durably', () => {
  const follower = follow();
  assert.is(seen(follower, headers[4]!), 'advanced');
  assert.is(seen(follower, headers[34]!), 'ahead', 'of epoch 3: not to be judged yet');
  assert.is(take(follower, changes[1]!), 'ahead', 'one left out');
  for (const change of changes.slice(0, 3)) assert.is(take(follower, change), 'changed');
  assert.is(take(follower, changes[1]!), 'known', 'it took place before');
  assert.is(follower.epoch, 3);
  assert.is(follower.head!.header.height, 30);
  assert.is(seen(follower, headers[34]!), 'advanced');
  assert.is(seen(follower, headers[12]!), 'known', 'from a node that lags');
  assert.is(seen(follower, certify(headers[34]!.header, [0, 1, 3], benchOfEpoch(3))), 'known');

  const start = { root, genesisTimeMs: START_MS, trustingPeriodMs: 90 * DAY_MS };
  const restarted = new Follower({ ...start, newest: follower.head, changes: follower.changes });
  assert.is(restarted.epoch, 3);
  assert.is(restarted.head!.header.height, 35);
  assert.is(seen(restarted, headers[36]!), 'advanced');
  assert.is(seen(restarted, headers[39]!), 'advanced');
  const behind = new Follower({ ...start, newest: headers[4], changes: follower.changes });
  assert.is(behind.head!.header.height, 30, 'the change was kept later than the newest header');
  const lost = new Follower({ ...start, newest: follower.head, changes: follower.changes.slice(0, 2) });
  assert.is(seen(lost, headers[36]!), 'ahead');
  assert.is(take(lost, changes[2]!), 'changed', 'a change that was not kept is taken again');
  assert.is(seen(lost, headers[36]!), 'advanced');
});

test('a committee’s word counts within its heights: whoever ended may not go on, whoever is to come may not begin', () => {
  const follower = follow();
  for (const change of changes.slice(0, 2)) take(follower, change);
  const early = certify(headerIn(benchOfEpoch(2), 20, headers[18]), [0, 1, 2], benchOfEpoch(2));
  assert.is(seen(follower, early), 'E_CERTIFICATE', 'a height before its first');
  const late = certify(headerIn(benchOfEpoch(1), 22, headers[20]), [0, 1, 2], benchOfEpoch(1));
  assert.is(seen(follower, late, 'b'), 'conflict', 'a height after its end');
  assert.is(follower.conflict!.known.header.height, 20);
  assert.is(follower.conflict!.other, late);
});

test('an epoch ends once, and above whatever its committee certified', () => {
  const again = follow();
  take(again, changes[0]!);
  const second = certify(headerIn(firstBench, 8, headers[6], { nextCommitteeHash: zero32 }));
  assert.is(seen(again, second, 'b'), 'conflict', 'a second end');

  const below = follow();
  assert.is(seen(below, headers[8]!), 'advanced');
  const earlier = certify(headerIn(firstBench, 5, headers[3], { nextCommitteeHash: zero32 }));
  assert.is(seen(below, earlier, 'b'), 'conflict', 'an end below what it certified');

  const calm = follow();
  for (const change of changes) take(calm, change);
  let before = headers[39]!;
  for (let height = 41; height <= 340; height++) {
    before = certify(headerIn(benchOfEpoch(4), height, before), [0, 1, 2], benchOfEpoch(4));
    assert.is(seen(calm, before), 'advanced');
  }
  assert.is(seen(calm, headers[9]!, 'b'), 'known', 'the very end again, long after');
});

test('a change that q seats of the committee before did not certify, or that names another committee, is none', () => {
  const follower = follow();
  const [first] = changes as [CommitteeChange];
  const forged = certify(first.header, [0, 1]);
  assert.is(take(follower, { ...first, certificate: forged.certificate }), 'E_CERTIFICATE');
  const other = benchOf(1, 11, ['x', 'y', 'z', 'w']).committee.record;
  assert.is(take(follower, { ...first, committee: other }), 'E_HEADER');
  assert.is(take(follower, { ...headers[10]!, committee: first.committee }), 'ahead');
  const plain = { ...headers[4]!, committee: firstBench.committee.record };
  assert.is(take(follower, plain), 'E_HEADER', 'no end at all');
  assert.is(follower.epoch, 0);
  assert.is(follower.conflict, undefined);
  assert.is(take(follower, first), 'changed');
});

test('changes are believed within the trusting period only', () => {
  const follower = follow();
  const sight = follower.change(changes[0]!, 'a', START_MS + 91 * DAY_MS);
  assert.ok(sight.type === 'refused' && follower.epoch === 0);
});

test.run();
