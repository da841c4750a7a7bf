/** What dishonest authors claim twice is theirs once, on every node alike; and what censors keep out gets in. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import { decodeVertex } from '../../consensus/vertex/vertex.ts';
import type { Actor } from '../byzantine/actor.ts';
import { DoublePledger } from '../byzantine/double-pledge.ts';
import { actorKind } from '../byzantine/index.ts';
import { Parasite } from '../byzantine/parasite.ts';
import { ByzantineTrial } from './byzantine-trial.ts';

const test = suite('Byzantine authors');
const FOLLOWER = 5;
const options = (seed: number) => ({ seed, seats: 5, followers: 2 });

test('of two rival calls at two doors one takes effect, and the other is told so', async () => {
  const winners = { first: 0, second: 0 };
  for (let seed = 1; seed <= 3; seed++) {
    const trial = await ByzantineTrial.open(options(seed), [FOLLOWER], (stage) => new DoublePledger(stage));
    await trial.speak(24, 150);
    await trial.settle();
    await trial.world.run(2_000);
    const outcomes = await trial.outcomes();
    const { pairs } = trial.actors[0]!;
    assert.ok(pairs.length > 3, `${pairs.length} pairs`);
    for (const [first, second] of pairs.slice(0, -1)) {
      const codes = [outcomes.get(first), outcomes.get(second)];
      assert.equal(codes.slice().sort(), ['E_ID_LIVE', 'OK'], `${codes}`);
      winners[codes[0] === 'OK' ? 'first' : 'second'] += 1;
    }
  }
  assert.ok(winners.first > 0 && winners.second > 0, `the order decides: ${JSON.stringify(winners)}`);
});

test('a hidden chain outweighs nothing: what was public stands, its rival is a fork', async () => {
  const trial = await ByzantineTrial.open(options(4), [FOLLOWER], (stage) => new Parasite(stage));
  await trial.speak(30, 150);
  await trial.settle();
  await trial.world.run(2_000);
  const outcomes = await trial.outcomes();
  const { pairs, acts } = trial.actors[0]!;
  assert.ok(acts['chains released'] > 1);
  const [[open, root]] = pairs as [readonly [string, string]];
  assert.equal([outcomes.get(open), outcomes.get(root)], ['OK', 'E_FORK']);
  for (const [, hidden] of pairs) assert.is.not(outcomes.get(hidden), 'OK');
});

/** Outcomes of one author's vertices, in order. */
async function codesBy<A extends Actor>(trial: ByzantineTrial<A>, authorKey: string): Promise<Code[]> {
  const codes: Code[] = [];
  for (const [vertexKey, code] of await trial.outcomes()) {
    const decoded = decodeVertex((await trial.honest[0]!.store.vertex(vertexKey))!);
    if (decoded.ok && decoded.value.authorKey === authorKey) codes.push(code);
  }
  return codes;
}

for (const kind of ['fork', 'tip-spam']) {
  test(`${kind}: the key is suspended, on every node alike`, async () => {
    const trial = await ByzantineTrial.open(options(6), [FOLLOWER], actorKind(kind)!.create);
    await trial.speak(15, 150);
    await trial.settle();
    const author = trial.world.nodes[FOLLOWER]!.signer.publicKey;
    for (const { runner, name } of trial.honest)
      assert.is(runner!.replica.ledger.state.get(chain, author)?.suspended, true, name);
    const codes = await codesBy(trial, toHex(author));
    const first = codes.indexOf('E_FORK');
    assert.ok(first >= 0);
    assert.not.ok(codes.slice(first).includes('OK'), 'nothing takes effect after the first fork');
  });
}

test.run();
