/** A light client hands in vertices, one at a time or many in a frame: each has its verdict, and all share one sync. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { encodeVertex, signVertex } from '../../consensus/vertex/vertex.ts';
import {
  type LightRequest,
  lightRequest,
  lightResponse,
  SUBMITTED_TOGETHER_MAX,
} from '../../light-client/protocol/messages.ts';
import { memoryStore } from '../memory-store.ts';
import { Replica } from '../replica/replica.ts';
import { restore } from '../restore.ts';
import { Runner } from '../runner.ts';
import { DurableHead } from '../service/durable-head.ts';
import { answerLightClient } from '../service/light.ts';
import { Prover } from '../service/proofs.ts';
import { Desk } from './one-replica.ts';

const test = suite('light submit');

async function openDoor() {
  const desk = await Desk.open();
  const memory = memoryStore();
  const synced: number[] = [];
  const store = {
    ...memory,
    write: async (writes: Parameters<typeof memory.write>[0], durable: boolean) => {
      if (durable) synced.push(writes.length);
      await memory.write(writes, durable);
    },
  };
  const replica = new Replica(await restore(desk.genesis, desk.own, store, 1));
  const network = {
    ...{ peers: [], send: () => {}, gossip: () => {}, pushToLightClients: () => {} },
    close: async () => {},
  };
  const ports = { store, network, clock: { now: () => desk.nowMs }, timers: { at: () => () => {} } };
  const hooks = {
    onNotice: () => {},
    onHalt: (error: Error) => {
      throw error;
    },
  };
  const runner = new Runner(replica, ports, hooks);
  const prover = new Prover(replica.ledger, store, new DurableHead(replica.ledger));
  const ask = async (body: LightRequest) => {
    const frame = lightRequest.encode({ id: 1, body });
    const answer = lightResponse.decode(await answerLightClient(desk.keys[5]!, frame, runner, prover));
    if (!answer.ok) throw new Error(answer.code);
    return answer.value.body;
  };
  /** A chain of one author. */
  const chainOf = (count: number): Uint8Array[] => {
    const envelopes: Uint8Array[] = [];
    let previous = zero32;
    for (let sequence = 1; sequence <= count; sequence++) {
      const header = {
        ...{
          network: desk.genesis.network,
          checkpoint: desk.genesis.headerId,
          parents: [],
          sequence,
          previous,
        },
        ...{
          time: desk.nowMs,
          kind: 'readings' as const,
          payloadHash: hash('batch', Uint8Array.of(sequence)),
        },
      };
      const vertex = signVertex(header, new Uint8Array(0), desk.signers[5]!);
      previous = vertex.id;
      envelopes.push(encodeVertex(vertex));
    }
    return envelopes;
  };
  return { desk, replica, ask, chainOf, synced };
}

test('many are taken in their order, durable by one sync', async () => {
  const { replica, ask, chainOf, synced } = await openDoor();
  const before = synced.length;
  const answer = await ask({ type: 'submitMany', envelopes: chainOf(SUBMITTED_TOGETHER_MAX) });
  assert.ok(answer.type === 'submittedMany');
  assert.equal(
    answer.verdicts.map(({ code }) => code),
    new Array(SUBMITTED_TOGETHER_MAX).fill('OK'),
  );
  assert.is(replica.dag.size, SUBMITTED_TOGETHER_MAX);
  assert.equal(synced.slice(before), [SUBMITTED_TOGETHER_MAX]);
});

test('each has a verdict of its own: what was taken before, what is wrong, what stands on what is not here', async () => {
  const { replica, ask, chainOf } = await openDoor();
  const [first, second, third, fourth] = chainOf(4);
  const forged = second!.slice();
  forged[forged.length - 3]! ^= 1;
  assert.equal(await ask({ type: 'submit', envelope: first! }), {
    type: 'submitted',
    code: 'OK',
    detail: '',
  });
  const envelopes = [first!, Uint8Array.of(0xc0), forged, second!, fourth!];
  const answer = await ask({ type: 'submitMany', envelopes });
  assert.ok(answer.type === 'submittedMany');
  assert.equal(
    answer.verdicts.map(({ code }) => code),
    ['OK', 'E_ENC', 'E_SIG', 'OK', 'E_PARKED'],
  );
  assert.is(replica.dag.size, 2);
  const later = await ask({ type: 'submitMany', envelopes: [third!, fourth!] });
  assert.ok(later.type === 'submittedMany');
  assert.equal(
    later.verdicts.map(({ code }) => code),
    ['OK', 'OK'],
    'the fourth came with the third',
  );
});

test('no more than so many in a frame, and not none', async () => {
  const { chainOf } = await openDoor();
  const many = chainOf(SUBMITTED_TOGETHER_MAX + 1);
  for (const envelopes of [many, []])
    assert.throws(() => lightRequest.encode({ id: 1, body: { type: 'submitMany', envelopes } }));
});

test.run();
