/**
 * Seats that cheat, and what becomes of them `[BFT-2]`: honest nodes see it, write evidence, the ledger convicts the
 * key, and at the next epoch the seat is gone; whoever made two certificates of one height is named before anybody
 * stops (R050).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeQuorum, phaseDomain, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { offenceId, offenceRecord, offender } from '../../consensus/contracts/objects/offence.ts';
import { stakeOf } from '../../consensus/contracts/rules/stake.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { checkOffence, type Offence } from '../../consensus/vertex/offence.ts';
import { peerMessage } from '../../consensus/wire/messages.ts';
import type { Event } from '../../node/replica/events.ts';
import { type SimulatedNode, World } from '../world.ts';
import { checkAgreement, ledgerOf, partyOf } from './epoch-calls.ts';
import { corrupt, lies } from './lies.ts';

const test = suite('offenders');
const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };
const pace = { heartbeatMs: 400, viewTimeoutMs: 600 };

for (const [name, lie] of Object.entries(lies)) {
  for (const policy of ['governance', 'delegates'] as const) {
    test(`${policy}: a seat that ${name} is convicted, loses its stake, and its seat at the next epoch`, async () => {
      const world = await World.open({
        ...{ seed: 900 + name.length, seats: 5, followers: 1, pace },
        committee: { policy, epochHeights: 30, seatsWanted: 5 },
        bonds: [100, 110, 120, 130, 140, 90],
      });
      const seen: Offence[] = [];
      world.onNotice = (_, notice) => {
        if (notice.type === 'offence') seen.push(notice.offence);
      };
      const cheat = world.nodes[2]!;
      const counts = await corrupt(world, cheat, lie);
      const honest = world.nodes.filter((node) => node !== cheat);
      const key = cheat.signer.publicKey;
      const isConvicted = (node: SimulatedNode) => ledgerOf(node).state.get(offender, key) !== undefined;
      for (let i = 0; !honest.every(isConvicted); i++) {
        assert.ok(i < 200, `not convicted; ${counts.told} lies; ${world.describe()}`);
        honest[i % honest.length]!.runner!.dispatch(author);
        await world.run(150);
      }
      assert.ok(counts.told > 0 && seen.length > 0);
      for (const offence of seen) {
        assert.ok(checkOffence(offence, world.genesis.network).ok);
        assert.is(toHex(offence.key), cheat.key, 'nobody else is accused');
      }
      const { state, committee } = ledgerOf(honest[0]!);
      assert.is(stakeOf(state, partyOf(world, cheat)).bonded, 0);
      assert.ok(stakeOf(state, partyOf(world, honest[0]!)).bonded > 0);
      assert.ok(committee.seatOf.has(cheat.key), 'until the end of the epoch it keeps the seat');
      const { height } = seen[0]!;
      assert.is(state.get(offenceRecord, offenceId(key, height))!.height, height);

      await world.runUntil('the next epoch', () =>
        honest.every((node) => ledgerOf(node).committee.epoch === 1),
      );
      for (const node of honest) {
        const { committee: next } = ledgerOf(node);
        assert.not.ok(next.seatOf.has(cheat.key));
        // With delegates the follower, whose bond is the smallest, takes its place.
        assert.is(next.size, policy === 'governance' ? 4 : 5);
      }
      await world.run(5_000);
      assert.ok((await checkAgreement(world)) > 33);
      for (const node of honest) assert.is(node.halted, undefined);
    });
  }
}

test('two certified headers of one height: the node names who signed both, tells it, and stops', async () => {
  const world = await World.open({ seed: 950, seats: 4, followers: 1, pace });
  await world.run(3_000);
  const [victim] = world.nodes.slice(4) as [SimulatedNode];
  const seen: Offence[] = [];
  world.onNotice = (node, notice) => {
    if (notice.type === 'offence' && node === victim) seen.push(notice.offence);
  };
  const { network } = world.genesis;
  const { ledger } = victim.runner!.replica;
  const { header: own, certificate, committee } = ledger;
  const header: Header = { ...own, time: own.time + 1 };
  const { height } = header;
  const subject = { network, committeeHash: committee.hash, height, view: certificate!.view };
  const body = voteBytes({ ...subject, headerId: headerId(header), newView: zero32 });
  const votes = [1, 2, 3].map(
    (seat) => [seat, signDigest(world.nodes[seat]!.signer, phaseDomain.commit, network, body)] as const,
  );
  const forged = { height, view: certificate!.view, quorum: makeQuorum(new Map(votes), committee) };
  const frame = peerMessage.encode({ type: 'certified', speaks: true, header, certificate: [forged] });
  const before = ledger.height;
  victim.runner!.dispatch({ type: 'message', peer: world.nodes[1]!.key, frame });
  await world.run(100);
  assert.ok(victim.halted?.message.includes('two certified headers'), String(victim.halted));
  assert.is(ledger.height, before);
  assert.ok(seen.length > committee.faults, `${seen.length} named`);
  const first = certificate!.quorum.bitmap[0]!;
  const both = [1, 2, 3].filter((seat) => (first & (1 << seat)) !== 0);
  assert.equal(seen.map(({ key }) => committee.seatOf.get(toHex(key))).sort(), both);
  for (const offence of seen) assert.ok(checkOffence(offence, network).ok);
  const evidence = (await victim.store.load()).openVertices.length;
  assert.ok(evidence >= both.length, 'and its evidence is durable');
  await world.runUntil('the others convict them', () =>
    both.every((seat) => ledgerOf(world.nodes[0]!).state.get(offender, committee.seats[seat]!) !== undefined),
  );
});

test.run();
