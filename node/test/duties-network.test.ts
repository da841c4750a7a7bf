/** R046 with real nodes: four seats see the same exchange ripe, one of them settles it, and every ledger says so once. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { moneyId } from '../../consensus/contracts/objects/money.ts';
import { swap } from '../../consensus/contracts/objects/swap.ts';
import { act, apiOf, makeNetwork, startAll, until } from './local-nodes.ts';

const test = suite('duties over a network');

const cast = ['bank', 'rival', 'monitor', 'warehouse'] as const;
const roles = { bank: 'bank', rival: 'bank', monitor: 'monitor', warehouse: 'warehouse' } as const;
/** All turns of four seats, and a checkpoint. */
const ALL_TURNS_MS = 45_000;

test('an exchange whose legs are locked settles by itself, at one position, at every node', async () => {
  const pace = { heartbeatMs: 1_000 };
  const members = cast.map((name) => ({ name, role: roles[name], seat: true }));
  const network = await makeNetwork(members, pace, { doesDuties: true });
  const nodes = [...(await startAll(network)).values()];
  const [bank, rival] = nodes.map(apiOf) as [ReturnType<typeof apiOf>, ReturnType<typeof apiOf>];
  const party = (name: string) => network.home(name).party;
  const succeed = async (by: Parameters<typeof act>[0], transition: string, args: object) => {
    const acted = await act(by, transition, args as never);
    assert.is(acted.outcome.code, 'OK', transition);
    return acted.callId as string;
  };
  const moneyOf = (name: string, currency: string) => toHex(moneyId(fromHex(party(name))!, currency));
  for (const [api, name, currency] of [
    [bank, 'bank', 'EUR'],
    [rival, 'rival', 'USD'],
  ] as const)
    await succeed([api], 'issue-money', {
      ...{ issuer: party(name), to: party(name), currency, amount: 500, reference: 'TX' },
    });
  const id = await succeed([bank, rival], 'open-swap', {
    quoteUntil: Date.now() + 600_000,
    first: { payer: party('bank'), money: moneyOf('bank', 'EUR'), amount: 300 },
    second: { payer: party('rival'), money: moneyOf('rival', 'USD'), amount: 400 },
  });
  await succeed([bank], 'lock-leg', { swap: id, side: 'first' });
  await succeed([rival], 'lock-leg', { swap: id, side: 'second' });
  const lockedMs = Date.now();
  const stateAt = (node: (typeof nodes)[number]) => node.replica.ledger.state.get(swap, fromHex(id)!)?.state;
  await until(
    'it is settled everywhere',
    () => nodes.every((node) => stateAt(node) === 'SETTLED'),
    ALL_TURNS_MS,
  );
  console.log(`duties: settled ${Date.now() - lockedMs} ms after the second leg was locked`);
  const positions = nodes.map((node) => node.replica.ledger.state.get(swap, fromHex(id)!)!.height);
  assert.is(new Set(positions).size, 1);
  await Promise.all(nodes.map((node) => node.stop()));
  await network.remove();
});

test.run();
