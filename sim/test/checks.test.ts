/**
 * Each check of the checker by itself: what is right passes, and what is broken by hand is seen. What the checker does with
 * them over whole runs is in checker.test.ts.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { phaseDomain, type VotePhase, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { orderHead } from '../../consensus/contracts/objects/order-receipt.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import { Draft, type LedgerState } from '../../consensus/contracts/state.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { voteSaying } from '../../consensus/pbft/offence.ts';
import { makeOffence } from '../../consensus/vertex/offence.ts';
import { encodeVertex, signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { bundle, peerMessage } from '../../consensus/wire/messages.ts';
import { BURST_VERTICES } from '../../node/replica/allowance.ts';
import { OPEN_VERTICES_MAX } from '../../node/replica/intake.ts';
import { PARKED_MAX } from '../../node/replica/parking.ts';
import { drawSigner, makeGenesis } from '../cast.ts';
import { AuthorChains } from '../checker/authors.ts';
import { checkNodeBounds, checkQueues } from '../checker/bounds.ts';
import { Certifiable } from '../checker/certifiable.ts';
import { CertifiedChain } from '../checker/chain.ts';
import { Checker } from '../checker/checker.ts';
import { Evidence } from '../checker/evidence.ts';
import { checkProgress, Finality } from '../checker/finality.ts';
import type { Finding } from '../checker/finding.ts';
import { checkSilence, HonestWords } from '../checker/honest-words.ts';
import { checkState, checkTime, judgeHalt, Semantics } from '../checker/ledgers.ts';
import { checkBack, checkStored } from '../checker/loss.ts';
import { QUEUE_BYTES_MAX } from '../network/wires.ts';
import { run } from '../run.ts';
import { defaultSettings } from '../settings.ts';
import { World } from '../world.ts';

const test = suite('checks');
const signers = [0, 1, 2, 3].map((number) => drawSigner(1, number));
const genesis = makeGenesis(signers, 4, {});
const [A, B] = [hash('salt', Uint8Array.of(1)), hash('salt', Uint8Array.of(2))];

/** What was found, as `check: what`; empty when nothing was. */
const said = (found: Finding | undefined): string =>
  found === undefined ? '' : `${found.verdict}, ${found.check}: ${found.what}`;

function vote(seat: number, phase: VotePhase, view: number, headerId: Uint8Array, height = 1) {
  const { network, committee } = genesis;
  const subject = { height, view, headerId, newView: zero32 };
  const body = voteBytes({ network, committeeHash: committee.hash, ...subject });
  const signature = signDigest(signers[seat]!, phaseDomain[phase], network, body);
  return { phase, ...subject, seat, signature };
}

test('agreement: another header of a height, however a node comes by it', () => {
  const certified = new CertifiedChain(genesis);
  for (const how of ['has', 'is back with', 'stores'] as const) {
    assert.is(said(certified.checkSame('x', how, 0, genesis.headerId)), '');
    assert.is(said(certified.checkSame('x', how, 1, A)), '', 'nobody has told of that height');
    assert.is(
      said(certified.checkSame('x', how, 0, A)),
      `diverged, agreement: x ${how} another header at height 0`,
    );
  }
});

test('own chain and chain: forks, holes and other predecessors', () => {
  const [honest, other] = ['aa', 'bb'];
  const link = (authorKey: string, sequence: number, previous = zero32, id = A) => ({
    ...{ authorKey, sequence, previous, id, key: toHex(id) },
  });
  const chains = () => new AuthorChains(new Set([honest]));
  assert.is(said(chains().take(link(honest, 1), 'OK')), '');
  assert.is(said(chains().take(link(other, 1), 'E_FORK')), '', 'who is dishonest may fork');
  for (const code of ['E_FORK', 'E_KEY_SUSPENDED'] as Code[])
    assert.match(said(chains().take(link(honest, 1), code)), `broken, own chain: an honest author's vertex`);
  const begun = () => {
    const authors = chains();
    assert.is(said(authors.take(link(other, 1), 'OK')), '');
    return authors;
  };
  assert.is(said(begun().take(link(other, 2, A, B), 'OK')), '');
  assert.match(said(begun().take(link(other, 3, A, B), 'OK')), 'broken, chain: ', 'one is left out');
  assert.match(said(begun().take(link(other, 2, B, B), 'OK')), 'broken, chain: ', 'on another one');
  assert.match(
    said(begun().take(link(other, 1, zero32, B), 'OK')),
    'broken, chain: ',
    'a fork passes for none',
  );
});

test('state, halt and time', () => {
  const { header } = genesis;
  assert.is(said(checkState('x', header.stateRoot, header)), '');
  assert.match(said(checkState('x', A, header)), 'diverged, state: x');
  const halt = (message: string, cause?: Error) => said(judgeHalt('x', new Error(message, { cause })));
  assert.match(halt('own execution disagrees with a certified checkpoint'), 'diverged, state: x halted');
  assert.match(halt('two certified headers at one height'), 'diverged, state: x halted');
  assert.is(
    halt('the replica broke', new Error('why')),
    'invariant broken, halt: x halted: the replica broke: why',
  );
  // As far ahead as clocks may be, and as faults set them; and a millisecond more.
  assert.is(said(checkTime({ ...header, time: 8_000 }, 0, 5_000)), '');
  assert.match(
    said(checkTime({ ...header, time: 8_001 }, 0, 5_000)),
    'broken, time: height 0 is 8001 ms ahead',
  );
});

/** The state with one object put in, which nothing in the contracts would do. */
function changed(state: LedgerState, change: (draft: Draft) => void): LedgerState {
  const copy = state.copy();
  const draft = new Draft(copy);
  change(draft);
  const changes = draft.changes();
  copy.commit(changes, copy.rootAfter(changes));
  return copy;
}

test('semantics: a state that must not be, and one that must not follow', () => {
  const state = genesis.makeState();
  assert.is(said(new Semantics(state).check('x', state)), '');
  const salts = [zero32, zero32] as const;
  const bad = changed(state, (draft) =>
    draft.put(orderHead, zero32, { newest: zero32, number: 1, call: zero32, height: 1 }, [...salts]),
  );
  assert.match(said(new Semantics(state).check('x', bad)), 'broken, semantics 7: x: ');
  // Each state is good; a chain that goes back to nothing is not.
  const { publicKey } = signers[0]!;
  const before = changed(state, (draft) =>
    draft.put(chain, publicKey, { lastSequence: 9, lastId: A, topSequence: 9, suspended: true }, [...salts]),
  );
  const watch = new Semantics(state);
  assert.is(said(watch.check('x', before)), '');
  const after = said(watch.check('x', state));
  assert.match(after, /broken, semantics \d+: x: /, 'an object is gone');
});

test('once and finality', () => {
  const finality = new Finality(2);
  const progress = (settled: boolean, load = 10) =>
    said(checkProgress(finality, settled, load, () => 'nodes'));
  assert.match(progress(true), 'no progress, finality: no node has accepted anything');
  assert.is(progress(true, 9), '', 'nothing was to be said');
  finality.accept('aa', { by: 0, authoredMs: 0, atMs: 1 });
  assert.match(
    progress(false),
    'no progress, finality: 1 accepted vertices are not final, the first aa; 0 heights',
  );
  assert.is(said(finality.onCertified(1, ['aa', 'bb'])), '');
  assert.match(progress(false), '0 accepted vertices are not final; 1 heights are not everywhere; nodes');
  finality.onReached(1, 5);
  finality.onReached(1, 7);
  assert.is(progress(true), '');
  assert.is(
    said(finality.onCertified(2, ['cc', 'bb'])),
    'invariant broken, once: vertex bb is final again at height 2',
  );
});

test('finality: what a node acknowledged after its backup was made may be lost with it, if nobody else did', () => {
  const finality = new Finality(2);
  const open = () => finality.missing.vertices.join();
  finality.accept('aa', { by: 0, authoredMs: 0, atMs: 5 });
  finality.accept('bb', { by: 0, authoredMs: 0, atMs: 6 });
  finality.accept('cc', { by: 0, authoredMs: 0, atMs: 6 });
  finality.accept('cc', { by: 1, authoredMs: 0, atMs: 9 });
  finality.forgive(2, 0);
  assert.is(open(), 'aa,bb,cc', 'another node');
  finality.forgive(0, 5);
  assert.is(open(), 'aa,cc');
  finality.forgive(1, 5);
  assert.is(open(), 'aa');
});

test('one vote: what contradicts, what says the same again, what is another’s', () => {
  const hear = (words: HonestWords, from: number, ...said_: Parameters<typeof vote>) =>
    said(words.hear('x', from, peerMessage.encode({ type: 'vote', ...vote(...said_) })));
  for (const phase of ['prepare', 'commit'] as const) {
    const words = new HonestWords(new Certifiable(4, 3, 0));
    assert.is(hear(words, 0, 0, phase, 0, A), '');
    assert.is(hear(words, 0, 0, phase, 0, A), '', 'again');
    assert.is(hear(words, 0, 0, phase, 1, B), '', 'in another view');
    assert.is(hear(words, 0, 0, phase, 0, B, 2), '', 'at another height');
    assert.is(hear(words, 0, 1, phase, 0, B), '', 'an echo of what another said');
    assert.is(
      hear(words, 0, 0, phase, 0, B),
      `invariant broken, one vote: x sends a ${phase} in view 0 after ${phase} in view 0, at height 1`,
    );
  }
  assert.is(said(checkSilence('x', true, 'why')), '');
  assert.is(
    said(checkSilence('x', false, 'why')),
    'invariant broken, one vote: x does not know what it signed: why',
  );
});

test('agreement: two headers that could both be certified, adopted or not', () => {
  const listen = (liars: number, seats = 4, quorum = 3) => {
    const words = new HonestWords(new Certifiable(seats, quorum, liars));
    return (seat: number, view: number, id: Uint8Array, height = 1) => {
      const message = { type: 'vote', ...vote(seat, 'commit', view, id, height) } as const;
      return said(words.hear('x', seat, peerMessage.encode(message)));
    };
  };
  const found = 'diverged, agreement: two headers of height 1 have the commits to be certified';
  const oneLiar = listen(1);
  assert.equal(
    [oneLiar(0, 0, A), oneLiar(1, 0, A), oneLiar(2, 0, B)],
    ['', '', ''],
    'a liar can certify A alone',
  );
  assert.is(oneLiar(2, 1, B), '', 'again, in another view');
  assert.is(oneLiar(1, 0, B, 2), '', 'of another height');
  assert.is(oneLiar(0, 1, B), found, 'in another view it is no contradiction of its own');
  const noLiar = listen(0);
  for (const seat of [0, 1, 2]) assert.is(noLiar(seat, 0, A), '');
  assert.equal([noLiar(0, 1, B), noLiar(3, 1, B)], ['', '']);
  assert.is(noLiar(1, 1, B), found);
  const tooMany = listen(2);
  for (const seat of [0, 1])
    assert.equal([tooMany(seat, 0, A), tooMany(seat, 1, B)], ['', ''], 'nothing is promised');
});

/** Two commits of one seat in one view. */
function offenceOf(seat: number, second = B) {
  const [one, other] = [A, second].map((id) => voteSaying({ ...vote(seat, 'commit', 0, id) }));
  const about = { key: signers[seat]!.publicKey, committee: genesis.committee.hash, height: 1 };
  return makeOffence(about, one!, other!);
}

test('evidence: what proves nothing, and what convicts the honest', () => {
  const honest = new Set(signers.slice(0, 3).map((signer) => toHex(signer.publicKey)));
  const evidence = new Evidence(genesis.network, honest);
  assert.is(said(evidence.take('x', offenceOf(3))), '');
  assert.match(said(evidence.take('x', offenceOf(3, A))), 'broken, evidence: x shows what proves nothing');
  assert.match(said(evidence.take('x', offenceOf(0))), 'broken, evidence: x convicts an honest seat');
  assert.is(evidence.guilty.length, 2);
});

test('loss: a node that is back below, and a store with a hole or another header', async () => {
  assert.is(said(checkBack('x', 5, 5, false)), '');
  assert.is(said(checkBack('x', 5, 4, true)), '', 'on an old copy');
  assert.is(
    said(checkBack('x', 5, 4, false)),
    'invariant broken, loss: x called height 5 final and is back at 4',
  );
  const world = await World.open({ seed: 2, seats: 4 });
  const certified = new CertifiedChain(world.genesis);
  await world.runUntil('a height', () => world.nodes[0]!.runner!.replica.ledger.height > 0);
  await world.run(100);
  const { store } = world.nodes[0]!;
  const stored = (await store.checkpoint(1))!;
  certified.push(stored.header);
  assert.is(said(await checkStored('x', store, 1, certified)), '');
  assert.is(
    said(await checkStored('x', { checkpoint: async () => undefined }, 1, certified)),
    'invariant broken, loss: x has lost height 1',
  );
  const other = { ...stored, header: { ...stored.header, time: stored.header.time + 1 } };
  assert.match(
    said(await checkStored('x', { checkpoint: async () => other }, 1, certified)),
    'diverged, agreement',
  );
});

test('bounds: at the limit, and one past it', () => {
  assert.is(said(checkNodeBounds('x', { open: OPEN_VERTICES_MAX, parked: PARKED_MAX })), '');
  assert.match(
    said(checkNodeBounds('x', { open: OPEN_VERTICES_MAX + 1, parked: 0 })),
    'broken, bounds: x: 100001 open',
  );
  assert.match(
    said(checkNodeBounds('x', { open: 0, parked: PARKED_MAX + 1 })),
    'broken, bounds: x: 4097 parked',
  );
  assert.is(said(checkQueues(QUEUE_BYTES_MAX)), '');
  assert.match(said(checkQueues(QUEUE_BYTES_MAX + 1)), 'broken, bounds: ');
});

test('assertion: whatever throws within a run', async () => {
  const { failure } = await run({ ...defaultSettings, durationMs: 1_000 }, 1, {
    prepare: (world) =>
      void world.time.after(500, () => {
        throw new Error('planted');
      }),
  });
  assert.is(failure?.check, 'assertion');
  assert.match(failure!.what, 'planted');
});

/** A world of three honest seats and one that is not, and what the checker says of it. */
async function watched(): Promise<{ world: World; failed: () => string }> {
  const world = await World.open({ seed: 1, seats: 4 });
  const checker = new Checker(world, world.nodes.slice(0, 3));
  world.onNotice = (node, notice) => checker.onNotice(node, notice);
  return { world, failed: () => checker.failure?.check ?? '' };
}

test('the checker asks: one vote, evidence, allowance', async () => {
  const frameOf = (seat: number, id: Uint8Array) =>
    peerMessage.encode({ type: 'vote', ...vote(seat, 'commit', 0, id) });
  for (const [seat, wanted] of [
    [0, 'one vote'],
    [3, ''],
  ] as const) {
    const { world, failed } = await watched();
    for (const id of [A, B]) world.network.onSend(seat, 'vote', frameOf(seat, id));
    assert.is(failed(), wanted, `seat ${seat}`);
  }
  const silent = await watched();
  silent.world.onNotice(silent.world.nodes[1]!, { type: 'silent', why: 'planted' });
  assert.is(silent.failed(), 'one vote');
  const accused = await watched();
  accused.world.onNotice(accused.world.nodes[1]!, { type: 'offence', offence: offenceOf(2) });
  assert.is(accused.failed(), 'evidence');
});

const PER_BUNDLE = 100;

test('allowance: one vertex more by gossip than an author may say at once', async () => {
  for (const [author, count, wanted] of [
    [3, BURST_VERTICES, ''],
    [3, BURST_VERTICES + 1, 'allowance'],
    [2, BURST_VERTICES + 1, ''],
  ] as const) {
    const { world, failed } = await watched();
    const [node, by] = [world.nodes[0]!, world.nodes[author]!];
    const vertices: Vertex[] = Array.from({ length: count }, (_, i) =>
      signVertex(
        {
          ...{ network: world.genesis.network, sequence: 1, previous: zero32, parents: [] },
          ...{ checkpoint: world.genesis.headerId, time: world.nowMs, kind: 'readings' },
          payloadHash: hash('salt', uint32Bytes(i)),
        },
        new Uint8Array(0),
        by.signer,
      ),
    );
    // A node that keeps no allowance.
    for (let at = 0; at < count; at += PER_BUNDLE) {
      const told = vertices.slice(at, at + PER_BUNDLE);
      world.aroundGossip(
        node,
        bundle.encode({ publisher: by.signer.publicKey, vertices: told.map(encodeVertex) }),
        () => {
          for (const vertex of told) node.runner!.replica.dag.add(vertex, 0);
          return 'accept';
        },
      );
    }
    assert.is(failed(), wanted, `${count} of node ${author}`);
  }
});

test.run();
