/** R031: bank and owner resolve the same version of an order receipt; nobody else sees into it; who was shown it is told. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { lightRequest, lightResponse } from '../../light-client/protocol/messages.ts';
import { answerLightClient, type Shared } from '../service/light.ts';
import { Prover } from '../service/proofs.ts';
import { type Name, SharedLedger } from './shared-ledger.ts';

const test = suite('sharing');
const SSCC = '340123450000000017';

test('bank and owner are shown the same version, a stranger its public part, and the node tells of each', async () => {
  const ledger = await SharedLedger.start();
  await ledger.register(SSCC);
  const { order } = await ledger.approve(SSCC);
  const { store, head } = ledger.services.bank;
  const prover = new Prover(ledger.runner.replica.ledger, store, head);
  const told: Shared[] = [];
  const keyOf = (name: Name) => toHex(ledger.signer(name).publicKey);
  const ask = async (name: Name) => {
    const body = { type: 'proveObject', objectType: 'order-receipt', id: fromHex(order.callId)! } as const;
    const frame = lightRequest.encode({ id: 1, body });
    const answer = lightResponse.decode(
      await answerLightClient(keyOf(name), frame, ledger.runner, prover, (shared) => told.push(shared)),
    );
    if (!answer.ok || answer.value.body.type !== 'object') throw new Error(`no object for ${name}`);
    return answer.value.body.proof;
  };
  const [bank, owner, stranger] = [await ask('bank'), await ask('enterprise'), await ask('buyer')];
  assert.equal(bank.parts, owner.parts, 'one version, opened alike');
  assert.equal(
    stranger.parts!.map(({ type }) => type),
    ['open', 'sealed', 'sealed'],
  );
  assert.equal(
    told.map(({ peer, type, id }) => [peer, type, id]),
    (['bank', 'enterprise'] as const).map((name) => [keyOf(name), 'order-receipt', order.callId]),
  );
  assert.ok(told.every(({ classes }) => classes.includes(1)));
  await ledger.stop();
});

test.run();
