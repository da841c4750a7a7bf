/** What is proved outside ends in a header that the store holds, also while the ledger in memory is ahead of it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
} from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { refuse } from '../../consensus/codec/result.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { key } from '../../consensus/contracts/registry.ts';
import { type Signer, SUITE } from '../../consensus/crypto/ed25519.ts';
import { composeCall, type SignedCall, signCall } from '../../consensus/vertex/call.ts';
import { checkAnchored, checkCertified } from '../../light-client/proof/anchor.ts';
import { installNativePrimitives, nativeSigner, randomPort, systemClock } from '../crypto/native.ts';
import { problemOf } from '../http/problem.ts';
import { memoryStore } from '../memory-store.ts';
import type { Network, Store } from '../ports.ts';
import { Replica } from '../replica/replica.ts';
import { restore } from '../restore.ts';
import { Runner } from '../runner.ts';
import { makeServices } from '../service/services.ts';
import { watchStore } from '../service/watched-store.ts';
import { systemTimers } from '../system-timers.ts';
import { leiOf, until } from './local-nodes.ts';
import { noMessageKeys } from './no-message-keys.ts';

const test = suite('durable head');
installNativePrimitives();

/** A store whose writes wait until they are let through. */
function slowStore(): { readonly store: Store; hold(): void; release(): void } {
  const store = memoryStore();
  let gate: Promise<void> = Promise.resolve();
  let open = (): void => {};
  const slow: Store = {
    ...store,
    write: async (writes, durable) => {
      await gate;
      await store.write(writes, durable);
    },
  };
  const hold = (): void => {
    gate = new Promise((resolve) => {
      open = resolve;
    });
  };
  return { store: slow, hold, release: () => open() };
}

const noNetwork: Network = {
  peers: [],
  send: () => undefined,
  gossip: () => undefined,
  pushToLightClients: () => undefined,
  close: async () => undefined,
};

async function startAlone() {
  const signer = nativeSigner(Uint8Array.from({ length: 32 }, (_, i) => i + 1));
  const genesis = checkGenesis({
    ...{ suite: SUITE, name: 'durable', time: Date.now(), policy: defaultPolicy, seats: [signer.publicKey] },
    committee: defaultCommitteeRules,
    pace: { ...defaultPace, checkpointIntervalMs: 10, heartbeatMs: 100 },
    parties: [{ lei: leiOf(0), name: 'bank', address: '', roles: ['bank'], keys: [signer.publicKey] }],
  });
  if (!genesis.ok) throw new Error('the genesis is not good');
  const { store, hold, release } = slowStore();
  const watched = watchStore(store);
  const replica = new Replica(await restore(genesis.value, signer, watched, 1));
  const ports = { store: watched, network: noNetwork, clock: systemClock, timers: systemTimers(systemClock) };
  const runner: Runner = new Runner(replica, ports, {
    onNotice: (notice) => {
      if (notice.type === 'checkpoint') services.head.advance(notice);
      services.submissions.note(notice);
    },
    onHalt: (error) => {
      throw error;
    },
  });
  const { services, prover } = makeServices({
    ...{ name: 'bank', alone: true, runner, store: watched, signer, network: noNetwork },
    ...{ clock: systemClock, random: randomPort(), startedMs: Date.now() },
    messageKeys: await noMessageKeys(),
  });
  runner.dispatch({ type: 'tick' });
  return { genesis: genesis.value, signer, replica, runner, services, prover, hold, release };
}

/** A call that is complete, though it will not take effect. */
function someCall({ network }: Genesis, signer: Signer): SignedCall {
  const declared = transitions.get('revoke-key')!;
  const composed = composeCall({
    ...{ network, transition: declared.name, nonce: new Uint8Array(16), deadline: Date.now() + 600_000 },
    values: declared.args.encodeParts({ key: new Uint8Array(32).fill(9) } as never),
    salts: [new Uint8Array(32), new Uint8Array(32)],
  });
  return { ...composed, signatures: [signCall(composed, signer)] };
}

let stop: (() => Promise<void>) | undefined;
test.after.each(async () => {
  await stop?.();
  stop = undefined;
});

test('a checkpoint that is certified but not on disk is neither head nor anchor of anything', async () => {
  const { genesis, signer, replica, runner, services, prover, hold, release } = await startAlone();
  stop = () => {
    release();
    return runner.stop();
  };
  await until('a checkpoint is durable', () => services.head.height > 2);
  const submitted = await services.submissions.submit(someCall(genesis, signer));
  if (!submitted.ok) throw new Error('not submitted');
  const { vertex } = submitted.value;
  await until('it is final', async () => (await prover.vertex(vertex)) !== undefined);

  hold();
  const before = services.head.height;
  await until('the ledger is ahead of the store', () => replica.ledger.height > before);
  const proved = await prover.vertex(vertex);
  assert.is(proved!.anchor.certified.header.height, services.head.height);
  assert.ok(services.head.height < replica.ledger.height);
  assert.ok(
    checkAnchored(proved!.proof.header, proved!.anchor).ok &&
      checkCertified(proved!.anchor.certified, genesis).ok,
  );

  let answered = false;
  const object = prover
    .object(key.name, signer.publicKey, () => [0])
    .then((result) => {
      answered = true;
      return result;
    });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.not.ok(answered, 'an object’s proof waits for the disk');
  const ahead = replica.ledger.height;
  release();
  const result = await object;
  if (!result.ok) throw new Error(result.code);
  const { proof, anchor } = result.value;
  assert.ok(anchor.certified.header.height >= ahead);
  assert.is(toHex(proof.header.stateRoot), toHex(anchor.certified.header.stateRoot));
  assert.ok(checkAnchored(proof.header, anchor).ok);
});

test('a node that is far behind says that this passes, and not that the call is too old', async () => {
  const { genesis, signer, runner, services } = await startAlone();
  stop = () => runner.stop();
  const dispatch = runner.dispatch.bind(runner);
  // What the replica says more than eight heights behind (sim/test/late-comers.test.ts).
  runner.dispatch = (event) =>
    event.type === 'author'
      ? { type: 'refused', refusal: refuse('E_STALE', { height: 3, certified: 20 }) }
      : dispatch(event);
  const behind = await services.submissions.submit(someCall(genesis, signer));
  assert.ok(!behind.ok);
  assert.is(behind.code, 'E_PARKED');
  assert.is(problemOf(behind).status, 503);
  runner.dispatch = dispatch;
  assert.ok((await services.submissions.submit(someCall(genesis, signer))).ok);
});

test.run();
