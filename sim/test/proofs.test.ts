/** Proof bundles made by simulated nodes, checked offline: the true ones hold, and nothing else does. */

import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import {
  certificateSchema,
  makeQuorum,
  phaseDomain,
  voteBytes,
} from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId, headerSchema } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import { objectPath } from '../../consensus/contracts/object.ts';
import { encumbrance } from '../../consensus/contracts/objects/encumbrance.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { Draft, LedgerState } from '../../consensus/contracts/state.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { batch, batchHash, makeBatch } from '../../consensus/vertex/batch.ts';
import { BUNDLE_VERSION, type Bundle, bundleSchema } from '../../light-client/proof/bundle.ts';
import { makeStateProof } from '../../light-client/proof/state-proof.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { DurableHead } from '../../node/service/durable-head.ts';
import { Prover } from '../../node/service/proofs.ts';
import { World } from '../world.ts';

const test = suite('proof bundles');

const frameAt = (counter: number) => ({
  device: 'urn:dev:os:32473-cellar',
  session: '',
  counter,
  time: Date.UTC(2026, 0, 5) + counter,
  readings: [{ quantity: 'temperature' as const, value: { mantissa: 214 + counter, exponent: -1 } }],
  signature: new Uint8Array(0),
});

async function readingBundle(heartbeatsAfter: number): Promise<{ world: World; bytes: Uint8Array }> {
  const world = await World.open({ seed: 5, seats: 4, followers: 1 });
  await world.run(300);
  const node = world.nodes[4]!;
  const value = makeBatch([1, 2, 3, 4, 5].map(frameAt), hash('salt', zero32));
  const reply = node.runner!.dispatch({
    type: 'author',
    kind: 'readings',
    payload: batch.encode(value),
    payloadHash: batchHash(value),
  });
  if (reply.type !== 'taken') throw new Error('refused');
  const { key } = reply.vertex;
  await world.runUntil('final', () => node.runner!.replica.dag.isSettled(key));
  await world.run(heartbeatsAfter * world.genesis.record.pace.heartbeatMs + 500);
  const { ledger } = node.runner!.replica;
  const proved = await new Prover(ledger, node.store, new DurableHead(ledger)).reading(key, 3, () => [0]);
  if (!proved.ok) throw new Error(describeRefusal(proved));
  const { proof, device, anchor } = proved.value;
  const statement = { type: 'reading' as const, proof, device };
  return {
    world,
    bytes: bundleSchema.encode({
      ...{ version: BUNDLE_VERSION, network: world.genesis.network, statement, changes: [], anchor },
    }),
  };
}

const verdict = (bytes: Uint8Array, world: World, nowMs: number | undefined = world.nowMs) =>
  verifyBundle(bytes, world.genesis, { nowMs }).verdict;

test('a reading is proved under the newest header, and under one many checkpoints later', async () => {
  for (const heartbeats of [0, 1, 6, 13]) {
    const { world, bytes } = await readingBundle(heartbeats);
    const verification = verifyBundle(bytes, world.genesis, { nowMs: world.nowMs });
    equal(verification.verdict, 'valid', JSON.stringify(verification.facts));
    ok(
      verification.facts.some(({ text }) => text.includes('temperature 21.8 Cel')),
      JSON.stringify(verification.facts),
    );
  }
});

test('no byte can change: every position, one bit each; nor can bytes be added or taken away', async () => {
  const { world, bytes } = await readingBundle(2);
  for (let at = 0; at < bytes.length; at++) {
    const forged = bytes.slice();
    forged[at]! ^= 1 << (at % 8);
    ok(verdict(forged, world) !== 'valid', `byte ${at} of ${bytes.length}`);
  }
  ok(verdict(bytes.slice(0, -1), world) !== 'valid');
  ok(verdict(Uint8Array.of(...bytes, 0), world) !== 'valid');
  console.log(`reading bundle: ${bytes.length} bytes`);
});

test('another network’s genesis, an old trust root, no clock: not valid', async () => {
  const { world, bytes } = await readingBundle(0);
  const other = await World.open({ seed: 6, seats: 4, followers: 1 });
  equal(verdict(bytes, other), 'invalid');
  equal(verdict(bytes, world, world.nowMs + world.genesis.record.pace.trustingPeriodMs), 'unanchored');
  equal(verifyBundle(bytes, world.genesis, { nowMs: undefined }).verdict, 'unanchored');
});

const SSCC = '340123450000000017';
const pledgeId = hash('call', zero32);
const noSalts = [zero32, zero32] as const;

/** A certified header over a state with one registered unit, pledged or not; votes by the seats named. */
async function unpledged(options: { pledges: number; except?: Uint8Array; voters?: readonly number[] }) {
  const world = await World.open({ seed: 7, seats: 7 });
  const { genesis } = world;
  const draft = new Draft(LedgerState.of([]));
  const id = labelKey(genesis.network, 'sscc', SSCC);
  const stored = (state: LedgerState, type: string) => state.find(toHex(objectPath(type, id)));
  const entries = Array.from({ length: options.pledges }, (_, i) => ({
    pledge: i === 0 ? pledgeId : hash('call', pledgeId),
    rank: 1,
    state: 'PLEDGED' as const,
  }));
  if (entries.length > 0)
    draft.put(
      encumbrance,
      id,
      { entries, quantities: entries.map(() => 1), call: pledgeId, height: 1 },
      noSalts,
    );
  const parts = [0, 1, 2].map(() => ({ salt: zero32, value: Uint8Array.of(0x90) }));
  const unit = { path: objectPath('unit', id), object: { type: 'unit', id, parts } };
  const state = LedgerState.of([...draft.changes(), unit].map((change) => change.object!));
  const header: Header = {
    ...genesis.header,
    height: 1,
    previous: genesis.headerId,
    time: genesis.header.time + 1,
    stateRoot: state.map.root,
  };
  const subject = {
    network: genesis.network,
    committeeHash: genesis.committee.hash,
    height: 1,
    view: 0,
    headerId: headerId(header),
    newView: zero32,
  };
  const voters = options.voters ?? [0, 1, 2, 3, 4];
  const signatures = new Map(
    voters.map((seat) => [
      seat,
      signDigest(world.nodes[seat]!.signer, phaseDomain.commit, genesis.network, voteBytes(subject)),
    ]),
  );
  const certificate = { height: 1, view: 0, quorum: makeQuorum(signatures, genesis.committee) };
  const prove = (type: string) =>
    makeStateProof({ type, id }, stored(state, type), state.map.prove(objectPath(type, id)), header, [0]);
  const statement = {
    type: 'unpledged' as const,
    scheme: 'sscc' as const,
    label: SSCC,
    except: options.except,
    unit: prove('unit'),
    encumbrance: prove('encumbrance'),
  };
  const bundle: Bundle = {
    version: BUNDLE_VERSION,
    changes: [],
    network: genesis.network,
    statement,
    anchor: { certified: { header, certificate }, path: [] },
  };
  return { world, bundle, verdictOf: (value: Bundle) => verdict(bundleSchema.encode(value), world) };
}

test('absence of a pledge verifies for a free unit, and stops to verify once it is pledged', async () => {
  const free = await unpledged({ pledges: 0 });
  equal(free.verdictOf(free.bundle), 'valid');
  console.log(`absence bundle at n = 7: ${bundleSchema.encode(free.bundle).length} bytes`);
  const { header, certificate } = free.bundle.anchor.certified;
  const bytes = headerSchema.encode(header).length + certificateSchema.encode(certificate).length;
  ok(bytes <= 1_024, `header and certificate take ${bytes} bytes`);

  const pledged = await unpledged({ pledges: 1 });
  equal(pledged.verdictOf(pledged.bundle), 'invalid');
  const { statement } = pledged.bundle;
  if (statement.type !== 'unpledged') throw new Error('unreachable');
  // A lying node leaves the encumbrance out, or shows the absence of another unit.
  equal(
    pledged.verdictOf({
      ...pledged.bundle,
      statement: { ...statement, encumbrance: { ...statement.encumbrance, parts: undefined } },
    }),
    'invalid',
  );
  equal(
    pledged.verdictOf({
      ...pledged.bundle,
      statement: { ...statement, encumbrance: { ...statement.encumbrance, id: zero32, parts: undefined } },
    }),
    'invalid',
  );
});

test('“no other pledge” verifies for the one pledge there is, and for no other', async () => {
  const alone = await unpledged({ pledges: 1, except: pledgeId });
  equal(alone.verdictOf(alone.bundle), 'valid');
  for (const wrong of [
    { pledges: 1, except: zero32 },
    { pledges: 2, except: pledgeId },
    { pledges: 0, except: pledgeId },
  ]) {
    const { bundle, verdictOf } = await unpledged(wrong);
    equal(verdictOf(bundle), 'invalid', JSON.stringify(wrong));
  }
});

test('fewer than q seats, or one seat twice, certify nothing', async () => {
  const few = await unpledged({ pledges: 0, voters: [0, 1, 2, 3] });
  equal(few.verdictOf(few.bundle), 'invalid');
  const { bundle, verdictOf } = await unpledged({ pledges: 0 });
  const { certificate, header } = bundle.anchor.certified;
  const [first] = certificate.quorum.signatures;
  const doubled = {
    ...certificate,
    quorum: { ...certificate.quorum, signatures: certificate.quorum.signatures.map(() => first!) },
  };
  equal(
    verdictOf({ ...bundle, anchor: { certified: { header, certificate: doubled }, path: [] } }),
    'invalid',
  );
  const otherView = { ...certificate, view: 1 };
  equal(
    verdictOf({ ...bundle, anchor: { certified: { header, certificate: otherView }, path: [] } }),
    'invalid',
  );
  const spare = {
    ...certificate,
    quorum: { ...certificate.quorum, bitmap: Uint8Array.of(certificate.quorum.bitmap[0]! | 0x80) },
  };
  equal(verdictOf({ ...bundle, anchor: { certified: { header, certificate: spare }, path: [] } }), 'invalid');
});

test.run();
