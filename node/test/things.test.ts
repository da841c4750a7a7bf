/** What came of things, as its owner, its bank and others see it (R110, `[THG-20]`): one thing, all of an owner, the sums. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { account, accountId } from '../../consensus/contracts/objects/money.ts';
import { thing } from '../../consensus/contracts/objects/thing.ts';
import { thingResult, thingResultId } from '../../consensus/contracts/objects/thing-result.ts';
import { type ActStory, actAt, must } from '../../consensus/test/act-steps.ts';
import { idOf, type PartyName, signerOf } from '../../consensus/test/contract-world.ts';
import { euros } from '../../consensus/test/loan-steps.ts';
import { phone, truck } from '../../consensus/test/thing-steps.ts';
import type { Ledger } from '../replica/ledger.ts';
import { Access } from '../service/access.ts';
import { readThings } from '../service/things.ts';

const things = suite('what comes of things');

function seenBy({ world }: ActStory, party: PartyName, id: Uint8Array) {
  const access = new Access({ state: world.state } as unknown as Ledger, signerOf(party).publicKey);
  return readThings(id, world.state, access);
}

/** The truck pays 20.00, buys and sells at a loss of 500.00; the phone has an account, and did nothing. */
function busy(): { readonly story: ActStory; readonly before: number } {
  const story = actAt('claims', { windowCount: 8, payees: [idOf('bankA'), idOf('carrier')] });
  const before = story.world.read(account, accountId(euros(), idOf('acme'))).balance;
  must(story.things.open({ device: phone }, ['acme', 'bankA', 'phone']));
  must(story.things.pay({ amount: 2_000 }), story.buy({ price: 595_000 }), story.sell({ price: 545_000 }));
  return { story, before };
}

things('the owner sees each thing and the sums of all; the change is what its account changed by', () => {
  const { story, before } = busy();
  const { accounts, totals } = seenBy(story, 'acme', idOf('acme'));
  const of = (thing: Uint8Array) => accounts.find((entry) => entry.thing === toHex(thing))!;
  assert.is(accounts.length, 2);
  assert.equal([of(truck).result, of(truck).change], ['-52000', '-52000']);
  assert.equal(
    [of(truck).sums.invested, of(truck).sums.proceeds, of(truck).sums.loss],
    ['595000', '545000', '50000'],
  );
  assert.equal([of(phone).result, of(phone).sums.paid], ['0', '0']);
  assert.equal(totals, [
    { money: toHex(euros()), currency: 'EUR', sums: of(truck).sums, result: '-52000', change: '-52000' },
  ]);
  const after = story.world.read(account, accountId(euros(), idOf('acme'))).balance;
  assert.is(Number(totals[0]!.change), after - before);
});

things('totals add up what several things of an owner did', () => {
  const { story } = busy();
  const { world } = story;
  const value = world.read(thingResult, thingResultId(truck, idOf('acme'), euros()));
  const id = thingResultId(phone, idOf('acme'), euros());
  world.put(thingResult, id, { ...value, thing: phone, paid: '7', earned: '9007199254740993' });
  const { totals } = seenBy(story, 'acme', idOf('acme'));
  assert.equal(
    [totals[0]!.sums.paid, totals[0]!.sums.earned, totals[0]!.sums.loss],
    ['2007', '9007199254740993', '100000'],
  );
});

things(
  'the bank sees them too; another bank and a stranger see nothing; a device alone is asked for by its id',
  () => {
    const { story } = busy();
    assert.is(seenBy(story, 'bankA', idOf('acme')).accounts.length, 2);
    for (const party of ['bankB', 'zenith', 'carrier'] as const)
      assert.equal(seenBy(story, party, idOf('acme')), { accounts: [], totals: [] });
    const { accounts } = seenBy(story, 'acme', truck);
    assert.equal(
      accounts.map(({ thing }) => thing),
      [toHex(truck)],
    );
  },
);

things('the next owner begins at nothing, and does not see what came before', () => {
  const { story } = busy();
  const { world } = story;
  must(story.things.transfer('zenith'), story.things.fund('zenith', 1_000));
  must(story.things.open({ ownedSince: world.read(thing, truck).ownedSince }, ['zenith', 'bankA', 'truck']));
  const seen = seenBy(story, 'zenith', truck);
  assert.equal(
    seen.accounts.map(({ owner, result }) => [owner, result]),
    [[toHex(idOf('zenith')), '0']],
  );
  const former = seenBy(story, 'acme', truck);
  assert.equal(
    former.accounts.map(({ owner, result }) => [owner, result]),
    [[toHex(idOf('acme')), '-52000']],
  );
  must(story.things.transfer('zenith', ['acme', 'zenith', 'monitor'], 'phone'));
  assert.equal(seenBy(story, 'acme', phone).accounts, [], 'a closed account of which nothing came');
});

things.run();
