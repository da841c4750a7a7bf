import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { headerId, historyLeaf } from '../../consensus/checkpoint/header.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { History } from '../../consensus/merkle/history.ts';
import { Follower } from '../gateway/follower.ts';
import type { CertifiedHeader } from '../proof/anchor.ts';
import { certifiedChain, certify, headerAt, root, START_MS } from './certifying.ts';

const test = suite('follower');

const DAY_MS = 86_400_000;
const NOW_MS = START_MS + 10_000;
const chain = certifiedChain(40);

const follow = (newest?: CertifiedHeader) =>
  new Follower({ root, genesisTimeMs: START_MS, trustingPeriodMs: 90 * DAY_MS, newest });
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

test.run();
